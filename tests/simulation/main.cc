// stampede-simulate: sales in simulated worlds, one a seed. See simulation_test.cc for the method.
#include <fmt/format.h>
#include <unistd.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <charconv>
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "concurrency/mutex.h"
#include "tests/simulation/world.h"

namespace {

using stampede::simulation::Bug;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  std::string bug;
  bool trace = false;
  bool progress = false;
  unsigned threads = 1;
};

/// Of many seeds: a bar that is drawn over on a terminal, a line for each twentieth elsewhere.
class Progress {
 public:
  Progress(bool shown, std::uint64_t seeds) : shown_(shown), seeds_(seeds) {}

  void note(std::uint64_t done) {
    const std::uint64_t steps = terminal_ ? 200 : 20;
    const std::uint64_t step = done * steps / seeds_;
    if (!shown_ || step == last_step_) return;
    last_step_ = step;
    const auto spent = std::chrono::steady_clock::now() - began_;
    const double seconds = std::chrono::duration<double>(spent).count();
    const auto filled = static_cast<std::size_t>(done * 40 / seeds_);
    fmt::print(stderr, "{}[{}{}] {} of {} seeds, {:.0f} a second{}", terminal_ ? "\r" : "",
               std::string(filled, '='), std::string(40 - filled, ' '), done, seeds_,
               static_cast<double>(done) / std::max(seconds, 0.001), terminal_ ? "" : "\n");
    if (terminal_ && done == seeds_) fmt::print(stderr, "\n");
  }

 private:
  const bool shown_;
  const std::uint64_t seeds_;
  const bool terminal_ = isatty(fileno(stderr)) != 0;
  const std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
  std::uint64_t last_step_ = 0;
};

/// The first seed that fails, if one does.
struct Failure {
  std::uint64_t seed = 0;
  std::string breach;
};

/// Of many seeds.
struct Summary {
  Failure failure = {};
  std::uint64_t traces = 0;  // their sum: the same as long as no seed makes another world
};

/// What several threads find out. Thread-safe.
class Results {
 public:
  explicit Results(const Options& options)
      : progress_(options.progress, options.last - options.first + 1) {}

  void note(std::uint64_t seed, const stampede::simulation::Outcome& outcome) {
    const stampede::concurrency::MutexLock lock(mutex_);
    progress_.note(++done_);
    summary_.traces += outcome.trace;
    if (outcome.breach.empty()) return;
    Failure& failure = summary_.failure;
    if (failure.seed == 0 || seed < failure.seed) failure = {seed, outcome.breach};
  }

  Summary summary() const {
    const stampede::concurrency::MutexLock lock(mutex_);
    return summary_;
  }

 private:
  mutable stampede::concurrency::Mutex mutex_;
  Progress progress_ STAMPEDE_GUARDED_BY(mutex_);
  Summary summary_ STAMPEDE_GUARDED_BY(mutex_);
  std::uint64_t done_ STAMPEDE_GUARDED_BY(mutex_) = 0;
};

Summary run_all(const Options& options, Bug bug) {
  std::atomic<std::uint64_t> next = options.first;
  Results results(options);
  const auto work = [&] {
    for (std::uint64_t seed = next++; seed <= options.last; seed = next++) {
      const auto outcome = stampede::simulation::run(seed, bug, false);
      results.note(seed, outcome);
      // Seeds below this one may still be running.
      if (!outcome.breach.empty()) next = options.last + 1;
    }
  };
  {
    std::vector<std::jthread> threads;
    // One thread alone counts references without atomic instructions.
    for (unsigned i = 1; i < options.threads; ++i) threads.emplace_back(work);
    work();
  }
  return results.summary();
}

int tell(const Options& options, std::uint64_t seed, const std::string& breach) {
  fmt::print("seed {}: {}\nreplay: stampede-simulate --trace --seed {}{}{}\n", seed, breach, seed,
             options.bug.empty() ? "" : " --bug ", options.bug);
  return EXIT_FAILURE;
}

int simulate(const Options& options, Bug bug) {
  if (options.first == options.last) {
    const auto outcome = stampede::simulation::run(options.first, bug, options.trace);
    fmt::print("seed {}: {} orders, {} failed, {} events, trace {:016x}\n", options.first,
               outcome.active, outcome.failed, outcome.events, outcome.trace);
    return outcome.breach.empty() ? EXIT_SUCCESS : tell(options, options.first, outcome.breach);
  }
  const auto [failure, traces] = run_all(options, bug);
  if (failure.seed != 0) return tell(options, failure.seed, failure.breach);
  fmt::print("every invariant held in {} seeds, traces {:016x}\n", options.last - options.first + 1,
             traces);
  return EXIT_SUCCESS;
}

/// "N..M"; false if it is not.
bool parse_range(const std::string& text, Options& options) {
  const char* end = text.data() + text.size();
  const auto first = std::from_chars(text.data(), end, options.first);
  if (first.ec != std::errc{} || !std::string_view(first.ptr, end).starts_with("..")) return false;
  const auto last = std::from_chars(first.ptr + 2, end, options.last);
  return last.ec == std::errc{} && last.ptr == end && options.first <= options.last;
}

}  // namespace

int main(int argc, char** argv) {
  CLI::App app("sales in simulated worlds, one a seed");
  Options options;
  std::string range;
  auto* seed = app.add_option("--seed", options.first, "one seed");
  app.add_option("--seeds", range, "all seeds from N to M, written N..M")->excludes(seed);
  app.add_flag("--trace", options.trace, "print what happens in one seed");
  app.add_flag("--progress", options.progress, "show how far it is, on standard error");
  app.add_option("--threads", options.threads, "seeds at a time")->check(CLI::Range(1U, 64U));
  app.add_option("--bug", options.bug, "plant this bug");
  CLI11_PARSE(app, argc, argv);
  options.last = options.first;
  if (!range.empty() && !parse_range(range, options)) {
    fmt::print(stderr, "--seeds is \"{}\"; expected N..M with N <= M\n", range);
    return 2;
  }
  auto bug = std::optional(Bug::kNone);
  if (!options.bug.empty()) bug = stampede::simulation::bug_named(options.bug);
  if (!bug) {
    fmt::print(stderr, "--bug is \"{}\"; expected one of:\n", options.bug);
    for (const auto& known : stampede::simulation::kBugs) fmt::print(stderr, "  {}\n", known.name);
    return 2;
  }
  return simulate(options, *bug);
}

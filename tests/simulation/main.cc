// stampede-simulate: sales in simulated worlds, one a seed. See simulation_test.cc for the method.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "tests/simulation/world.h"

namespace {

using stampede::simulation::Bug;

struct Options {
  std::uint64_t first = 1;
  std::uint64_t last = 1;
  std::string bug;
  bool trace = false;
};

int simulate(const Options& options, Bug bug) {
  for (std::uint64_t seed = options.first; seed <= options.last; ++seed) {
    const auto outcome = stampede::simulation::run(seed, bug, options.trace);
    if (!outcome.breach.empty()) {
      fmt::print("seed {}: {}\nreplay: stampede-simulate --trace --seed {}{}{}\n", seed,
                 outcome.breach, seed, options.bug.empty() ? "" : " --bug ", options.bug);
      return EXIT_FAILURE;
    }
    if (options.first == options.last) {
      fmt::print("seed {}: {} orders, {} failed, {} events, trace {:016x}\n", seed, outcome.live,
                 outcome.failed, outcome.events, outcome.trace);
    }
  }
  fmt::print("every invariant held in {} seeds\n", options.last - options.first + 1);
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
  app.add_flag("--trace", options.trace, "print what happens");
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

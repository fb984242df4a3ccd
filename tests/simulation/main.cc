// stampede-simulate: sales in simulated worlds, one a seed. See simulation_test.cc for the method.
#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <string>

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
      std::printf("seed %llu: %s\nreplay: stampede-simulate --seed %llu --trace%s%s\n",
                  static_cast<unsigned long long>(seed), outcome.breach.c_str(),
                  static_cast<unsigned long long>(seed), options.bug.empty() ? "" : " --bug ",
                  options.bug.c_str());
      return EXIT_FAILURE;
    }
    if (options.first == options.last) {
      std::printf("seed %llu: %lld orders, %lld failed, %llu events, trace %016llx\n",
                  static_cast<unsigned long long>(seed), static_cast<long long>(outcome.live),
                  static_cast<long long>(outcome.failed),
                  static_cast<unsigned long long>(outcome.events),
                  static_cast<unsigned long long>(outcome.trace));
    }
  }
  std::printf("every invariant held in %llu seeds\n",
              static_cast<unsigned long long>(options.last - options.first + 1));
  return EXIT_SUCCESS;
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
  if (!range.empty()) {
    unsigned long long first = 0;
    unsigned long long last = 0;
    if (std::sscanf(range.c_str(), "%llu..%llu", &first, &last) != 2 || last < first) {
      std::fprintf(stderr, "--seeds is \"%s\"; expected N..M with N <= M\n", range.c_str());
      return 2;
    }
    options.first = first;
    options.last = last;
  }
  auto bug = std::optional(Bug::kNone);
  if (!options.bug.empty()) bug = stampede::simulation::bug_named(options.bug);
  if (!bug) {
    std::fprintf(stderr, "--bug is \"%s\"; expected one of:\n", options.bug.c_str());
    for (const auto& known : stampede::simulation::kBugs) {
      std::fprintf(stderr, "  %.*s\n", static_cast<int>(known.name.size()), known.name.data());
    }
    return 2;
  }
  return simulate(options, *bug);
}

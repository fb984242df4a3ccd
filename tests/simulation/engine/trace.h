#pragma once

#include <cstdint>
#include <cstdio>
#include <cstring>
#include <initializer_list>
#include <string_view>

#include "tests/simulation/engine/scheduler.h"

namespace stampede::simulation {

/// What happened, line by line: folded into one number (as FNV-1a does) that two runs of a seed
/// must agree on, and printed where somebody wants to read it.
class Trace {
 public:
  Trace(const Scheduler& scheduler, bool print) : scheduler_(&scheduler), print_(print) {}

  void note(std::string_view who, std::string_view what,
            std::initializer_list<std::int64_t> numbers = {}) {
    const auto time = scheduler_->time().count();
    fold(static_cast<std::uint64_t>(time));
    fold(who);
    fold(what);
    for (const std::int64_t number : numbers) fold(static_cast<std::uint64_t>(number));
    if (!print_) return;
    std::printf("%10.3f %-10.*s %.*s", static_cast<double>(time) / 1e6,
                static_cast<int>(who.size()), who.data(), static_cast<int>(what.size()),
                what.data());
    for (const std::int64_t number : numbers) std::printf(" %lld", static_cast<long long>(number));
    std::putchar('\n');
  }

  std::uint64_t hash() const { return hash_; }

 private:
  void fold(std::string_view text) {
    for (; text.size() >= 8; text.remove_prefix(8)) {
      std::uint64_t eight = 0;
      std::memcpy(&eight, text.data(), 8);
      fold(eight);
    }
    std::uint64_t rest = text.size();
    std::memcpy(&rest, text.data(), text.size());
    fold(rest);
  }
  void fold(std::uint64_t value) { hash_ = (hash_ ^ value) * 0x100000001B3ULL; }

  const Scheduler* scheduler_;
  const bool print_;
  std::uint64_t hash_ = 0xCBF29CE484222325ULL;
};

}  // namespace stampede::simulation

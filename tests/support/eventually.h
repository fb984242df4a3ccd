#pragma once

#include <chrono>
#include <thread>

namespace stampede::test_support {

/// For whatever only a defect delays: no test is to depend on the machine's pace.
constexpr std::chrono::seconds kPatience{120};

/// Asks until `condition()` holds: true as soon as it does. False once several times `time` has
/// passed and it has looked often: a machine that is busy with other work has longer, and one that
/// stood still still looks. For what can only be observed by asking, such as another process.
template <class Condition>
bool eventually(std::chrono::milliseconds time, Condition&& condition) {
  constexpr std::chrono::milliseconds kPause{2};
  constexpr int kSlack = 3;
  constexpr int kLooks = 100;
  const auto until = std::chrono::steady_clock::now() + kSlack * time;
  for (int looks = 1; !condition(); ++looks) {
    if (looks >= kLooks && std::chrono::steady_clock::now() >= until) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace stampede::test_support

#pragma once

#include <chrono>
#include <thread>

namespace stampede::test_support {

/// For whatever only a defect delays: no test is to depend on the machine's pace.
constexpr std::chrono::seconds kPatience{120};

/// Asks until `condition()` holds: true as soon as it does, false after as many looks as an idle
/// machine has time for in several times `time`. So a machine that is busy with other work has
/// longer. For what can only be observed by asking, such as another process.
template <class Condition>
bool eventually(std::chrono::milliseconds time, Condition&& condition) {
  constexpr std::chrono::milliseconds kPause{2};
  constexpr int kSlack = 3;
  for (auto looks = kSlack * time / kPause; !condition(); --looks) {
    if (looks <= 0) return false;
    std::this_thread::sleep_for(kPause);
  }
  return true;
}

}  // namespace stampede::test_support

#pragma once

#include <chrono>
#include <thread>

namespace stampede::test_support {

/// Asks until `condition()` holds: true as soon as it does, false after `timeout`. For what can
/// only be observed by asking, such as another process.
template <class Condition>
bool eventually(std::chrono::milliseconds timeout, Condition&& condition) {
  const auto deadline = std::chrono::steady_clock::now() + timeout;
  while (!condition()) {
    if (std::chrono::steady_clock::now() >= deadline) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

}  // namespace stampede::test_support

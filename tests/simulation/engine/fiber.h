#pragma once

#include <exception>
#include <functional>

namespace stampede::simulation {

/// Code of the product that would block a thread, which is to be interrupted here: it runs on a
/// stack of its own, stops in wait() and goes on with the next resume(), while everything stays in
/// one thread. It must not wait() while an exception is being handled, nor hold a mutex that others
/// want before it goes on.
class Fiber {
 public:
  explicit Fiber(std::function<void()> body);
  /// Destroys what lives on the stack of a body that has not ended.
  ~Fiber();
  Fiber(const Fiber&) = delete;
  Fiber& operator=(const Fiber&) = delete;

  /// Runs the body until it waits (false) or ends (true). Throws what the body throws; then it has
  /// ended. Not to be called once it has ended.
  bool resume();
  /// Of the fiber that runs: resume() returns.
  static void wait();
  /// Whether the code that calls this runs in a fiber.
  static bool running();

 private:
  class Stack;
  class Stacks;
  struct Unwind {};
  static Stacks& stacks();
  void run();

  std::function<void()> body_;
  Stack* stack_ = nullptr;
  Fiber* caller_ = nullptr;  // that runs when this one waits
  bool begun_ = false;
  bool ended_ = false;
  bool unwinds_ = false;
  std::exception_ptr failure_;
};

}  // namespace stampede::simulation

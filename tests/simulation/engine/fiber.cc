// What checks longjmp() allows no jump to another stack.
#undef _FORTIFY_SOURCE

#include "tests/simulation/engine/fiber.h"

#include <sys/mman.h>
#include <ucontext.h>

#include <cerrno>
#include <csetjmp>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <system_error>
#include <utility>
#include <vector>

#include "tests/simulation/engine/sanitized.h"

namespace stampede::simulation {
namespace {

constexpr std::size_t kGuardBytes = 4096;
constexpr std::size_t kStackBytes = 256 * std::size_t{1024};

thread_local Fiber* current = nullptr;

/// Where one stack's code goes on. swapcontext() asks the kernel for the signals that are blocked,
/// with every switch; the signals here are always the same, so that only the first switch to a
/// stack is its. With a sanitizer, which must see the switches, all are.
struct Context {
  ucontext_t whole{};
  std::jmp_buf registers{};
};

void switch_first(Context& from, Context& to) {
#if STAMPEDE_SANITIZED
  swapcontext(&from.whole, &to.whole);
#else
  if (_setjmp(from.registers) == 0) setcontext(&to.whole);
#endif
}

void switch_again(Context& from, Context& to) {
#if STAMPEDE_SANITIZED
  swapcontext(&from.whole, &to.whole);
#else
  if (_setjmp(from.registers) == 0) _longjmp(to.registers, 1);
#endif
}

}  // namespace

/// Runs fibers, one after the other: only the first one pays for what makes a stack run.
class Fiber::Stack {
 public:
  Stack() {
    void* const pages = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, kGuardBytes, PROT_NONE) != 0) {
      throw std::system_error(errno, std::generic_category(), "a stack");
    }
    pages_ = static_cast<std::byte*>(pages);
  }
  ~Stack() { munmap(pages_, kGuardBytes + kStackBytes); }
  Stack(const Stack&) = delete;
  Stack& operator=(const Stack&) = delete;

  /// Until `fiber` waits or ends.
  void resume(Fiber& fiber) {
    fiber_ = &fiber;
    if (std::exchange(begun_, true)) return switch_again(outside_, inside_);
    getcontext(&inside_.whole);
    inside_.whole.uc_stack.ss_sp = pages_ + kGuardBytes;
    inside_.whole.uc_stack.ss_size = kStackBytes;
    inside_.whole.uc_link = nullptr;  // enter() does not return
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    // makecontext() hands on ints alone.
    makecontext(&inside_.whole, reinterpret_cast<void (*)()>(&Stack::enter), 2,
                static_cast<unsigned>(address), static_cast<unsigned>(address >> 32));
    switch_first(outside_, inside_);
  }
  /// resume() returns.
  void wait() { switch_again(inside_, outside_); }

 private:
  static void enter(unsigned low, unsigned high) {
    auto* const stack = reinterpret_cast<Stack*>(std::uintptr_t{high} << 32 | low);
    for (;;) {
      stack->fiber_->run();
      stack->wait();
    }
  }

  std::byte* pages_ = nullptr;
  Context inside_;
  Context outside_;
  Fiber* fiber_ = nullptr;
  bool begun_ = false;
};

/// Of fibers that have ended, for those to come.
class Fiber::Stacks {
 public:
  Stack* take() {
    if (free_.empty()) return all_.emplace_back(std::make_unique<Stack>()).get();
    Stack* const stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void give_back(Stack* stack) { free_.push_back(stack); }

 private:
  std::vector<std::unique_ptr<Stack>> all_;
  std::vector<Stack*> free_;
};

Fiber::Stacks& Fiber::stacks() {
  static thread_local Stacks stacks;
  return stacks;
}

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {}

Fiber::~Fiber() {
  if (begun_ && !ended_) {
    unwinds_ = true;
    resume();
  }
}

bool Fiber::resume() {
  if (!std::exchange(begun_, true)) stack_ = stacks().take();
  caller_ = std::exchange(current, this);
  stack_->resume(*this);
  current = caller_;
  if (!ended_) return false;
  stacks().give_back(std::exchange(stack_, nullptr));
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return true;
}

void Fiber::run() {
  try {
    body_();
  } catch (const Unwind&) {
  } catch (...) {
    failure_ = std::current_exception();
  }
  ended_ = true;
}

void Fiber::wait() {
  Fiber* const fiber = current;
  fiber->stack_->wait();
  if (fiber->unwinds_) throw Unwind{};
}

bool Fiber::running() { return current != nullptr; }

}  // namespace stampede::simulation

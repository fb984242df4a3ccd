#include "tests/simulation/engine/fiber.h"

#include <sys/mman.h>

#include <cerrno>
#include <cstdint>
#include <system_error>
#include <utility>
#include <vector>

namespace stampede::simulation {
namespace {

constexpr std::size_t kGuardBytes = 4096;
constexpr std::size_t kStackBytes = 256 * std::size_t{1024};

thread_local Fiber* current = nullptr;

/// Of fibers that have ended, for those to come.
class Stacks {
 public:
  Stacks() = default;
  ~Stacks() {
    for (std::byte* stack : free_) munmap(stack - kGuardBytes, kGuardBytes + kStackBytes);
  }
  Stacks(const Stacks&) = delete;
  Stacks& operator=(const Stacks&) = delete;

  std::byte* take() {
    if (free_.empty()) return make();
    std::byte* const stack = free_.back();
    free_.pop_back();
    return stack;
  }
  void give_back(std::byte* stack) { free_.push_back(stack); }

 private:
  static std::byte* make() {
    void* const pages = mmap(nullptr, kGuardBytes + kStackBytes, PROT_READ | PROT_WRITE,
                             MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (pages == MAP_FAILED || mprotect(pages, kGuardBytes, PROT_NONE) != 0) {
      throw std::system_error(errno, std::generic_category(), "a stack");
    }
    return static_cast<std::byte*>(pages) + kGuardBytes;
  }

  std::vector<std::byte*> free_;
};

Stacks& stacks() {
  static thread_local Stacks stacks;
  return stacks;
}

}  // namespace

Fiber::Fiber(std::function<void()> body) : body_(std::move(body)) {}

Fiber::~Fiber() {
  if (begun_ && !ended_) {
    unwinds_ = true;
    resume();
  }
}

bool Fiber::resume() {
  if (!std::exchange(begun_, true)) {
    stack_ = stacks().take();
    getcontext(&inside_);
    inside_.uc_stack.ss_sp = stack_;
    inside_.uc_stack.ss_size = kStackBytes;
    inside_.uc_link = &outside_;
    const auto address = reinterpret_cast<std::uintptr_t>(this);
    // makecontext() hands on ints alone.
    makecontext(&inside_, reinterpret_cast<void (*)()>(&Fiber::enter), 2,
                static_cast<unsigned>(address), static_cast<unsigned>(address >> 32));
  }
  caller_ = std::exchange(current, this);
  swapcontext(&outside_, &inside_);
  current = caller_;
  if (!ended_) return false;
  stacks().give_back(std::exchange(stack_, nullptr));
  if (failure_) std::rethrow_exception(std::exchange(failure_, nullptr));
  return true;
}

void Fiber::enter(unsigned low, unsigned high) {
  reinterpret_cast<Fiber*>(std::uintptr_t{high} << 32 | low)->run();
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
  swapcontext(&fiber->inside_, &fiber->outside_);
  if (fiber->unwinds_) throw Unwind{};
}

bool Fiber::running() { return current != nullptr; }

}  // namespace stampede::simulation

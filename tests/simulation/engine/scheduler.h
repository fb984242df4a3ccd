#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <utility>
#include <vector>

namespace stampede::simulation {

using Duration = std::chrono::microseconds;
using Action = std::move_only_function<void()>;

/// The virtual clock and what is to happen: events in order of time, those of one time in the order
/// they were made in. One thread.
class Scheduler {
 public:
  /// A process that events happen to: it may do them later, or never.
  class Runner {
   public:
    virtual void run(std::uint64_t life, Action&& action) = 0;

   protected:
    ~Runner() = default;
  };

  /// Since the world began.
  Duration time() const { return time_; }
  void after(Duration delay, Action action) { add(delay, {nullptr, 0, std::move(action)}); }
  void after(Duration delay, Runner& runner, std::uint64_t life, Action action) {
    add(delay, {&runner, life, std::move(action)});
  }
  /// Runs the next event; false if there is none.
  bool step();

 private:
  struct Task {
    Runner* runner = nullptr;  // none: the world itself
    std::uint64_t life = 0;
    Action action = nullptr;
  };
  void add(Duration delay, Task task);

  /// Small, because a heap moves its elements often: what is to be done stays in its place.
  struct Event {
    Duration time;
    std::uint64_t sequence;
    std::size_t place;  // in tasks_
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }
  };

  Duration time_{0};
  std::uint64_t last_sequence_ = 0;
  std::vector<Event> events_;  // a heap, the next one first
  std::vector<Task> tasks_;
  std::vector<std::size_t> free_;  // places in tasks_
};

}  // namespace stampede::simulation

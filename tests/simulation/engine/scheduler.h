#pragma once

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
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
  void after(Duration delay, Action&& action) { add(delay, nullptr, 0, std::move(action)); }
  void after(Duration delay, Runner& runner, std::uint64_t life, Action&& action) {
    add(delay, &runner, life, std::move(action));
  }
  /// Names an event that may be called off.
  struct Timer {
    std::size_t queue = 0;
    std::uint64_t number = 0;
  };
  /// As after(), for what is called off as a rule, with one of few delays.
  Timer start_timer(Duration delay, Runner& runner, std::uint64_t life, Action&& action);
  /// Nothing if it has happened.
  void cancel(Timer timer);
  /// Runs the next event; false if there is none.
  bool step();

 private:
  struct Task {
    Runner* runner = nullptr;  // none: the world itself
    std::uint64_t life = 0;
    Action action = nullptr;

    void run() {
      if (runner != nullptr) return runner->run(life, std::move(action));
      action();
    }
  };
  static constexpr std::uint32_t kBlockTasks = 64;
  /// When an event is due, and behind which others of that time: one number, because it is compared
  /// often. A world has fewer than 2^24 events, and ends within 2^40 microseconds.
  struct Place {
    static constexpr int kSequenceBits = 24;
    std::uint64_t value;

    Duration time() const { return Duration{static_cast<std::int64_t>(value >> kSequenceBits)}; }
    friend bool operator<(const Place& a, const Place& b) { return a.value < b.value; }
    friend bool operator==(const Place& a, const Place& b) = default;
  };
  /// Stays where it is while others are added.
  Task& task(std::uint32_t at) { return blocks_[at / kBlockTasks][at % kBlockTasks]; }
  void add_block();
  void add(Duration delay, Runner* runner, std::uint64_t life, Action&& action);
  Place place_after(Duration delay);

  /// Behind every event.
  static constexpr Place kNever{~std::uint64_t{0}};
  /// The first of the four children that lie there.
  std::size_t first_of_four(std::size_t at) const;

  /// Small, because a heap moves its elements often: what is to be done stays where it is.
  struct Event {
    Place place;
    std::uint32_t task;
  };
  void push(Event event);
  Event pop();

  /// Timers of one delay are due in the order that they were started in.
  struct TimerQueue {
    struct Waiting {
      Place place;
      Task task;  // without an action: called off
    };
    Duration delay;
    std::deque<Waiting> waiting = {};  // the first one is not called off
    std::uint64_t first = 0;           // its number

    Task take_first();
    void cancel(std::uint64_t number);
    void drop_cancelled();
    Place due() const;
  };
  /// Of all timers: called when the first one of a queue is another one than before.
  void find_next_timer();
  bool timer_is_next() const;

  Duration time_{0};
  std::uint64_t last_sequence_ = 0;
  std::vector<Event> events_;  // a heap, the next one first: each has four behind it
  std::vector<std::unique_ptr<Task[]>> blocks_;  // of tasks
  std::vector<std::uint32_t> free_;              // tasks
  std::deque<TimerQueue> timers_;
  TimerQueue* next_queue_ = nullptr;  // whose first timer is due before those of all others
  Place next_timer_ = kNever;         // when that is
};

}  // namespace stampede::simulation

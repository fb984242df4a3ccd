#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <vector>

namespace stampede::simulation {

using Duration = std::chrono::microseconds;
using Action = std::move_only_function<void()>;

/// The virtual clock and what is to happen: events in order of time, those of one time in the order
/// they were made in. One thread.
class Scheduler {
 public:
  /// Since the world began.
  Duration time() const { return time_; }
  void after(Duration delay, Action action);
  /// Runs the next event; false if there is none.
  bool step();

 private:
  /// Small, because a heap moves its elements often: what is to be done stays in its place.
  struct Event {
    Duration time;
    std::uint64_t sequence;
    std::size_t place;  // in actions_
  };
  struct Later {
    bool operator()(const Event& a, const Event& b) const {
      return a.time != b.time ? a.time > b.time : a.sequence > b.sequence;
    }
  };

  Duration time_{0};
  std::uint64_t last_sequence_ = 0;
  std::vector<Event> events_;  // a heap, the next one first
  std::vector<Action> actions_;
  std::vector<std::size_t> free_;  // places in actions_
};

}  // namespace stampede::simulation

#include "tests/simulation/scheduler.h"

#include <algorithm>
#include <utility>

namespace stampede::simulation {

void Scheduler::after(Duration delay, Action action) {
  if (free_.empty()) {
    free_.push_back(actions_.size());
    actions_.emplace_back();
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  actions_[place] = std::move(action);
  events_.push_back({time_ + std::max(delay, Duration{0}), ++last_sequence_, place});
  std::ranges::push_heap(events_, Later{});
}

bool Scheduler::step() {
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, Later{});
  const Event event = events_.back();
  events_.pop_back();
  Action action = std::exchange(actions_[event.place], nullptr);
  free_.push_back(event.place);
  time_ = event.time;
  action();
  return true;
}

}  // namespace stampede::simulation

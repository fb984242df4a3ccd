#include "tests/simulation/scheduler.h"

#include <algorithm>
#include <utility>

namespace stampede::simulation {

void Scheduler::after(Duration delay, Action action) {
  events_.push_back({time_ + std::max(delay, Duration{0}), ++last_sequence_, std::move(action)});
  std::ranges::push_heap(events_, later);
}

bool Scheduler::step() {
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, later);
  Event event = std::move(events_.back());
  events_.pop_back();
  time_ = event.time;
  event.action();
  return true;
}

}  // namespace stampede::simulation

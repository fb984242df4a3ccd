#include "tests/simulation/engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace stampede::simulation {

void Scheduler::add(Duration delay, Task task) {
  if (free_.empty()) {
    free_.push_back(tasks_.size());
    tasks_.emplace_back();
  }
  const std::size_t place = free_.back();
  free_.pop_back();
  tasks_[place] = std::move(task);
  events_.push_back({time_ + std::max(delay, Duration{0}), ++last_sequence_, place});
  std::ranges::push_heap(events_, Later{});
}

bool Scheduler::step() {
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, Later{});
  const Event event = events_.back();
  events_.pop_back();
  Task task = std::exchange(tasks_[event.place], {});
  free_.push_back(event.place);
  time_ = event.time;
  if (task.runner != nullptr) {
    task.runner->run(task.life, std::move(task.action));
  } else {
    task.action();
  }
  return true;
}

}  // namespace stampede::simulation

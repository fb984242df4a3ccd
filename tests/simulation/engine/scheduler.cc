#include "tests/simulation/engine/scheduler.h"

#include <algorithm>
#include <utility>

namespace stampede::simulation {

void Scheduler::add(Duration delay, Task task) {
  if (free_.empty()) {
    free_.push_back(tasks_.size());
    tasks_.emplace_back();
  }
  const std::size_t at = free_.back();
  free_.pop_back();
  tasks_[at] = std::move(task);
  events_.push_back({place_after(std::max(delay, Duration{0})), at});
  std::ranges::push_heap(events_, is_later);
}

Scheduler::Timer Scheduler::start_timer(Duration delay, Runner& runner, std::uint64_t life,
                                        Action action) {
  auto queue = std::ranges::find(timers_, delay, &TimerQueue::delay);
  if (queue == timers_.end()) {
    timers_.push_back({.delay = delay});
    queue = timers_.end() - 1;
  }
  queue->waiting.push_back({place_after(delay), {&runner, life, std::move(action)}});
  return {static_cast<std::size_t>(queue - timers_.begin()),
          queue->first + queue->waiting.size() - 1};
}

void Scheduler::cancel(Timer timer) { timers_[timer.queue].cancel(timer.number); }

void Scheduler::TimerQueue::cancel(std::uint64_t number) {
  if (number < first) return;
  waiting[number - first].task = {};
  drop_cancelled();
}

Scheduler::Task Scheduler::TimerQueue::take_first() {
  Task task = std::exchange(waiting.front().task, {});
  drop_cancelled();
  return task;
}

void Scheduler::TimerQueue::drop_cancelled() {
  for (; !waiting.empty() && !waiting.front().task.action; ++first) waiting.pop_front();
}

Scheduler::TimerQueue* Scheduler::due_timers() {
  TimerQueue* due = nullptr;
  const Place* next = events_.empty() ? nullptr : &events_.front().place;
  for (TimerQueue& queue : timers_) {
    if (queue.waiting.empty()) continue;
    const Place& place = queue.waiting.front().place;
    if (next != nullptr && place > *next) continue;
    next = &place;
    due = &queue;
  }
  return due;
}

bool Scheduler::step() {
  if (TimerQueue* timers = due_timers()) {
    time_ = timers->waiting.front().place.time;
    timers->take_first().run();
    return true;
  }
  if (events_.empty()) return false;
  std::ranges::pop_heap(events_, is_later);
  const Event event = events_.back();
  events_.pop_back();
  Task task = std::exchange(tasks_[event.task], {});
  free_.push_back(event.task);
  time_ = event.place.time;
  task.run();
  return true;
}

}  // namespace stampede::simulation

#include "tests/simulation/engine/scheduler.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stampede::simulation {
namespace {

constexpr std::size_t kChildren = 4;  // of one event in the heap

}  // namespace

void Scheduler::add(Duration delay, Task task) {
  if (free_.empty()) {
    free_.push_back(static_cast<std::uint32_t>(tasks_.size()));
    tasks_.emplace_back();
  }
  const std::uint32_t at = free_.back();
  free_.pop_back();
  tasks_[at] = std::move(task);
  push({place_after(std::max(delay, Duration{0})), at});
}

Scheduler::Place Scheduler::place_after(Duration delay) {
  const auto time = static_cast<std::uint64_t>((time_ + delay).count());
  if (++last_sequence_ >> Place::kSequenceBits != 0) throw std::length_error("too many events");
  return {time << Place::kSequenceBits | last_sequence_};
}

/// With four children a heap is half as deep as with two, and what is compared lies together.
void Scheduler::push(Event event) {
  std::size_t at = events_.size();
  events_.push_back(event);
  while (at > 0) {
    const std::size_t above = (at - 1) / kChildren;
    if (!(event.place < events_[above].place)) break;
    events_[at] = events_[above];
    at = above;
  }
  events_[at] = event;
}

Scheduler::Event Scheduler::pop() {
  const Event first = events_.front();
  const Event last = events_.back();
  events_.pop_back();
  const std::size_t size = events_.size();
  if (size == 0) return first;
  std::size_t at = 0;
  for (std::size_t child = 1; child < size; child = at * kChildren + 1) {
    std::size_t next = child;
    const std::size_t end = std::min(child + kChildren, size);
    for (std::size_t other = child + 1; other < end; ++other) {
      if (events_[other].place < events_[next].place) next = other;
    }
    if (!(events_[next].place < last.place)) break;
    events_[at] = events_[next];
    at = next;
  }
  events_[at] = last;
  return first;
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
    if (next != nullptr && *next < place) continue;
    next = &place;
    due = &queue;
  }
  return due;
}

bool Scheduler::step() {
  if (TimerQueue* timers = due_timers()) {
    time_ = timers->waiting.front().place.time();
    timers->take_first().run();
    return true;
  }
  if (events_.empty()) return false;
  const Event event = pop();
  Task& task = tasks_[event.task];  // stays where it is while others are added
  time_ = event.place.time();
  task.run();
  task.action = nullptr;
  free_.push_back(event.task);
  return true;
}

}  // namespace stampede::simulation

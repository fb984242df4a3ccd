#include "tests/simulation/engine/scheduler.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace stampede::simulation {
namespace {

constexpr std::size_t kChildren = 4;  // of one event in the heap

}  // namespace

void Scheduler::add_block() {
  const auto first = static_cast<std::uint32_t>(blocks_.size()) * kBlockTasks;
  blocks_.push_back(std::make_unique<Task[]>(kBlockTasks));
  for (std::uint32_t at = kBlockTasks; at > 0; --at) free_.push_back(first + at - 1);
}

void Scheduler::add(Duration delay, Runner* runner, std::uint64_t life, Action&& action) {
  if (free_.empty()) add_block();
  const std::uint32_t at = free_.back();
  free_.pop_back();
  Task& task = this->task(at);
  task.runner = runner;
  task.life = life;
  task.action = std::move(action);
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
  Event* const events = events_.data();
  while (at > 0) {
    const std::size_t above = (at - 1) / kChildren;
    if (!(event.place < events[above].place)) break;
    events[at] = events[above];
    at = above;
  }
  events[at] = event;
}

/// Which child it is, is chance, which no processor foresees: it is reckoned without a branch.
inline std::size_t Scheduler::first_of_four(std::size_t at) const {
  const Event* const four = events_.data() + at;
  const auto left = static_cast<std::size_t>(four[1].place < four[0].place);
  const auto right = 2 + static_cast<std::size_t>(four[3].place < four[2].place);
  const auto is_right = static_cast<std::size_t>(four[right].place < four[left].place);
  return at + left + is_right * (right - left);
}

Scheduler::Event Scheduler::pop() {
  const Event first = events_.front();
  const Event last = events_.back();
  events_.pop_back();
  const std::size_t size = events_.size();
  if (size == 0) return first;
  Event* const events = events_.data();
  std::size_t at = 0;
  for (std::size_t child = 1; child < size; child = at * kChildren + 1) {
    std::size_t next = child;
    if (child + kChildren <= size) {
      next = first_of_four(child);
    } else {
      for (std::size_t other = child + 1; other < size; ++other) {
        if (events[other].place < events[next].place) next = other;
      }
    }
    if (!(events[next].place < last.place)) break;
    events[at] = events[next];
    at = next;
  }
  events[at] = last;
  return first;
}

Scheduler::Timer Scheduler::start_timer(Duration delay, Runner& runner, std::uint64_t life,
                                        Action&& action) {
  auto queue = std::ranges::find(timers_, delay, &TimerQueue::delay);
  if (queue == timers_.end()) {
    timers_.push_back({.delay = delay});
    queue = timers_.end() - 1;
  }
  queue->waiting.push_back({place_after(delay), {&runner, life, std::move(action)}});
  if (queue->waiting.size() == 1) find_next_timer();
  return {static_cast<std::size_t>(queue - timers_.begin()),
          queue->first + queue->waiting.size() - 1};
}

void Scheduler::cancel(Timer timer) {
  TimerQueue& queue = timers_[timer.queue];
  const Place before = queue.due();
  queue.cancel(timer.number);
  if (queue.due() != before) find_next_timer();
}

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

Scheduler::Place Scheduler::TimerQueue::due() const {
  return waiting.empty() ? kNever : waiting.front().place;
}

void Scheduler::find_next_timer() {
  next_timer_ = kNever;
  for (TimerQueue& queue : timers_) {
    if (!(queue.due() < next_timer_)) continue;
    next_timer_ = queue.due();
    next_queue_ = &queue;
  }
}

bool Scheduler::timer_is_next() const {
  return next_timer_ != kNever && (events_.empty() || next_timer_ < events_.front().place);
}

bool Scheduler::step() {
  if (timer_is_next()) {
    time_ = next_timer_.time();
    Task task = next_queue_->take_first();
    find_next_timer();
    task.run();
    return true;
  }
  if (events_.empty()) return false;
  const Event event = pop();
  Task& task = this->task(event.task);
  time_ = event.place.time();
  task.run();
  task.action = nullptr;
  free_.push_back(event.task);
  return true;
}

}  // namespace stampede::simulation

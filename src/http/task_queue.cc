#include "http/task_queue.h"

#include <boost/asio/post.hpp>

#include "telemetry/log.h"

namespace stampede::http {

TaskQueue::TaskQueue(boost::asio::io_context& context, std::function<void()> wake)
    : context_(context), wake_(std::move(wake)) {}

void TaskQueue::push(Task task) {
  const concurrency::MutexLock guard(mutex_);
  if (closed_) {
    return;  // `task` dies after the guard, as its end may come back here
  }
  tasks_.push_back(std::move(task));
  if (tasks_.size() == 1) {
    boost::asio::post(context_, [this] { wake_(); });
  }
}

void TaskQueue::run_all() {
  {
    const concurrency::MutexLock guard(mutex_);
    std::swap(tasks_, running_);
  }
  for (Task& task : running_) {
    try {
      task();
    } catch (const std::exception& error) {
      telemetry::log_error("posted task failed", "error={}", error.what());
    }
  }
  running_.clear();
}

void TaskQueue::close() {
  std::vector<Task> dropped;
  const concurrency::MutexLock guard(mutex_);
  closed_ = true;
  std::swap(tasks_, dropped);
}

}  // namespace stampede::http

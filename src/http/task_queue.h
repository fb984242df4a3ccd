#pragma once

#include <boost/asio/io_context.hpp>
#include <functional>
#include <vector>

#include "concurrency/mutex.h"

namespace stampede::http {

/// Tasks from any thread for the one thread of an io_context, in order. The thread is woken once
/// for all tasks that wait. Thread-safe but for run_all().
class TaskQueue {
 public:
  using Task = std::move_only_function<void()>;

  /// `wake` is posted to `context` when the first task comes in.
  TaskQueue(boost::asio::io_context& context, std::function<void()> wake);

  /// After close() the task is destroyed unrun.
  void push(Task task);
  /// On the context's thread: runs all tasks that wait. A task that throws is logged.
  void run_all();
  /// Destroys the tasks that wait, and all later ones. `context` may be destroyed afterwards.
  void close();

 private:
  boost::asio::io_context& context_;  // not touched once closed
  const std::function<void()> wake_;
  concurrency::Mutex mutex_;
  std::vector<Task> tasks_ STAMPEDE_GUARDED_BY(mutex_);
  bool closed_ STAMPEDE_GUARDED_BY(mutex_) = false;
  std::vector<Task> running_;  // of the thread alone; keeps its capacity
};

}  // namespace stampede::http

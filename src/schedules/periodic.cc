#include "schedules/periodic.h"

#include <pthread.h>

#include <exception>

#include "telemetry/log.h"

namespace stampede::schedules {

void Periodic::start(std::function<void()> job) {
  job_ = std::move(job);
  thread_ = std::jthread([this] { run(); });
}

void Periodic::nudge() {
  const concurrency::MutexLock lock(mutex_);
  rounds_.nudge();
  wake_.notify_all();
}

void Periodic::stop() {
  {
    const concurrency::MutexLock lock(mutex_);
    stopping_ = true;
    wake_.notify_all();
  }
  if (thread_.joinable()) thread_.join();
}

void Periodic::run() {
  pthread_setname_np(pthread_self(), name_.substr(0, 15).c_str());
  concurrency::MutexLock lock(mutex_);
  while (!stopping_) {
    rounds_.begin();
    lock.unlock();
    run_job();
    lock.lock();
    rounds_.end();
    wake_.wait_for(mutex_, period_,
                   [this]() STAMPEDE_REQUIRES(mutex_) { return rounds_.due() || stopping_; });
  }
}

void Periodic::run_job() {
  try {
    job_();
    if (!last_error_.empty()) telemetry::log_info("schedule works again", "schedule={}", name_);
    last_error_.clear();
  } catch (const std::exception& error) {
    if (last_error_ == error.what()) return;
    last_error_ = error.what();
    telemetry::log_warning("schedule failed", "schedule={} reason=\"{}\"", name_, last_error_);
  }
}

}  // namespace stampede::schedules

#include "queue/local/local_queue.h"

#include <algorithm>

namespace stampede::queue::local {

void LocalQueue::push(const Message& message) {
  messages_.push_back(message);
  if (waiting_) {
    // One wake-up per batch: later purchases find the consumer awake already.
    waiting_ = false;
    filled_.notify_one();
  }
}

Published LocalQueue::publish(const Purchase& purchase) {
  const concurrency::MutexLock lock(mutex_);
  if (shut_ || stalled_ || messages_.size() >= capacity_) return Published::kRefused;
  push(purchase);
  return Published::kQueued;
}

void LocalQueue::publish(const CloseMarker& marker) {
  const concurrency::MutexLock lock(mutex_);
  push(marker);
}

bool LocalQueue::receive(std::vector<Message>& batch, std::size_t most) {
  batch.clear();
  const concurrency::MutexLock lock(mutex_);
  waiting_ = messages_.empty();
  filled_.wait(mutex_, [this]() STAMPEDE_REQUIRES(mutex_) { return shut_ || !messages_.empty(); });
  waiting_ = false;
  const auto end =
      messages_.begin() + static_cast<std::ptrdiff_t>(std::min(most, messages_.size()));
  batch.assign(messages_.begin(), end);
  messages_.erase(messages_.begin(), end);
  return !batch.empty();
}

void LocalQueue::stall(bool stalled) {
  const concurrency::MutexLock lock(mutex_);
  stalled_ = stalled;
}

void LocalQueue::shut() {
  const concurrency::MutexLock lock(mutex_);
  shut_ = true;
  filled_.notify_all();
}

std::size_t LocalQueue::depth() const {
  const concurrency::MutexLock lock(mutex_);
  return messages_.size();
}

}  // namespace stampede::queue::local

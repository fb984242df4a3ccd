#pragma once

#include <cstddef>
#include <deque>

#include "concurrency/mutex.h"
#include "queue/order_queue.h"

namespace stampede::queue::local {

/// The order queue of `stampede serve`: bounded, in this process. It forgets at a restart, which
/// loses nothing: a purchase in it was never answered with yes, and its unit is still in its lease.
class LocalQueue final : public OrderQueue, public OrderSource {
 public:
  /// Purchases that may wait; beyond that, publish() refuses.
  explicit LocalQueue(std::size_t capacity) : capacity_(capacity) {}

  [[nodiscard]] Published publish(const Purchase& purchase) override;
  void publish(const CloseMarker& marker) override;

  [[nodiscard]] bool receive(std::vector<Message>& batch, std::size_t most) override;
  void acknowledge() override {}  // nothing to redeliver from
  void stall(bool stalled) override;

  /// Refuses purchases from now on; receive() hands out what is left, then answers false.
  void shut();
  /// Messages waiting.
  std::size_t depth() const;

 private:
  void push(const Message& message) STAMPEDE_REQUIRES(mutex_);

  const std::size_t capacity_;
  mutable concurrency::Mutex mutex_;
  concurrency::Condition filled_;
  std::deque<Message> messages_ STAMPEDE_GUARDED_BY(mutex_);
  bool waiting_ STAMPEDE_GUARDED_BY(mutex_) = false;  // receive() sleeps
  bool stalled_ STAMPEDE_GUARDED_BY(mutex_) = false;
  bool shut_ STAMPEDE_GUARDED_BY(mutex_) = false;
};

}  // namespace stampede::queue::local

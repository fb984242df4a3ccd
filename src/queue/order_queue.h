#pragma once

#include <variant>
#include <vector>

#include "model/order.h"

namespace stampede::queue {

/// The last message of a lease: whatever comes after it is too late.
struct CloseMarker {
  LeaseId lease;
};

using Message = std::variant<Purchase, CloseMarker>;

/// Where the sale hands its purchases over. Thread-safe, never blocks.
class OrderQueue {
 public:
  virtual ~OrderQueue() = default;

  /// False: nothing was taken (full, blocked, or shut), and the caller keeps the unit.
  [[nodiscard]] virtual bool publish(const Purchase& purchase) = 0;
  /// A marker always finds room: without it a lease could not close.
  virtual void publish(const CloseMarker& marker) = 0;
};

/// Where the order consumer takes them from, strictly in order. For one thread.
class OrderSource {
 public:
  virtual ~OrderSource() = default;

  /// Waits for messages and replaces `batch` by up to `most` of them; false once the queue was
  /// shut and is empty. They stay the source's until acknowledge().
  [[nodiscard]] virtual bool receive(std::vector<Message>& batch, std::size_t most) = 0;
  /// After the commit: the last batch is done with.
  virtual void acknowledge() = 0;
  /// The database is away (true) or back (false): while it is away nothing new is worth taking, so
  /// publish() refuses where source and queue are one process.
  virtual void stall(bool stalled) = 0;
};

}  // namespace stampede::queue

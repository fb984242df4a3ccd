#pragma once

#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "model/orders/order.h"
#include "model/time.h"

namespace stampede::queue {

/// The last message of a lease: whatever comes after it is too late.
struct CloseMarker {
  LeaseId lease;
};

using Message = std::variant<Purchase, CloseMarker>;

/// What became of a purchase that was handed to the queue.
enum class Published {
  kRefused,  // nothing was taken (full, blocked, away, or shut): the caller keeps the unit
  kQueued,   // it is in the queue
  kSent,     // it is on its way; Resolutions will tell what became of it
};

/// How a queue with publisher confirms tells what became of purchases that were kSent; each is told
/// once, or never if the process ends before. Called on the queue's thread, without a lock held.
struct Resolutions {
  std::function<void(std::span<const Purchase>)> queued;
  /// The broker certainly does not have them: the unit is free again.
  std::function<void(std::span<const Purchase>)> refused;
};

/// Where the sale hands its purchases over. Thread-safe, never blocks.
class OrderQueue {
 public:
  virtual ~OrderQueue() = default;

  [[nodiscard]] virtual Published publish(const Purchase& purchase) = 0;
  /// A marker always finds room: without it a lease could not close. It is to be published when
  /// every purchase of its lease has been told to be queued or refused.
  virtual void publish(const CloseMarker& marker) = 0;
};

/// A message that nothing could be made of, as it came.
struct UnreadableMessage {
  std::string body;
  std::string reason;
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
  /// Those that came since the last acknowledge() and could not be read; acknowledge() is done with
  /// them too, so they are to be kept elsewhere before.
  virtual std::span<const UnreadableMessage> unreadable() const { return {}; }
};

}  // namespace stampede::queue

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <string>
#include <vector>

#include "queue/order_queue.h"
#include "queue/outbox.h"

namespace stampede::queue {

/// What a consumer of one shard's queue must remember: what was delivered and is not handed out,
/// and what may be acknowledged on the connection that stands. No I/O, not thread-safe: its owner
/// moves the bytes.
class Inbox {
 public:
  /// What one message of the broker holds: entries, or what nobody can read.
  struct Delivery {
    DeliveryTag tag = 0;
    std::vector<Message> messages = {};
    std::optional<UnreadableMessage> unreadable = std::nullopt;
  };
  /// A lease of another shard cannot be read either: it would be out of order with its own marker.
  static Delivery read(std::int32_t shard, DeliveryTag tag, std::string body);

  void add(Delivery delivery) { deliveries_.push_back(std::move(delivery)); }
  bool empty() const { return deliveries_.empty(); }
  /// Replaces `batch` by the entries of whole deliveries, `most` of them or those of one delivery,
  /// and appends what came with them and cannot be read. It must not be empty().
  void hand_out(std::vector<Message>& batch, std::vector<UnreadableMessage>& unreadable,
                std::size_t most);
  /// What was handed out last is done with.
  void done();
  /// Up to which tag the broker is to be told so, once; 0: nothing. What a lost connection
  /// delivered is never acknowledged on the next, which counts anew.
  DeliveryTag take_done();
  /// All that was not acknowledged is delivered again.
  void connection_lost();

 private:
  /// Names deliveries of one connection, up to a tag.
  struct Mark {
    Generation generation = 0;
    DeliveryTag tag = 0;
  };

  std::deque<Delivery> deliveries_;
  Generation generation_ = 1;
  Mark handed_out_;
  Mark done_;
};

}  // namespace stampede::queue

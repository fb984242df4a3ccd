#include "queue/inbox.h"

#include <utility>

#include "queue/codec.h"
#include "queue/shards.h"

namespace stampede::queue {
namespace {

/// Why nothing can be made of them on the queue of that shard; empty if something can.
std::string fault_of(const std::vector<Message>& messages, std::int32_t shard) {
  for (const Message& message : messages) {
    const LeaseId lease = std::visit([](const auto& entry) { return entry.lease; }, message);
    if (shard_of(lease) == shard) continue;
    return "lease " + std::to_string(lease.value) + " on the queue of shard " +
           std::to_string(shard) + ": expected shard " + std::to_string(shard_of(lease));
  }
  return {};
}

}  // namespace

Inbox::Delivery Inbox::read(std::int32_t shard, DeliveryTag tag, std::string body) {
  auto messages = decode(body);
  std::string fault = messages ? fault_of(*messages, shard) : std::move(messages.error());
  if (!fault.empty()) {
    return {.tag = tag,
            .unreadable = UnreadableMessage{.body = std::move(body), .reason = std::move(fault)}};
  }
  return {.tag = tag, .messages = std::move(*messages)};
}

void Inbox::hand_out(std::vector<Message>& batch, std::vector<UnreadableMessage>& unreadable,
                     std::size_t most) {
  batch.clear();
  do {
    Delivery& next = deliveries_.front();
    batch.insert(batch.end(), next.messages.begin(), next.messages.end());
    if (next.unreadable) unreadable.push_back(std::move(*next.unreadable));
    handed_out_ = {.generation = generation_, .tag = next.tag};
    deliveries_.pop_front();
  } while (!deliveries_.empty() && batch.size() + deliveries_.front().messages.size() <= most);
}

void Inbox::done() {
  if (handed_out_.generation == generation_) done_ = handed_out_;
}

DeliveryTag Inbox::take_done() { return std::exchange(done_, {}).tag; }

void Inbox::connection_lost() {
  deliveries_.clear();
  done_ = {};
  ++generation_;
}

}  // namespace stampede::queue

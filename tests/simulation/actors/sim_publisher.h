#pragma once

#include <map>
#include <vector>

#include "queue/backoff.h"
#include "queue/order_queue.h"
#include "queue/outbox.h"
#include "queue/shard_queues.h"
#include "tests/simulation/actors/sim_broker.h"

namespace stampede::simulation {

/// A publisher's side of the broker: the real Outbox and ShardQueues, the bytes moved by the
/// simulation. It must be destroyed when its process dies.
class SimPublisher final : public queue::OrderQueue {
 public:
  /// `accepted` hears of each purchase that is taken.
  SimPublisher(Stage& stage, Process& process, SimBroker& broker,
               std::function<void(const Purchase&)> accepted);
  void start(queue::Resolutions resolutions);
  ~SimPublisher() override;
  SimPublisher(const SimPublisher&) = delete;
  SimPublisher& operator=(const SimPublisher&) = delete;

  [[nodiscard]] queue::Published publish(const Purchase& purchase) override;
  void publish(const queue::CloseMarker& marker) override;
  std::vector<LeaseId> stuck_leases(Tick before) const { return outbox_.stuck_leases(before); }
  bool connected() const { return outbox_.takes_purchases(); }
  bool usable(LeaseId lease) const { return shards_.usable(queue::shard_of(lease)); }
  /// Bug::kMarkerOvertakes alone.
  void publish_past_the_outbox(const queue::CloseMarker& marker);
  std::size_t unresolved() const { return outbox_.unresolved(); }

 private:
  void connect();
  void lose();
  void pump();
  void pump_later();
  void watch_confirms();
  void tell();
  void take_for_refused(DeliveryTag tag);
  void connect_later();
  bool declare_queues();
  void note_refused(std::int32_t shard);
  void try_later();
  void try_unusable_shards();
  void check_refusal(LeaseId lease);

  Stage* stage_;
  Process* process_;
  SimBroker* broker_;
  queue::Resolutions resolutions_;
  const std::function<void(const Purchase&)> accepted_;
  queue::Outbox outbox_;
  queue::ShardQueues shards_{outbox_};
  queue::Backoff backoff_;
  queue::Generation generation_ = 0;
  SimBroker::LinkPtr link_;
  std::vector<SimBroker::LinkPtr> links_;  // all connections so far
  /// When a purchase from that lease was first refused because of its shard, in time that the
  /// process was running.
  std::map<LeaseId, Duration> refused_since_;
  bool pumping_ = false;
  bool trying_again_ = false;
  bool trying_shards_ = false;
  // Of planted bugs alone.
  std::vector<Purchase> sent_;
  std::map<DeliveryTag, std::vector<Purchase>> by_tag_;  // of this connection
};

}  // namespace stampede::simulation

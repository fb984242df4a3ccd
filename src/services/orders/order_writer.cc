#include "services/orders/order_writer.h"

#include <algorithm>
#include <boost/container/small_vector.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <optional>
#include <stdexcept>
#include <string>

#include "model/orders/order_number.h"

namespace stampede::services::orders {
namespace {

using queue::CloseMarker;
using queue::Message;
using repositories::LeaseCharge;
using repositories::OrderTransaction;
using repositories::SaleBuyer;

template <class T>
void sort_unique(std::vector<T>& values) {
  std::ranges::sort(values);
  const auto rest = std::ranges::unique(values);
  values.erase(rest.begin(), rest.end());
}

/// One lease as the batch leaves it, before it is written back.
struct LeaseLine {
  StockLease lease;
  std::int32_t per_buyer_limit = 1;
  std::optional<std::chrono::seconds> hold;
  std::int64_t charged = 0;  // by this batch
  bool closing = false;      // by a marker of this batch

  bool closed() const { return closing || lease.state == LeaseState::kClosed; }
  bool has_unit() const { return lease.sold + charged < lease.granted; }
};

/// The decisions of one batch, made in memory between its reads and its writes.
class Batch {
 public:
  Batch(std::span<const Message> messages, std::int32_t shard);

  void read(OrderTransaction& store);
  void decide();
  void write(OrderTransaction& store);
  Written result() &&;

 private:
  void decide(const Purchase& purchase);
  void decide(const CloseMarker& marker);
  Order outcome_of(const Purchase& purchase, LeaseLine* line) const;
  std::optional<std::int32_t> free_slot(const Purchase& purchase, std::int32_t limit) const;

  std::span<const Message> messages_;
  std::int32_t shard_index_;
  std::vector<UserId> buyers_;
  std::vector<LeaseId> lease_ids_;
  std::vector<SaleBuyer> pairs_;

  boost::unordered_flat_map<LeaseId, LeaseLine> leases_;
  repositories::ShardState shard_;
  /// Orders of each buyer, in whichever sale of the product, those of this batch too, as indices
  /// into orders_.
  boost::unordered_flat_map<UserId, boost::container::small_vector<std::size_t, 2>> known_;
  std::vector<Order> orders_;  // read, then decided
  std::vector<Order> fresh_;   // to insert
  Written written_;
};

Batch::Batch(std::span<const Message> messages, std::int32_t shard)
    : messages_(messages), shard_index_(shard) {
  for (const Message& message : messages_) {
    if (const auto* purchase = std::get_if<Purchase>(&message)) {
      buyers_.push_back(purchase->buyer);
      lease_ids_.push_back(purchase->lease);
      pairs_.push_back({purchase->sale, purchase->buyer});
    } else {
      lease_ids_.push_back(std::get<CloseMarker>(message).lease);
    }
  }
  sort_unique(buyers_);
  sort_unique(lease_ids_);
  sort_unique(pairs_);
}

void Batch::read(OrderTransaction& store) {
  store.lock_buyers(buyers_);
  for (const auto& locked : store.lock_leases(lease_ids_)) {
    leases_.emplace(locked.lease.id, LeaseLine{locked.lease, locked.per_buyer_limit, locked.hold});
  }
  shard_ = store.lock_shard(shard_index_);
  orders_ = store.orders_of(pairs_);
  known_.reserve(buyers_.size());
  for (std::size_t i = 0; i < orders_.size(); ++i) known_[orders_[i].buyer].push_back(i);
}

void Batch::decide() {
  orders_.reserve(orders_.size() + messages_.size());
  written_.orders.reserve(messages_.size());
  fresh_.reserve(messages_.size());
  for (const Message& message : messages_) {
    std::visit([this](const auto& content) { decide(content); }, message);
  }
}

/// An intent belongs to its buyer for good: what it became before, in whichever sale, it is.
void Batch::decide(const Purchase& purchase) {
  auto& known = known_[purchase.buyer];
  for (const std::size_t index : known) {
    if (orders_[index].intent == purchase.intent) {
      written_.orders.push_back(orders_[index]);
      return;
    }
  }
  const auto found = leases_.find(purchase.lease);
  LeaseLine* line = found == leases_.end() ? nullptr : &found->second;
  Order order = outcome_of(purchase, line);
  if (order.active()) ++line->charged;
  order.seq = shard_.end.seq + 1;
  // Shards interleave: with one shard numbers are 1, 2, 3 ...
  order.number = number_of(order.seq, shard_index_, shard_.shards);
  shard_.end.add(order);
  known.push_back(orders_.size());
  orders_.push_back(order);
  fresh_.push_back(order);
  written_.orders.push_back(order);
}

Order Batch::outcome_of(const Purchase& purchase, LeaseLine* line) const {
  Order order{.number = {},
              .sale = purchase.sale,
              .buyer = purchase.buyer,
              .intent = purchase.intent,
              .slot = std::nullopt,
              .lease = purchase.lease,
              .status = OrderStatus::kFailed,
              .reason = FailureReason::kNone,
              .seq = 0,
              .created_at = purchase.created_at};
  if (line == nullptr || line->lease.sale != purchase.sale) {
    order.reason = FailureReason::kNoUnit;
    return order;
  }
  if (line->closed()) {
    order.reason = FailureReason::kTooLate;
    return order;
  }
  const auto slot = free_slot(purchase, line->per_buyer_limit);
  if (!slot) {
    order.reason = FailureReason::kLimitReached;
    return order;
  }
  if (!line->has_unit()) {
    order.reason = FailureReason::kNoUnit;
    return order;
  }
  order.slot = slot;
  order.status = line->hold ? OrderStatus::kHeld : OrderStatus::kSuccess;
  // From the commit on, whose clock is the database's: the purchase may have waited in the queue.
  if (line->hold) order.pay_by = shard_.now + *line->hold;
  return order;
}

/// An order that was cancelled counts no more, but its row keeps its slot.
std::optional<std::int32_t> Batch::free_slot(const Purchase& purchase, std::int32_t limit) const {
  std::int32_t counted = 0;
  std::int32_t last = 0;
  for (const std::size_t index : known_.at(purchase.buyer)) {
    const Order& order = orders_[index];
    if (order.sale != purchase.sale) continue;
    counted += order.counts() ? 1 : 0;
    last = std::max(last, order.slot.value_or(0));
  }
  return counted < limit ? std::optional(last + 1) : std::nullopt;
}

void Batch::decide(const CloseMarker& marker) {
  const auto found = leases_.find(marker.lease);
  if (found == leases_.end()) return;
  found->second.closing = true;
  written_.closed.push_back(marker.lease);
}

void Batch::write(OrderTransaction& store) {
  if (!fresh_.empty()) store.insert(fresh_);
  for (const LeaseId id : lease_ids_) {
    const auto found = leases_.find(id);
    if (found == leases_.end()) continue;
    const LeaseLine& line = found->second;
    // The rows are locked, so the condition of the UPDATE was decided above: a miss is a breach of
    // the order store's contract, and nothing of this batch may stand.
    if (line.charged > 0 && !store.charge({id, line.charged})) {
      throw std::logic_error("lease " + std::to_string(id.value) + " changed under its lock");
    }
    if (line.closing) store.close(id);
  }
  if (!fresh_.empty()) store.advance_shard(shard_index_, shard_.end);
}

Written Batch::result() && { return std::move(written_); }

}  // namespace

Written OrderWriter::write(std::span<const Message> messages) {
  Batch batch(messages, shard_);
  const auto store = store_->begin();
  batch.read(*store);
  batch.decide();
  batch.write(*store);
  store->commit();
  return std::move(batch).result();
}

}  // namespace stampede::services::orders

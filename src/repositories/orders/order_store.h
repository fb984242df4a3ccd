#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/orders/order.h"
#include "model/orders/shard_end.h"
#include "model/stock_lease.h"

namespace stampede::repositories {

/// A lease with the rules of its sale that the consumer needs.
struct ChargedLease {
  StockLease lease;
  std::int32_t per_buyer_limit = 1;
  std::optional<std::chrono::seconds> hold = std::nullopt;  // as Sale::hold
};

struct LeaseCharge {
  LeaseId lease;
  std::int64_t units = 0;
};

struct SaleBuyer {
  SaleId sale;
  UserId buyer;
  friend auto operator<=>(const SaleBuyer&, const SaleBuyer&) = default;
  friend std::size_t hash_value(const SaleBuyer& pair) {
    return static_cast<std::size_t>(pair.buyer.value * 1'000'003 + pair.sale.value);
  }
};

/// Where a queue shard stands, and how many shards share the order numbers.
struct ShardState {
  ShardEnd end;
  std::int32_t shards = 1;
  Instant now;  // by the database's clock
};

/// The consumer's transaction (docs/design.md#consumer). Call in the order of declaration. Rolls
/// back when destroyed without commit(). For one thread.
class OrderTransaction {
 public:
  virtual ~OrderTransaction() = default;

  /// Locks those users' rows, so that two consumers never decide about one buyer at once.
  virtual void lock_buyers(std::span<const UserId> ascending) = 0;
  /// Locks and reads those leases; an unknown one is missing from the answer.
  virtual std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) = 0;
  virtual ShardState lock_shard(std::int32_t shard) = 0;
  /// All orders, failed ones too, of each pair, in one pass.
  virtual std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) = 0;

  virtual void insert(std::span<const Order> orders) = 0;
  /// sold + units, where the lease is not closed and has them; false (and no charge) otherwise.
  virtual bool charge(const LeaseCharge& charge) = 0;
  /// Closes the lease and returns granted - sold to its sale; nothing if it is closed already.
  virtual void close(LeaseId lease) = 0;
  virtual void advance_shard(std::int32_t shard, const ShardEnd& end) = 0;
  virtual void commit() = 0;
};

/// Where the order consumer writes. begin() may be called by one thread at a time per consumer.
class OrderStore {
 public:
  virtual ~OrderStore() = default;
  virtual std::unique_ptr<OrderTransaction> begin() = 0;
};

}  // namespace stampede::repositories

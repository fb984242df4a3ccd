#pragma once

#include "repositories/orders/order_events.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// As repositories::OrderEvents::changed(), of a database with `shards` queue shards.
struct ChangedAfter {
  std::int64_t shard = 0;
  std::int64_t shards = 1;
  std::int64_t seq = 0;
  std::size_t most = 0;
};
std::vector<Order> select_changed(soci::session& session, const ChangedAfter& after);

class SqlOrderEvents final : public OrderEvents {
 public:
  /// `database` outlives it.
  explicit SqlOrderEvents(Database& database) : database_(database) {}

  void change(OrderNumber number, const Decide& decide) override;
  Instant now() override;
  ExpiredHolds expire(const HoldsOf& holds, Instant due, Instant now, std::size_t most) override;
  std::vector<HoldsOf> holds(Instant over_after) override;
  std::vector<OrderEvent> of_order(OrderNumber number) override;
  std::vector<Order> changed(std::int32_t shard, std::int64_t after, std::size_t most) override;
  std::optional<Payment> payment(const std::string& reference) override;
  std::vector<Payment> payments_of(OrderNumber number) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

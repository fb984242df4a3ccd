#include "repositories/sql/orders/order_store.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "repositories/sql/connection/order_batch.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {

/// The prepared statements of the consumer's transaction that concern few rows, with the variables
/// that they read and fill, and its OrderBatch.
class SqlOrderStore::Statements {
 public:
  Statements(std::shared_ptr<soci::session> session, Dialect& dialect);

  const std::shared_ptr<soci::session>& session() const { return session_; }
  OrderBatch& batch() { return *batch_; }
  ShardState shard(std::int32_t shard);
  bool charge(const LeaseCharge& charge);
  void close(LeaseId id);
  void advance(std::int32_t shard, const ShardEnd& end);
  /// Raises the sales' counts of failed orders.
  void count_failed(std::span<const Order> orders);

 private:
  std::shared_ptr<soci::session> session_;  // outlives all that was prepared on it
  std::unique_ptr<OrderBatch> batch_;

  std::int64_t id_ = 0;      // of the lease, shard or sale asked about
  std::int64_t number_ = 0;  // units to charge, or failed orders

  soci::statement select_shard_;
  ShardEnd end_;
  std::int32_t shards_ = 0;
  std::int64_t now_ = 0;

  soci::statement charge_;
  soci::statement return_unsold_;
  soci::statement close_;
  soci::statement advance_;
  soci::statement count_failed_;
};

SqlOrderStore::Statements::Statements(std::shared_ptr<soci::session> session, Dialect& dialect)
    : session_(std::move(session)),
      batch_(dialect.order_batch(*session_)),
      select_shard_(*session_),
      charge_(*session_),
      return_unsold_(*session_),
      close_(*session_),
      advance_(*session_),
      count_failed_(*session_) {
  select_shard_.exchange(soci::into(end_.seq));
  select_shard_.exchange(soci::into(end_.digest));
  select_shard_.exchange(soci::into(end_.digest_seq));
  select_shard_.exchange(soci::into(shards_));
  select_shard_.exchange(soci::into(now_));
  select_shard_.exchange(soci::use(id_));
  // A subquery's rows are not locked, so the shards do not wait for each other.
  prepare(
      select_shard_,
      fmt::format("SELECT last_seq, digest, digest_seq, (SELECT COUNT(*) FROM queue_shards), {} "
                  "FROM queue_shards WHERE shard = :shard{}",
                  dialect.milliseconds_now(), dialect.for_update()));

  for (auto* number : {&number_, &id_, &number_}) charge_.exchange(soci::use(*number));
  prepare(charge_,
          "UPDATE stock_leases SET sold = sold + :units "
          "WHERE id = :id AND state <> 'closed' AND sold + :more <= granted");

  for (auto* number : {&id_, &id_}) return_unsold_.exchange(soci::use(*number));
  prepare(return_unsold_,
          fmt::format("UPDATE sales SET unleased = unleased + "
                      "(SELECT l.granted - l.sold FROM stock_leases l WHERE l.id = :id), "
                      "last_closed_at = {} "
                      "WHERE id = (SELECT l.sale FROM stock_leases l WHERE l.id = :same "
                      "AND l.state <> 'closed')",
                      dialect.milliseconds_now()));
  close_.exchange(soci::use(id_));
  prepare(close_, "UPDATE stock_leases SET state = 'closed' WHERE id = :id");

  for (auto* number : {&end_.seq, &end_.digest, &end_.digest_seq, &id_}) {
    advance_.exchange(soci::use(*number));
  }
  prepare(advance_,
          "UPDATE queue_shards SET last_seq = :seq, digest = :digest, digest_seq = :up_to "
          "WHERE shard = :shard");

  count_failed_.exchange(soci::use(number_));
  count_failed_.exchange(soci::use(id_));
  prepare(count_failed_, "UPDATE sales SET failed = failed + :orders WHERE id = :id");
}

ShardState SqlOrderStore::Statements::shard(std::int32_t shard) {
  id_ = shard;
  if (!fetch_one(select_shard_)) {
    throw StorageError(StorageError::Kind::kOther,
                       fmt::format("the database has no queue shard {}", shard));
  }
  return {.end = end_, .shards = shards_, .now = to_instant(now_)};
}

bool SqlOrderStore::Statements::charge(const LeaseCharge& charge) {
  id_ = charge.lease.value;
  number_ = charge.units;
  charge_.execute(true);
  return charge_.get_affected_rows() == 1;
}

void SqlOrderStore::Statements::close(LeaseId id) {
  id_ = id.value;
  return_unsold_.execute(true);
  if (return_unsold_.get_affected_rows() == 1) close_.execute(true);
}

void SqlOrderStore::Statements::advance(std::int32_t shard, const ShardEnd& end) {
  id_ = shard;
  end_ = end;
  advance_.execute(true);
}

void SqlOrderStore::Statements::count_failed(std::span<const Order> orders) {
  std::map<std::int64_t, std::int64_t> failed;  // by sale, so rows are locked in order of id
  for (const Order& order : orders) {
    if (order.status == OrderStatus::kFailed) ++failed[order.sale.value];
  }
  for (const auto& [sale, count] : failed) {
    id_ = sale;
    number_ = count;
    count_failed_.execute(true);
  }
}

namespace {

class SqlOrderTransaction final : public OrderTransaction {
  template <class Work>
  auto run(Work work) {
    return transaction_.run([&](soci::session&) { return work(); });
  }

 public:
  SqlOrderTransaction(Database& database, std::unique_ptr<SqlOrderStore::Statements>& statements)
      : transaction_(database, Access::kWrite) {
    if (!statements || statements->session() != transaction_.session()) {
      statements = run([&] {
        return std::make_unique<SqlOrderStore::Statements>(transaction_.session(),
                                                           database.dialect());
      });
    }
    statements_ = statements.get();
  }

  void lock_buyers(std::span<const UserId> ascending) override {
    run([&] { statements_->batch().lock_buyers(ascending); });
  }
  std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) override {
    return run([&] { return statements_->batch().lock_leases(ascending); });
  }
  ShardState lock_shard(std::int32_t shard) override {
    return run([&] { return statements_->shard(shard); });
  }
  std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) override {
    return run([&] { return statements_->batch().orders_of(ascending); });
  }

  void insert(std::span<const Order> orders) override {
    if (orders.empty()) return;
    run([&] {
      statements_->batch().insert(orders);
      statements_->count_failed(orders);
    });
  }
  bool charge(const LeaseCharge& charge) override {
    return run([&] { return statements_->charge(charge); });
  }
  void close(LeaseId lease) override {
    run([&] { statements_->close(lease); });
  }
  void advance_shard(std::int32_t shard, const ShardEnd& end) override {
    run([&] { statements_->advance(shard, end); });
  }
  void commit() override { transaction_.commit(); }

 private:
  Transaction transaction_;
  SqlOrderStore::Statements* statements_ = nullptr;
};

}  // namespace

SqlOrderStore::SqlOrderStore(Database& database) : database_(database) {}
SqlOrderStore::~SqlOrderStore() = default;

std::unique_ptr<OrderTransaction> SqlOrderStore::begin() {
  return std::make_unique<SqlOrderTransaction>(database_, statements_);
}

}  // namespace stampede::repositories::sql

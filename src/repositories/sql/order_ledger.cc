#include "repositories/sql/order_ledger.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>
#include <vector>

#include "repositories/sql/rows.h"

namespace stampede::repositories::sql {
namespace {

/// Buyers that one SELECT looks up: measured, more gain nothing.
constexpr std::size_t kBuyersPerSelect = 50;

std::string select_orders_of() {
  std::string sql = fmt::format("SELECT {} FROM orders o WHERE o.sale = :sale AND o.buyer IN (",
                                OrderRow::kColumns);
  for (std::size_t i = 0; i < kBuyersPerSelect; ++i) {
    sql += fmt::format("{}:b{}", i == 0 ? "" : ", ", i);
  }
  return sql + ')';
}

}  // namespace

/// What the consumer's transaction asks, prepared, each with the variables it reads and fills.
class SqlOrderLedger::Statements {
 public:
  Statements(soci::session& session, std::string_view for_update);

  std::optional<LedgerLease> lease(LeaseId id);
  ShardState shard(std::int32_t shard);
  void orders_of(SaleId sale, std::span<const SaleBuyer> buyers, std::vector<Order>& found);
  void insert(std::span<const Order> orders);
  bool charge(const LedgerCharge& charge);
  void close(LeaseId id);
  void advance(std::int32_t shard, std::int64_t last_seq);

 private:
  /// One row; the statement is read to its end, because it would hold its snapshot otherwise.
  static bool fetch_one(soci::statement& statement) {
    const bool found = statement.execute(true);
    if (found) statement.fetch();
    return found;
  }

  void prepare_leases(std::string_view for_update);
  void prepare_orders();

  std::int64_t id_ = 0;      // of the lease or shard asked about
  std::int64_t number_ = 0;  // units to charge, or the seq to advance to

  soci::statement select_lease_;
  LeaseRow lease_;
  std::int32_t per_buyer_limit_ = 0;

  soci::statement select_shard_;
  std::int64_t last_seq_ = 0;
  std::int32_t shards_ = 0;

  soci::statement select_orders_;
  std::int64_t sale_ = 0;
  std::array<std::int64_t, kBuyersPerSelect> buyers_{};
  OrderRow order_;

  soci::statement insert_;
  std::vector<std::int64_t> numbers_, sales_, order_buyers_, leases_, seqs_, instants_, slots_;
  std::vector<soci::indicator> slot_indicators_;
  std::vector<std::string> intents_, statuses_, reasons_;

  soci::statement charge_;
  soci::statement return_unsold_;
  soci::statement close_;
  soci::statement advance_;
};

SqlOrderLedger::Statements::Statements(soci::session& session, std::string_view for_update)
    : select_lease_(session),
      select_shard_(session),
      select_orders_(session),
      insert_(session),
      charge_(session),
      return_unsold_(session),
      close_(session),
      advance_(session) {
  prepare_leases(for_update);
  prepare_orders();
}

void SqlOrderLedger::Statements::prepare_leases(std::string_view for_update) {
  lease_.define(select_lease_);
  select_lease_.exchange(soci::into(per_buyer_limit_));
  select_lease_.exchange(soci::use(id_));
  prepare(select_lease_, fmt::format("SELECT {}, s.per_buyer_limit FROM stock_leases l "
                                     "JOIN sales s ON s.id = l.sale WHERE l.id = :id{}",
                                     LeaseRow::kColumns, for_update));

  select_shard_.exchange(soci::into(last_seq_));
  select_shard_.exchange(soci::into(shards_));
  select_shard_.exchange(soci::use(id_));
  prepare(select_shard_, fmt::format("SELECT last_seq, (SELECT COUNT(*) FROM queue_shards) "
                                     "FROM queue_shards WHERE shard = :shard{}",
                                     for_update));

  for (auto* number : {&number_, &id_, &number_}) charge_.exchange(soci::use(*number));
  prepare(charge_,
          "UPDATE stock_leases SET sold = sold + :units "
          "WHERE id = :id AND state <> 'closed' AND sold + :more <= granted");

  for (auto* number : {&id_, &id_}) return_unsold_.exchange(soci::use(*number));
  prepare(return_unsold_,
          "UPDATE sales SET unleased = unleased + "
          "(SELECT l.granted - l.sold FROM stock_leases l WHERE l.id = :id) "
          "WHERE id = (SELECT l.sale FROM stock_leases l WHERE l.id = :same "
          "AND l.state <> 'closed')");
  close_.exchange(soci::use(id_));
  prepare(close_, "UPDATE stock_leases SET state = 'closed' WHERE id = :id");

  advance_.exchange(soci::use(number_));
  advance_.exchange(soci::use(id_));
  prepare(advance_, "UPDATE queue_shards SET last_seq = :seq WHERE shard = :shard");
}

void SqlOrderLedger::Statements::prepare_orders() {
  order_.define(select_orders_);
  select_orders_.exchange(soci::use(sale_));
  for (auto& buyer : buyers_) select_orders_.exchange(soci::use(buyer));
  prepare(select_orders_, select_orders_of());

  for (auto* column : {&numbers_, &sales_, &order_buyers_}) insert_.exchange(soci::use(*column));
  insert_.exchange(soci::use(intents_));
  insert_.exchange(soci::use(slots_, slot_indicators_));
  insert_.exchange(soci::use(leases_));
  for (auto* column : {&statuses_, &reasons_}) insert_.exchange(soci::use(*column));
  for (auto* column : {&seqs_, &instants_}) insert_.exchange(soci::use(*column));
  prepare(insert_,
          "INSERT INTO orders (number, sale, buyer, intent, slot, lease, status, reason, seq, "
          "created_at) VALUES (:number, :sale, :buyer, :intent, :slot, :lease, :status, :reason, "
          ":seq, :created_at)");
}

std::optional<LedgerLease> SqlOrderLedger::Statements::lease(LeaseId id) {
  id_ = id.value;
  if (!fetch_one(select_lease_)) return std::nullopt;
  return LedgerLease{.lease = lease_.lease(), .per_buyer_limit = per_buyer_limit_};
}

ShardState SqlOrderLedger::Statements::shard(std::int32_t shard) {
  id_ = shard;
  if (!fetch_one(select_shard_)) {
    throw StorageError(StorageError::Kind::kOther,
                       fmt::format("the database has no queue shard {}", shard));
  }
  return {.last_seq = last_seq_, .shards = shards_};
}

void SqlOrderLedger::Statements::orders_of(SaleId sale, std::span<const SaleBuyer> buyers,
                                           std::vector<Order>& found) {
  sale_ = sale.value;
  for (std::size_t i = 0; i < kBuyersPerSelect; ++i) {
    buyers_[i] = buyers[std::min(i, buyers.size() - 1)].buyer.value;  // a set: the last fills it up
  }
  for (bool more = select_orders_.execute(true); more; more = select_orders_.fetch()) {
    found.push_back(order_.order());
  }
}

void SqlOrderLedger::Statements::insert(std::span<const Order> orders) {
  const std::size_t count = orders.size();
  for (auto* column : {&numbers_, &sales_, &order_buyers_, &leases_, &seqs_, &instants_, &slots_}) {
    column->resize(count);
  }
  for (auto* column : {&intents_, &statuses_, &reasons_}) column->resize(count);
  slot_indicators_.resize(count);
  for (std::size_t i = 0; i < count; ++i) {
    const Order& order = orders[i];
    numbers_[i] = order.number.value;
    sales_[i] = order.sale.value;
    order_buyers_[i] = order.buyer.value;
    intents_[i] = order.intent.text();
    slots_[i] = order.slot.value_or(0);
    slot_indicators_[i] = order.slot ? soci::i_ok : soci::i_null;
    leases_[i] = order.lease.value;
    statuses_[i] = to_column(order.status);
    reasons_[i] = to_string(order.reason);
    seqs_[i] = order.seq;
    instants_[i] = to_column(order.created_at);
  }
  insert_.execute(true);
}

bool SqlOrderLedger::Statements::charge(const LedgerCharge& charge) {
  id_ = charge.lease.value;
  number_ = charge.units;
  charge_.execute(true);
  return charge_.get_affected_rows() == 1;
}

void SqlOrderLedger::Statements::close(LeaseId id) {
  id_ = id.value;
  return_unsold_.execute(true);
  if (return_unsold_.get_affected_rows() == 1) close_.execute(true);
}

void SqlOrderLedger::Statements::advance(std::int32_t shard, std::int64_t last_seq) {
  id_ = shard;
  number_ = last_seq;
  advance_.execute(true);
}

namespace {

class SqlLedgerTransaction final : public LedgerTransaction {
  template <class Work>
  auto run(Work work) {
    return transaction_.run([&](soci::session&) { return work(); });
  }

 public:
  SqlLedgerTransaction(Database& database, std::unique_ptr<SqlOrderLedger::Statements>& statements)
      : transaction_(database, Access::kWrite) {
    if (!statements) {
      statements = transaction_.run([&](soci::session& session) {
        return std::make_unique<SqlOrderLedger::Statements>(session,
                                                            database.dialect().for_update());
      });
    }
    statements_ = statements.get();
  }

  /// SQLite has one writer, and that is this transaction: nobody else decides about any buyer.
  void lock_buyers(std::span<const UserId>) override {}

  std::vector<LedgerLease> lock_leases(std::span<const LeaseId> ascending) override {
    return run([&] {
      std::vector<LedgerLease> leases;
      for (const auto id : ascending) {
        if (auto lease = statements_->lease(id)) leases.push_back(*lease);
      }
      return leases;
    });
  }

  ShardState lock_shard(std::int32_t shard) override {
    return run([&] { return statements_->shard(shard); });
  }

  std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) override {
    return run([&] {
      std::vector<Order> found;
      while (!ascending.empty()) {
        const SaleId sale = ascending.front().sale;
        const auto other = std::ranges::find_if(
            ascending, [&](const SaleBuyer& pair) { return pair.sale != sale; });
        const auto count =
            std::min(static_cast<std::size_t>(other - ascending.begin()), kBuyersPerSelect);
        statements_->orders_of(sale, ascending.first(count), found);
        ascending = ascending.subspan(count);
      }
      return found;
    });
  }

  void insert(std::span<const Order> orders) override {
    if (orders.empty()) return;
    run([&] { statements_->insert(orders); });
  }
  bool charge(const LedgerCharge& charge) override {
    return run([&] { return statements_->charge(charge); });
  }
  void close(LeaseId lease) override {
    run([&] { statements_->close(lease); });
  }
  void advance_shard(std::int32_t shard, std::int64_t last_seq) override {
    run([&] { statements_->advance(shard, last_seq); });
  }
  void commit() override { transaction_.commit(); }

 private:
  Transaction transaction_;
  SqlOrderLedger::Statements* statements_ = nullptr;
};

}  // namespace

SqlOrderLedger::SqlOrderLedger(Database& database) : database_(database) {}
SqlOrderLedger::~SqlOrderLedger() = default;

std::unique_ptr<LedgerTransaction> SqlOrderLedger::begin() {
  return std::make_unique<SqlLedgerTransaction>(database_, statements_);
}

}  // namespace stampede::repositories::sql

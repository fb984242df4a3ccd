#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <optional>
#include <string>

#include "repositories/sql/connection/order_batch.h"
#include "repositories/sql/connection/other_sales.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

/// Buyers that one SELECT looks up. Measured: more made it no faster.
constexpr std::size_t kBuyersPerSelect = 50;

std::string select_orders_of() {
  std::string sql = fmt::format("SELECT {} FROM orders o WHERE o.sale = :sale AND o.buyer IN (",
                                OrderRow::kColumnsNow);
  for (std::size_t i = 0; i < kBuyersPerSelect; ++i) {
    sql += fmt::format("{}:b{}", i == 0 ? "" : ", ", i);
  }
  return sql + ')';
}

/// The statements, prepared, each with the variables it reads and fills.
class PreparedOrderBatch final : public OrderBatch {
 public:
  explicit PreparedOrderBatch(soci::session& session);

  /// SQLite has one writer at a time, this transaction: no other consumer decides about a buyer.
  void lock_buyers(std::span<const UserId>) override {}
  std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) override;
  std::vector<Order> orders_of(std::span<const SaleBuyer> ascending) override;
  void insert(std::span<const Order> orders) override;

 private:
  std::optional<ChargedLease> lease(LeaseId id);
  void add_orders_of(SaleId sale, std::span<const SaleBuyer> buyers, std::vector<Order>& found);

  std::int64_t id_ = 0;  // of the lease asked about
  soci::statement select_lease_;
  LeaseRow lease_;
  std::int32_t per_buyer_limit_ = 0;
  Nullable hold_;
  std::string other_sales_list_;
  OtherSales other_sales_;

  soci::statement select_orders_;
  std::int64_t sale_ = 0;
  std::array<std::int64_t, kBuyersPerSelect> buyers_{};
  OrderRow order_;

  soci::statement insert_;
  std::vector<std::int64_t> numbers_, sales_, order_buyers_, leases_, seqs_, instants_, slots_,
      pay_bys_;
  std::vector<soci::indicator> slot_indicators_, pay_by_indicators_;
  std::vector<std::string> intents_, statuses_, reasons_;
};

PreparedOrderBatch::PreparedOrderBatch(soci::session& session)
    : select_lease_(session), select_orders_(session), insert_(session) {
  lease_.define(select_lease_);
  select_lease_.exchange(soci::into(per_buyer_limit_));
  select_lease_.exchange(into(hold_));
  select_lease_.exchange(soci::into(other_sales_list_));
  select_lease_.exchange(soci::use(id_));
  prepare(select_lease_,
          fmt::format("SELECT {}, s.per_buyer_limit, s.hold_seconds, {} FROM stock_leases l "
                      "JOIN sales s ON s.id = l.sale WHERE l.id = :id",
                      LeaseRow::kColumns, OtherSales::column("l.sale")));

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
  insert_.exchange(soci::use(pay_bys_, pay_by_indicators_));
  prepare(insert_, fmt::format("INSERT INTO orders ({}) VALUES (:number, :sale, :buyer, :intent, "
                               ":slot, :lease, :status, :reason, :seq, :created_at, :pay_by)",
                               OrderRow::kNames));
}

std::vector<ChargedLease> PreparedOrderBatch::lock_leases(std::span<const LeaseId> ascending) {
  std::vector<ChargedLease> leases;
  other_sales_.clear();
  for (const auto id : ascending) {
    if (auto lease = this->lease(id)) leases.push_back(std::move(*lease));
  }
  return leases;
}

std::optional<ChargedLease> PreparedOrderBatch::lease(LeaseId id) {
  id_ = id.value;
  if (!fetch_one(select_lease_)) return std::nullopt;
  other_sales_.note({lease_.sale}, other_sales_list_);
  return ChargedLease{
      .lease = lease_.lease(), .per_buyer_limit = per_buyer_limit_, .hold = hold_of(hold_)};
}

std::vector<Order> PreparedOrderBatch::orders_of(std::span<const SaleBuyer> ascending) {
  std::vector<Order> found;
  for_each_chunk(
      other_sales_.with_others(ascending), kBuyersPerSelect,
      [&](SaleId sale, std::span<const SaleBuyer> buyers) { add_orders_of(sale, buyers, found); });
  return found;
}

void PreparedOrderBatch::add_orders_of(SaleId sale, std::span<const SaleBuyer> buyers,
                                       std::vector<Order>& found) {
  sale_ = sale.value;
  for (std::size_t i = 0; i < kBuyersPerSelect; ++i) {
    buyers_[i] = buyers[std::min(i, buyers.size() - 1)].buyer.value;  // repeats the last one
  }
  for (bool more = select_orders_.execute(true); more; more = select_orders_.fetch()) {
    found.push_back(order_.order());
  }
}

void PreparedOrderBatch::insert(std::span<const Order> orders) {
  const std::size_t count = orders.size();
  for (auto* column :
       {&numbers_, &sales_, &order_buyers_, &leases_, &seqs_, &instants_, &slots_, &pay_bys_}) {
    column->resize(count);
  }
  for (auto* column : {&intents_, &statuses_, &reasons_}) column->resize(count);
  for (auto* indicators : {&slot_indicators_, &pay_by_indicators_}) indicators->resize(count);
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
    pay_bys_[i] = order.pay_by ? to_column(*order.pay_by) : 0;
    pay_by_indicators_[i] = order.pay_by ? soci::i_ok : soci::i_null;
  }
  insert_.execute(true);
}

}  // namespace

std::unique_ptr<OrderBatch> make_prepared_order_batch(soci::session& session) {
  return std::make_unique<PreparedOrderBatch>(session);
}

}  // namespace stampede::repositories::sql

#include "repositories/sql/connection/rows.h"

#include <fmt/format.h>

#include <random>
#include <string_view>

#include "model/orders/order_event.h"
#include "repositories/storage_error.h"

namespace stampede::repositories::sql {
namespace {

/// Orders are read in pages, because MariaDB's client holds a whole result in memory.
constexpr std::size_t kOrdersPerPage = 5'000;

/// Leaves room for ten thousand million changes in 63 bits.
constexpr std::int64_t kMostRevisionStep = 1'000'000'000;

std::optional<OrderStatus> status_named(std::string_view name) {
  for (const auto status : kOrderStatuses) {
    if (name == to_string(status)) return status;
  }
  return std::nullopt;
}

[[noreturn]] void refuse(std::string_view table, std::int64_t id, std::string_view column,
                         std::string_view text) {
  throw StorageError(StorageError::Kind::kOther,
                     fmt::format("table {}, row {}: {} is \"{}\", which no stampede writes", table,
                                 id, column, text));
}

/// As it was created.
FailureReason reason_of(const OrderRow& row) {
  for (const auto reason : {FailureReason::kNone, FailureReason::kTooLate,
                            FailureReason::kLimitReached, FailureReason::kNoUnit}) {
    if (row.reason == to_string(reason)) return reason;
  }
  refuse("orders", row.number, "reason", row.reason);
}

}  // namespace

std::optional<std::chrono::seconds> hold_of(const Nullable& column) {
  if (!column.has_value()) return std::nullopt;
  return std::chrono::seconds{column.value};
}

std::string folded(std::string_view name) {
  std::string lower(name);
  for (char& c : lower) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return lower;
}

std::string to_column(OrderStatus status) {
  return std::string(to_string(status == OrderStatus::kHeld ? OrderStatus::kSuccess : status));
}

std::string to_column(UserRole role) { return std::string(to_string(role)); }

void OrderRow::define(soci::statement& statement) {
  for (auto* column : {&number, &sale, &buyer}) statement.exchange(soci::into(*column));
  statement.exchange(soci::into(intent));
  statement.exchange(into(slot));
  statement.exchange(soci::into(lease));
  statement.exchange(soci::into(status));
  statement.exchange(soci::into(reason));
  statement.exchange(soci::into(seq));
  statement.exchange(soci::into(created_at));
  statement.exchange(into(pay_by));
}

Order OrderRow::order() const {
  const auto key = IdempotencyKey::parse(intent);
  if (!key) refuse("orders", number, "intent", intent);
  auto its_status = status_named(status);
  if (!its_status) refuse("orders", number, "status", status);
  if (*its_status == OrderStatus::kSuccess && pay_by.has_value()) its_status = OrderStatus::kHeld;
  const Order created{.number = {number},
                      .sale = {sale},
                      .buyer = {buyer},
                      .intent = *key,
                      .slot = slot.has_value()
                                  ? std::optional{static_cast<std::int32_t>(slot.value)}
                                  : std::nullopt,
                      .lease = {lease},
                      .reason = reason_of(*this),
                      .seq = seq,
                      .created_at = to_instant(created_at),
                      .pay_by = pay_by.instant()};
  return with_status(created, *its_status);
}

void SaleRow::define(soci::statement& statement) {
  for (auto* column : {&id, &product, &price_cents, &quantity, &unleased}) {
    statement.exchange(soci::into(*column));
  }
  statement.exchange(soci::into(per_buyer_limit));
  statement.exchange(soci::into(starts_at));
  statement.exchange(into(ends_at));
  statement.exchange(soci::into(captcha));
  statement.exchange(into(hold_seconds));
}

std::string SaleRow::not_over() {
  return fmt::format(
      "{} AND (s.unleased > 0 OR s.last_closed_at IS NULL "
      "OR s.last_closed_at + COALESCE(s.hold_seconds, 0) * 1000 > :same "
      "OR EXISTS (SELECT l.id FROM stock_leases l WHERE l.sale = s.id "
      "AND l.state IN ('open', 'fenced')))",
      kNotEnded);
}

Sale SaleRow::sale() const {
  return {.id = {id},
          .product = {product},
          .price_cents = price_cents,
          .quantity = quantity,
          .unleased = unleased,
          .per_buyer_limit = per_buyer_limit,
          .starts_at = to_instant(starts_at),
          .ends_at = ends_at.instant(),
          .captcha = captcha != 0,
          .hold = hold_of(hold_seconds)};
}

void LeaseRow::define(soci::statement& statement) {
  for (auto* column : {&id, &sale, &granted, &sold}) statement.exchange(soci::into(*column));
  for (auto* column : {&state, &holder}) statement.exchange(soci::into(*column));
}

StockLease LeaseRow::lease() const {
  for (const auto known : {LeaseState::kOpen, LeaseState::kFenced, LeaseState::kClosed}) {
    if (state == to_string(known)) {
      return {.id = {id},
              .sale = {sale},
              .granted = granted,
              .sold = sold,
              .state = known,
              .holder = holder};
    }
  }
  refuse("stock_leases", id, "state", state);
}

void UserRow::define(soci::statement& statement) {
  statement.exchange(soci::into(id));
  for (auto* column : {&name, &password_hash, &role}) statement.exchange(soci::into(*column));
  statement.exchange(soci::into(session_epoch));
  statement.exchange(soci::into(created_at));
}

User UserRow::user() const {
  const auto its_role = user_role_named(role);
  if (!its_role) refuse("users", id, "role", role);
  return {.id = {id},
          .name = name,
          .password_hash = password_hash,
          .role = *its_role,
          .session_epoch = session_epoch,
          .created_at = to_instant(created_at)};
}

void visit_orders(soci::session& session, std::int64_t first,
                  const std::function<void(const Order&)>& visit) {
  OrderRow row;
  soci::statement select(session);
  row.define(select);
  select.exchange(soci::use(first));
  prepare(select, fmt::format("SELECT {} FROM orders o WHERE o.number >= :first "
                              "ORDER BY o.number LIMIT {}",
                              OrderRow::kColumnsNow, kOrdersPerPage));
  for (std::size_t rows = kOrdersPerPage; rows == kOrdersPerPage;) {
    rows = 0;
    for (select.execute(); select.fetch(); ++rows) {
      visit(row.order());
      first = row.number + 1;
    }
  }
}

void raise_revision(soci::session& session, const std::string& topic) {
  std::random_device random;
  const auto step = std::uniform_int_distribution<std::int64_t>{1, kMostRevisionStep}(random);
  session << "UPDATE revisions SET revision = revision + :step WHERE topic = :topic",
      soci::use(step), soci::use(topic);
}

Revisions read_revisions(soci::session& session) {
  Revisions revisions;
  session << "SELECT (SELECT revision FROM revisions WHERE topic = 'catalog'), "
             "(SELECT revision FROM revisions WHERE topic = 'blacklist')",
      soci::into(revisions.catalog), soci::into(revisions.blacklist);
  return revisions;
}

}  // namespace stampede::repositories::sql

#pragma once

#include <soci/soci.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "model/catalog/sale.h"
#include "model/orders/order.h"
#include "model/stock_lease.h"
#include "model/time.h"
#include "model/user.h"
#include "repositories/changes.h"

/// How values and rows look in the database. What SOCI is told to use must outlive the statement,
/// temporaries do not: convert into a local variable first.
namespace stampede::repositories::sql {

/// Above every id.
inline constexpr std::int64_t kLastId = std::numeric_limits<std::int64_t>::max();

inline std::int64_t to_column(Instant instant) { return instant.time_since_epoch().count(); }
inline Instant to_instant(std::int64_t column) {
  return Instant{std::chrono::milliseconds{column}};
}
/// orders.status: how an order was created. One that is held says so by its pay_by.
std::string to_column(OrderStatus status);
inline std::optional<std::int64_t> to_column(std::optional<std::chrono::seconds> duration) {
  return duration ? std::optional<std::int64_t>{duration->count()} : std::nullopt;
}
std::string to_column(UserRole role);
/// users.folded_name. Names are ASCII; not std::tolower, which asks the locale.
std::string folded(std::string_view name);

/// A value that may be NULL.
struct Nullable {
  std::int64_t value = 0;
  soci::indicator indicator = soci::i_null;

  Nullable() = default;
  explicit Nullable(std::optional<std::int64_t> number)
      : value(number.value_or(0)), indicator(number ? soci::i_ok : soci::i_null) {}
  explicit Nullable(std::optional<Instant> instant)
      : value(instant ? to_column(*instant) : 0), indicator(instant ? soci::i_ok : soci::i_null) {}
  bool has_value() const { return indicator == soci::i_ok; }
  std::optional<std::int64_t> number() const {
    return has_value() ? std::optional{value} : std::nullopt;
  }
  std::optional<Instant> instant() const {
    return has_value() ? std::optional{to_instant(value)} : std::nullopt;
  }
};
inline auto into(Nullable& column) { return soci::into(column.value, column.indicator); }
/// SOCI keeps a reference to the name until it binds, so the default, a temporary, would be gone.
inline const std::string kByPosition;
inline auto use(Nullable& column) { return soci::use(column.value, column.indicator, kByPosition); }

/// sales.hold_seconds, as Sale::hold.
std::optional<std::chrono::seconds> hold_of(const Nullable& column);

/// The kind of the newest event of `orders o`; NULL where there is none.
inline constexpr std::string_view kNewestKind =
    "(SELECT e.kind FROM order_events e WHERE e.order_number = o.number "
    "ORDER BY e.number DESC LIMIT 1)";

/// `orders o`, as SOCI fills it.
struct OrderRow {
  /// As it was created.
  static constexpr const char* kColumns =
      "o.number, o.sale, o.buyer, o.intent, o.slot, o.lease, o.status, o.reason, o.seq, "
      "o.created_at, o.pay_by";
  /// As it is now: with the status that its newest event gave it.
  static inline const std::string kColumnsNow =
      "o.number, o.sale, o.buyer, o.intent, o.slot, o.lease, COALESCE(" + std::string(kNewestKind) +
      ", o.status) AS status, o.reason, o.seq, o.created_at, o.pay_by";
  static constexpr const char* kNames =  // the same, for INSERT
      "number, sale, buyer, intent, slot, lease, status, reason, seq, created_at, pay_by";
  std::int64_t number = 0, sale = 0, buyer = 0, lease = 0, seq = 0, created_at = 0;
  std::string intent, status, reason;
  Nullable slot, pay_by;

  void define(soci::statement& statement);
  /// Throws StorageError for a row that this program cannot have written.
  Order order() const;
};

/// `sales s`, as SOCI fills it.
struct SaleRow {
  static constexpr const char* kColumns =
      "s.id, s.product, s.price_cents, s.quantity, s.unleased, s.per_buyer_limit, s.starts_at, "
      "s.ends_at, s.captcha, s.hold_seconds";
  /// The condition that Sale::ended_with_holds() is untrue at the time of its one value.
  static constexpr const char* kNotEnded =
      "(s.ends_at IS NULL OR s.ends_at + COALESCE(s.hold_seconds, 0) * 1000 > :after)";
  /// The condition that is_over() (model/catalog/sale_position.h) is untrue at the time of both of
  /// its values.
  static std::string not_over();
  std::int64_t id = 0, product = 0, price_cents = 0, quantity = 0, unleased = 0;
  std::int64_t starts_at = 0;
  std::int32_t per_buyer_limit = 0, captcha = 0;
  Nullable ends_at, hold_seconds;

  void define(soci::statement& statement);
  Sale sale() const;
};

/// `stock_leases l`, as SOCI fills it.
struct LeaseRow {
  static constexpr const char* kColumns = "l.id, l.sale, l.granted, l.sold, l.state, l.holder";
  std::int64_t id = 0, sale = 0, granted = 0, sold = 0;
  std::string state, holder;

  void define(soci::statement& statement);
  StockLease lease() const;
};

/// `users u`, as SOCI fills it.
struct UserRow {
  static constexpr const char* kColumns =
      "u.id, u.name, u.password_hash, u.role, u.session_epoch, u.created_at";
  std::int64_t id = 0, session_epoch = 0, created_at = 0;
  std::string name, password_hash, role;

  void define(soci::statement& statement);
  User user() const;
};

/// Streams the orders from number `first` on as they are now, in order of number. By the primary
/// key and never by the unique index, which would fetch each row from another place.
void visit_orders(soci::session& session, std::int64_t first,
                  const std::function<void(const Order&)>& visit);

/// Call it after exchange() of all that the statement uses and defines, and before execute().
inline void prepare(soci::statement& statement, const std::string& sql) {
  statement.alloc();
  statement.prepare(sql);
  statement.define_and_bind();
}

/// One row; the statement is read to its end, because it would hold its snapshot otherwise.
inline bool fetch_one(soci::statement& statement) {
  const bool found = statement.execute(true);
  if (found) statement.fetch();
  return found;
}

/// Topics for raise_revision(), which is called in the transaction of the change that it counts.
inline constexpr const char* kCatalogRevision = "catalog";
inline constexpr const char* kBlacklistRevision = "blacklist";
inline constexpr const char* kSessionsRevision = "sessions";
/// By a random step: where a failover has lost a change, the next one gets another revision than
/// the lost one, which processes may know already.
void raise_revision(soci::session& session, const std::string& topic);
Revisions read_revisions(soci::session& session);

}  // namespace stampede::repositories::sql

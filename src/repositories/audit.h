#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog/sale.h"
#include "model/orders/order.h"
#include "model/stock_lease.h"

namespace stampede::repositories {

/// Payments of one kind.
struct Money {
  std::int64_t payments = 0;
  std::int64_t cents = 0;
};

/// What `stampede audit` checks of one sale, all from one snapshot.
struct AuditedSale {
  Sale sale;
  std::string product_name;
  std::vector<StockLease> leases;
  std::int64_t active = 0;  // orders that hold a unit
  std::int64_t failed = 0;
  std::int64_t given_back = 0;  // orders that held a unit and were cancelled, or expired
  /// The sale's own count of units that came back from such orders: as many as `given_back`.
  std::int64_t returned = 0;
  Money kept;  // payments of paid orders
  Money refund_due;
  Money refunded;
  /// Paid orders that keep not exactly one payment, of the amount that was paid, and payments that
  /// are kept by no paid order.
  std::int64_t mispaid = 0;
  /// The sale's own count of its failed orders, which the live view shows. Smaller than `failed` if
  /// a consumer of a release without that count wrote some.
  std::int64_t failed_as_counted = 0;
  std::int64_t added_while_on = 0;     // units of sale.quantity that were added after its start
  std::int64_t buyers_over_limit = 0;  // buyers with more active orders than the limit
  std::int64_t doubled_intents = 0;    // (buyer, intent) pairs with more than one row
  /// Orders that hold a unit or gave it back, charged to each lease do not equal its `sold` column:
  /// one entry a lease.
  std::vector<LeaseId> mischarged_leases;
};

/// Reads for the audit. Thread-safe; calls block.
class Audit {
 public:
  virtual ~Audit() = default;
  virtual std::vector<AuditedSale> audited_sales() = 0;  // in order of id
  /// Every order of the sale as it is now, failed ones too, in order of number.
  virtual void for_each_order(SaleId sale, const std::function<void(const Order&)>& visit) = 0;
};

/// The changes that operators made: who, what and when. Entries are kept for good. Thread-safe;
/// calls block.
class AuditLog {
 public:
  virtual ~AuditLog() = default;
  struct Entry {
    std::int64_t id = 0;
    std::string actor;    // "cli:alice", "console:alice"
    std::string action;   // "sale end"
    std::string subject;  // "sale 3"
    Instant at;
  };

  /// The longest subject that can be stored, in characters. The caller cuts a longer one.
  static constexpr std::size_t kLongestSubject = 255;

  virtual void append(std::string_view actor, std::string_view action, std::string_view subject,
                      Instant now) = 0;
  /// Newest first, at most `limit`, ids below `before` (0: from the newest on).
  virtual std::vector<Entry> list(std::int64_t before, std::size_t limit) = 0;
};

}  // namespace stampede::repositories

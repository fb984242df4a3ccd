#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "model/catalog/sale.h"
#include "model/catalog/sale_position.h"
#include "model/ids.h"
#include "model/member.h"
#include "model/orders/check_counts.h"
#include "model/orders/order.h"
#include "model/stock_lease.h"
#include "model/time.h"
#include "model/user.h"

namespace stampede::peers {

/// An order as validators are told it: one that is paid as one that asks for no payment, which is
/// as final to them, and `pay_by` only while it is held.
inline Order as_told(Order order) {
  if (order.status == OrderStatus::kPaid) order.status = OrderStatus::kSuccess;
  if (order.status != OrderStatus::kHeld) order.pay_by.reset();
  return order;
}

/// What a validator tells quantity control twice a second (docs/design.md#heartbeat).
struct Heartbeat {
  Member member;
  bool leaving = false;            // it stops: its buyers go to others at once
  bool publishes = true;           // false: the broker takes no purchases from it
  std::int64_t ring_epoch = 0;     // what it knows; 0: nothing
  std::string ring_nonce;          // of that epoch; empty: nothing
  std::int64_t leader_epoch = 0;   // the greatest of all replies; 0: none
  std::vector<LeaseId> leases;     // to renew
  std::vector<LeaseId> undecided;  // with a purchase that has had no outcome for long
  LeaseId newest_lease;            // the greatest that it has heard of; 0: none

  std::int64_t catalog_revision = -1;  // what it knows; -1: nothing
  std::int64_t blacklist_revision = -1;
  std::int64_t sessions_revision = -1;  // of raised session epochs
  std::vector<std::int64_t> cursors;    // seq of the last order known, of each shard; empty: none
  std::vector<std::string> order_digests;  // as the reply with those cursors had them

  std::vector<BlacklistEntry> blacklisted;  // automatic entries, to be kept
  std::optional<CheckCounts> counts;        // since it began, for the console
};

struct HeartbeatReply {
  /// Rises with each quantity control that becomes the leader; 0: not told.
  std::int64_t leader_epoch = 0;
  /// By the database's clock, when the reply was made; 0: not told.
  Instant database_time;

  /// 0: not told, because quantity control is not sure which ring stands. No word for a *no* is
  /// given then.
  std::int64_t ring_epoch = 0;
  /// Drawn with the epoch: the same epoch with another nonce is another ring. Empty: not told.
  std::string ring_nonce;
  std::string hash_key;               // of the ring, 32 hexadecimal digits
  int virtual_nodes = kVirtualNodes;  // of each member
  std::vector<Member> members;
  LeaseId newest_lease;  // the last one granted before this ring's epoch

  std::vector<LeaseId> renewed;  // of those asked for
  /// Every lease below it is closed, and `orders` has all that became of them. No lease granted
  /// after this reply is below it.
  LeaseId oldest_open;
  /// Those of the heartbeat's `undecided` that are closed too, whatever older one is not.
  std::vector<LeaseId> closed;
  std::vector<SaleId> recalled;  // whose idle units another validator waits for
  /// In one snapshot. Of each sale itself only the id and the unleased units are told; not told is
  /// what was sold or failed.
  std::vector<SalePosition> stock;

  std::int64_t catalog_revision = 0;
  std::optional<std::vector<Sale>> sales;  // if the revision is another than the one known
  std::int64_t blacklist_revision = 0;
  std::optional<std::vector<BlacklistEntry>> blacklist;  // likewise
  std::int64_t sessions_revision = -1;                   // -1: not told
  std::vector<std::pair<UserId, SessionEpoch>> epochs;   // raised since
  std::vector<Order> orders;                             // since the cursors, failed ones too
  std::vector<std::int64_t> cursors;                     // behind `orders`
  /// Which orders there are up to each cursor, in words of quantity control; to be sent back as
  /// they came. By them it knows a database that lost its tail and went on with other orders.
  std::vector<std::string> order_digests;
  bool more = false;  // there are more orders: ask again at once
  /// The database has lost its tail, and with it orders up to the cursors that were sent. These
  /// cursors are to be forgotten. `orders` and `cursors` of this reply mean nothing.
  bool start_over = false;
};

/// A validator asks for a lease; sent again with the same number, it is the same request.
struct LeaseAsk {
  std::string holder;  // Member::holder()
  std::int64_t number = 0;
  SaleId sale;
  std::int64_t ring_epoch = 0;
  std::string ring_nonce = {};               // of that epoch; empty: not told
  std::optional<Sale> known = std::nullopt;  // the sale, by which the holder will sell; none: older
};

struct LeaseReply {
  std::optional<StockLease> lease;  // none: see `refusal`
  enum class Refusal {
    kNone,
    kNoUnits,
    kNotOnSale,
    kStaleRing,
    kOtherTerms,  // than the ask knows: the sales are to be read again
  } refusal = Refusal::kNone;
};

}  // namespace stampede::peers

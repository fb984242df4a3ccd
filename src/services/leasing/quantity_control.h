#pragma once

#include <expected>
#include <map>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "peers/cluster_report.h"
#include "peers/messages.h"
#include "queue/order_queue.h"
#include "repositories/accounts.h"
#include "repositories/blacklist.h"
#include "repositories/catalog.h"
#include "repositories/changes.h"
#include "repositories/leases.h"
#include "repositories/members.h"
#include "repositories/orders.h"
#include "services/leasing/grantor.h"
#include "services/leasing/terms.h"

namespace stampede::services::leasing {

/// Quantity control: grants leases, keeps the ring's members, and spreads what changed. All it
/// knows is in the database, so that it can be restarted at any time. Thread-safe; calls block.
/// Throws repositories::StorageError.
class QuantityControl {
 public:
  struct Parts {
    repositories::Leases& leases;
    repositories::Members& members;
    repositories::Orders& orders;
    repositories::Catalog& catalog;
    repositories::Blacklist& blacklist;
    repositories::Accounts& accounts;
    repositories::Changes& changes;
    queue::OrderQueue& markers;
  };
  QuantityControl(const Parts& parts, const Terms& terms);

  /// An error, in words, if another live process has that node's name.
  std::expected<peers::HeartbeatReply, std::string> beat(const peers::Heartbeat& heartbeat,
                                                         Now now);
  peers::LeaseReply ask(const peers::LeaseAsk& ask, Now now);
  /// Closes what dead holders left and takes them off the ring. To be called a few times a second.
  void review(Now now);

  peers::ClusterReport report() const;

 private:
  struct Present {
    Member member;
    Tick seen;
    std::vector<std::pair<std::string, double>> counters;
  };

  // With mutex_ held:
  void recover(Now now);
  std::expected<void, std::string> note_member(const peers::Heartbeat& heartbeat, Now now);
  void update_ring(Now now);
  void add_news(const peers::Heartbeat& heartbeat, peers::HeartbeatReply& reply, Now now);
  void add_orders(const peers::Heartbeat& heartbeat, peers::HeartbeatReply& reply, Now now);

  const Parts parts_;
  const Terms terms_;
  mutable std::mutex mutex_;
  Grantor grantor_;                         // guarded by mutex_
  std::map<std::string, Present> present_;  // guarded by mutex_; by node
  repositories::RingState ring_;            // guarded by mutex_
  repositories::Revisions revisions_;       // guarded by mutex_
  std::set<std::string> left_;              // guarded by mutex_; holders that took their leave
  std::optional<Tick> reviewed_;            // guarded by mutex_
  bool recovered_ = false;                  // guarded by mutex_
};

}  // namespace stampede::services::leasing

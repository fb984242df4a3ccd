#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <string>

#include "peers/cluster_report.h"
#include "peers/messages.h"
#include "repositories/leasing/members.h"
#include "services/leasing/lease_times.h"

namespace stampede::services::leasing {

/// The ring of validators in one leader's term: the members that were heard of, and the ring that
/// the database was told last. A database that failed over may have lost that one, or hold one
/// whose commit was not answered: then it is read again, or changed again, before it is told. Not
/// thread-safe.
class RingKeeper {
 public:
  /// As the database has it at `now`: every member counts as just heard of. `virtual_nodes`: of the
  /// rings to come.
  RingKeeper(repositories::RingState ring, std::int64_t virtual_nodes, const LeaseTimes& times,
             Tick now);

  /// What this process knew in an earlier term: the ring, which the database may have lost since,
  /// and the processes that have left it.
  void continue_from(const RingKeeper& earlier);
  /// Makes the sender a member, or removes one that leaves. An error, in words, where another live
  /// process has that node's name, or the sender had left before.
  std::optional<std::string> note_member(const peers::Heartbeat& heartbeat, Tick now);
  /// Whether the broker takes no purchases from the sender, while it takes those of another member
  /// that was heard of lately. Remembers what the sender says of itself.
  bool sells_nothing(const peers::Heartbeat& heartbeat, Tick now);
  /// Takes members off who were silent for too long. To be called several times a second: where it
  /// was not, this process was suspended and has missed heartbeats.
  void take_off_who_is_silent(Tick now);
  /// A validator has reported that ring.
  void note_ring(std::int64_t epoch, const std::string& nonce);
  /// The database may hold another ring than it was told.
  void doubt() { known_ = false; }

  /// Gives the database the ring of the members that there are, if it has another. Throws
  /// repositories::StorageError and NoLongerLeader; then the ring is in doubt.
  void update(repositories::Members& members, const repositories::Term& term, Instant now);
  /// The request is made by the ring that the database holds. Two rings have one epoch where the
  /// database has lost the first: they differ in their nonce, which older validators do not tell.
  bool stands(const peers::LeaseAsk& ask) const;
  const repositories::RingState& ring() const { return ring_; }
  /// A ring in doubt is not told: others may decide by another one.
  void tell(peers::HeartbeatReply& reply) const;

  std::int64_t size() const { return std::ssize(members_); }
  peers::ClusterReport report() const;

 private:
  struct KnownMember {
    Member member;
    Tick seen;
    std::optional<CheckCounts> counts = std::nullopt;
    bool publishes = false;
  };

  void note_stored(repositories::RingState stored);

  const std::int64_t virtual_nodes_;
  const LeaseTimes times_;
  std::map<std::string, KnownMember> members_;  // by node
  std::set<std::string> left_;                  // holders that took their leave
  repositories::RingState ring_;
  bool known_ = true;
  bool unanswered_ = false;  // a change of that ring, which may be made at any time
  std::int64_t above_ = 0;   // an epoch that was reported; the next ring's is greater
  std::optional<Tick> reviewed_;
};

}  // namespace stampede::services::leasing

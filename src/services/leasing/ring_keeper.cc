#include "services/leasing/ring_keeper.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

namespace stampede::services::leasing {

RingKeeper::RingKeeper(repositories::RingState ring, std::int64_t virtual_nodes,
                       const LeaseTimes& times, Tick now)
    : virtual_nodes_(virtual_nodes), times_(times), ring_(std::move(ring)) {
  for (const Member& member : ring_.members) {
    members_.try_emplace(member.node, KnownMember{.member = member, .seen = now});
  }
}

void RingKeeper::continue_from(const RingKeeper& earlier) {
  note_ring(earlier.ring_.epoch, earlier.ring_.nonce);
  left_ = earlier.left_;
}

std::optional<std::string> RingKeeper::note_member(const peers::Heartbeat& heartbeat, Tick now) {
  const Member& member = heartbeat.member;
  const auto found = members_.find(member.node);
  if (found != members_.end()) {
    const KnownMember& known = found->second;
    const auto silent = now - known.seen;
    if (known.member.incarnation != member.incarnation && silent <= times_.lost) {
      return fmt::format("the node name \"{}\" is taken: the process at {} was heard of {} ms ago",
                         member.node, known.member.address,
                         std::chrono::duration_cast<std::chrono::milliseconds>(silent).count());
    }
  }
  // Served behind a later one of the same process: it tells nothing new.
  const bool late =
      found != members_.end() && found->second.member == member && now < found->second.seen;
  if (heartbeat.leaving) {
    members_.erase(member.node);
    left_.insert(member.holder());
  } else if (left_.contains(member.holder())) {
    return "this process has left the ring; its heartbeat came late";
  } else if (!late) {
    members_[member.node] = {.member = member,
                             .seen = now,
                             .counts = heartbeat.counts,
                             .publishes = heartbeat.publishes};
  }
  return std::nullopt;
}

bool RingKeeper::sells_nothing(const peers::Heartbeat& heartbeat, Tick now) {
  if (heartbeat.publishes || heartbeat.leaving) return false;
  const auto sender = members_.find(heartbeat.member.node);
  // Also where it counts as silent then: else two that lost the broker would wait for each other.
  if (sender != members_.end() && sender->second.member == heartbeat.member) {
    sender->second.publishes = false;
  }
  return std::ranges::any_of(members_, [&](const auto& entry) {
    return entry.second.publishes && now - entry.second.seen <= times_.lost;
  });
}

void RingKeeper::take_off_who_is_silent(Tick now) {
  if (reviewed_ && now - *reviewed_ > times_.sure) {
    for (auto& [node, known] : members_) known.seen = now;
  }
  reviewed_ = now;
  std::erase_if(members_, [&](const auto& entry) { return now - entry.second.seen > times_.lost; });
}

/// A validator that knows a ring which the database does not know has it from before a failover in
/// which the database lost its tail. The next ring's epoch is greater, so that no two rings have
/// one epoch.
void RingKeeper::note_ring(std::int64_t epoch, const std::string& nonce) {
  const bool another = epoch == ring_.epoch && !nonce.empty() && nonce != ring_.nonce;
  if (epoch > ring_.epoch || another) above_ = std::max(above_, epoch);
}

/// A ring that this process has told or heard of, and that the database holds no more, was lost in
/// a failover.
void RingKeeper::note_stored(repositories::RingState stored) {
  const auto before = std::exchange(ring_, std::move(stored));
  note_ring(before.epoch, before.nonce);
}

/// Compares with what the database was told last, so that a change that failed is made again. One
/// whose answer was lost may be made at any time, until another is: both replace the ring of one
/// epoch, and the database takes the first of them alone.
void RingKeeper::update(repositories::Members& members, const repositories::Term& term,
                        Instant now) {
  std::vector<Member> heard_of;
  for (const auto& [node, known] : members_) heard_of.push_back(known.member);
  const auto up_to_date = [&] {
    const bool known_elsewhere = above_ > 0 && ring_.epoch <= above_;
    return heard_of == ring_.members && !known_elsewhere && ring_.virtual_nodes == virtual_nodes_;
  };
  if (!known_ && !unanswered_) note_stored(members.ring());
  known_ = !unanswered_ && up_to_date();
  if (known_) return;
  unanswered_ = true;
  note_stored(members.replace(
      term,
      {.epoch = ring_.epoch, .above = above_, .members = heard_of, .virtual_nodes = virtual_nodes_},
      now));
  unanswered_ = false;
  // Another one where a change that had failed was made after all.
  known_ = up_to_date();
}

void RingKeeper::tell(peers::HeartbeatReply& reply) const {
  reply.hash_key = ring_.hash_key;
  reply.virtual_nodes = static_cast<int>(ring_.virtual_nodes);
  reply.newest_lease = ring_.newest_lease;
  if (!known_) return;
  reply.ring_epoch = ring_.epoch;
  reply.ring_nonce = ring_.nonce;
  reply.members = ring_.members;
}

bool RingKeeper::stands(const peers::LeaseAsk& ask) const {
  return known_ && ask.ring_epoch == ring_.epoch &&
         (ask.ring_nonce.empty() || ask.ring_nonce == ring_.nonce);
}

peers::ClusterReport RingKeeper::report() const {
  peers::ClusterReport report{.ring_epoch = ring_.epoch, .nodes = {}};
  for (const auto& [node, known] : members_) {
    report.nodes.push_back({known.member, known.counts});
  }
  return report;
}

}  // namespace stampede::services::leasing

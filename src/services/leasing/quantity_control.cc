#include "services/leasing/quantity_control.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/retention.h"
#include "repositories/storage_error.h"
#include "services/leasing/order_news.h"
#include "telemetry/log.h"

namespace stampede::services::leasing {
namespace {

using peers::HeartbeatReply;
using peers::LeaseReply;
using repositories::NoLongerLeader;
using repositories::StorageError;

/// Older sessions have ended; the clocks of those who gave them out may have been wrong.
constexpr std::chrono::hours kSessionsKept{24};

QuantityControl::Refusal standby() {
  return {QuantityControl::Refusal::Kind::kStandby,
          "this process stands by: another leads, or none yet"};
}

}  // namespace

QuantityControl::QuantityControl(const Parts& parts, const Terms& terms)
    : parts_(parts), terms_(terms), leader_(parts.leadership, parts.holder, terms) {}

QuantityControl::Memory* QuantityControl::remembered(const Term& term) {
  return memory_ && memory_->term == term ? &*memory_ : nullptr;
}

bool QuantityControl::lead(Now now) {
  leader_.step(now.tick);
  const auto term = leader_.term(now.tick);
  if (term) leader_epoch_ = term->epoch;
  const std::lock_guard lock(mutex_);
  if (!term) memory_.reset();
  return term && remembered(*term) == nullptr;
}

void QuantityControl::recover(Now now) {
  const auto term = leader_.term(now.tick);
  if (!term) return;
  Memory memory{.term = *term, .grantor = Grantor(parts_.markers, terms_)};
  memory.ring = parts_.members.ring();
  memory.grantor.saw(memory.ring.newest_lease);
  memory.grantor.read(parts_.leases.not_closed(), now.tick);
  for (const Member& member : memory.ring.members)
    memory.present.try_emplace(member.node, Present{.member = member, .seen = now.tick});
  const std::lock_guard lock(mutex_);
  if (remembered(*term) == nullptr) memory_.emplace(std::move(memory));
}

void QuantityControl::resign() {
  {
    const std::lock_guard lock(mutex_);
    memory_.reset();
  }
  leader_.resign();
}

template <class Result, class Work>
std::expected<Result, QuantityControl::Refusal> QuantityControl::in_term(Tick now, Work work) {
  const auto term = leader_.term(now);
  if (!term) return std::unexpected(standby());
  try {
    return work(*term);
  } catch (const NoLongerLeader&) {
    leader_.lost(*term);
    return std::unexpected(standby());
  }
}

template <class Work>
bool QuantityControl::part(Work work, bool needed) {
  try {
    work();
    return true;
  } catch (const StorageError& error) {
    if (needed) throw;
    ++left_out_;
    if (left_out_log_.admits()) {
      telemetry::log_warning("a part of a heartbeat's reply is left out", "reason=\"{}\"",
                             error.what());
    }
    return false;
  }
}

std::expected<HeartbeatReply, QuantityControl::Refusal> QuantityControl::beat(
    const peers::Heartbeat& heartbeat, Now now) {
  // Somebody heard of a leader that the database has lost.
  if (leads(now.tick) && heartbeat.leader_epoch > leader_epoch_) {
    leader_.raise_above(heartbeat.leader_epoch);
    return std::unexpected(standby());
  }
  return in_term<HeartbeatReply>(
      now.tick, [&](const Term& term) -> std::expected<HeartbeatReply, Refusal> {
        save_blacklist(heartbeat.blacklisted);
        auto reply = answer(heartbeat, term, now);
        if (!reply) return reply;
        // Who has no orders yet would begin to sell without them.
        const bool all =
            part([&] { add_orders(parts_.orders, heartbeat, *reply, now.wall, terms_); },
                 heartbeat.cursors.empty());
        if (!all) {
          reply->oldest_open = kNoneClosed;
          reply->more = true;  // without it, all orders would count as known
        }
        // The reply was made while this term stood, and so before another leader counted the
        // leases and the members as just heard of: whatever it promises, that one waits longer.
        const auto time = parts_.leadership.standing(term);
        if (!time) throw NoLongerLeader(term);
        reply->database_time = *time;
        return reply;
      });
}

std::expected<HeartbeatReply, QuantityControl::Refusal> QuantityControl::answer(
    const peers::Heartbeat& heartbeat, const Term& term, Now now) {
  const std::lock_guard lock(mutex_);
  Memory* memory = remembered(term);
  if (memory == nullptr) return std::unexpected(standby());
  if (auto refusal = note_member(heartbeat, *memory, terms_, now.tick)) {
    return std::unexpected(std::move(*refusal));
  }
  note_ring(heartbeat, *memory);
  part([&] { update_ring(*memory, now); });

  HeartbeatReply reply{.leader_epoch = term.epoch,
                       .ring_epoch = memory->ring.epoch,
                       .ring_nonce = memory->ring.nonce,
                       .hash_key = memory->ring.hash_key,
                       .virtual_nodes = static_cast<int>(memory->ring.virtual_nodes),
                       .members = memory->ring.members,
                       .newest_lease = memory->ring.newest_lease};
  const std::string holder = heartbeat.member.holder();
  // Before the orders are read: they tell what became of those that are closed.
  const bool read = part([&] { memory->grantor.read(parts_.leases.not_closed(), now.tick); });
  reply.oldest_open = read ? memory->grantor.oldest_open() : kNoneClosed;
  reply.renewed = memory->grantor.renew(holder, heartbeat.leases, now.tick);
  reply.recalled = memory->grantor.recalled(holder, now.tick);
  const bool told = part([&] {
    // Those that ended lately too: their leases close last, and only then is all known of them.
    reply.stock = parts_.leases.stock(now.wall - kRetention);
  });
  // Else a sale that has ended and of which no unit is told would count as concluded.
  reply.more = !told;
  add_news(heartbeat, reply, *memory, now);
  return reply;
}

std::optional<QuantityControl::Refusal> QuantityControl::note_member(
    const peers::Heartbeat& heartbeat, Memory& memory, const Terms& terms, Tick now) {
  const Member& member = heartbeat.member;
  const auto found = memory.present.find(member.node);
  if (found != memory.present.end()) {
    const Present& known = found->second;
    const auto silent = now - known.seen;
    if (known.member.incarnation != member.incarnation && silent <= terms.lost) {
      return Refusal{
          Refusal::Kind::kNodeTaken,
          fmt::format("the node name \"{}\" is taken: the process at {} was heard of {} ms ago",
                      member.node, known.member.address,
                      std::chrono::duration_cast<std::chrono::milliseconds>(silent).count())};
    }
  }
  if (heartbeat.leaving) {
    memory.present.erase(member.node);
    memory.left.insert(member.holder());
  } else if (memory.left.contains(member.holder())) {
    return Refusal{Refusal::Kind::kNodeTaken,
                   "this process has left the ring; its heartbeat came late"};
  } else {
    memory.present[member.node] = {.member = member, .seen = now, .counts = heartbeat.counts};
  }
  return std::nullopt;
}

/// A validator that knows a ring which the database does not has it from before a failover in which
/// the database lost its tail. The next ring's epoch is beyond that, so that nobody takes two rings
/// for one.
void QuantityControl::note_ring(const peers::Heartbeat& heartbeat, Memory& memory) {
  const auto& ring = memory.ring;
  const bool another = heartbeat.ring_epoch == ring.epoch && !heartbeat.ring_nonce.empty() &&
                       heartbeat.ring_nonce != ring.nonce;
  if (heartbeat.ring_epoch > ring.epoch || another) {
    memory.ring_above = std::max(memory.ring_above, heartbeat.ring_epoch);
  }
}

/// Compares with what the database was told last, so that a change that failed is made again.
void QuantityControl::update_ring(Memory& memory, Now now) {
  if (!memory.ring_known) memory.ring = parts_.members.ring();
  memory.ring_known = true;
  std::vector<Member> members;
  for (const auto& [node, present] : memory.present) members.push_back(present.member);
  const bool known_elsewhere = memory.ring_above > 0 && memory.ring.epoch <= memory.ring_above;
  if (members == memory.ring.members && !known_elsewhere &&
      memory.ring.virtual_nodes == parts_.virtual_nodes) {
    return;
  }
  memory.ring_known = false;  // until it is known what the database holds
  memory.ring = parts_.members.replace(memory.term,
                                       {.epoch = memory.ring.epoch,
                                        .above = memory.ring_above,
                                        .members = members,
                                        .virtual_nodes = parts_.virtual_nodes},
                                       now.wall);
  memory.grantor.saw(memory.ring.newest_lease);
  memory.ring_known = true;
}

void QuantityControl::add_news(const peers::Heartbeat& heartbeat, HeartbeatReply& reply,
                               Memory& memory, Now now) {
  part([&] {
    if (const auto revisions = parts_.changes.poll()) memory.revisions = *revisions;
  });
  const auto& revisions = memory.revisions;
  // What a validator has never had, it must not begin without.
  reply.catalog_revision = revisions.catalog;
  if (heartbeat.catalog_revision != revisions.catalog) {
    part([&] { reply.sales = parts_.catalog.sales(); }, heartbeat.catalog_revision < 0);
  }
  reply.blacklist_revision = revisions.blacklist;
  if (heartbeat.blacklist_revision != revisions.blacklist) {
    part([&] { reply.blacklist = parts_.blacklist.list(now.wall); },
         heartbeat.blacklist_revision < 0);
  }
  part(
      [&] {
        auto raised =
            parts_.accounts.epochs_raised(heartbeat.sessions_revision, now.wall - kSessionsKept);
        reply.sessions_revision = raised.revision;
        reply.epochs = std::move(raised.epochs);
      },
      heartbeat.sessions_revision < 0);
}

/// An entry that the database does not take now is kept and put again.
void QuantityControl::save_blacklist(const std::vector<BlacklistEntry>& entries) {
  std::vector<BlacklistEntry> due;
  {
    const std::lock_guard lock(mutex_);
    due = std::exchange(unsaved_, {});
  }
  due.insert(due.end(), entries.begin(), entries.end());
  if (due.empty() || part([&] { parts_.blacklist.put(due); })) return;
  const std::lock_guard lock(mutex_);
  unsaved_.insert(unsaved_.end(), due.begin(), due.end());
}

std::expected<LeaseReply, QuantityControl::Refusal> QuantityControl::ask(const peers::LeaseAsk& ask,
                                                                         Now now) {
  using Reason = LeaseReply::Refusal;
  return in_term<LeaseReply>(now.tick, [&](const Term& term) -> std::expected<LeaseReply, Refusal> {
    std::int64_t validators = 0;
    {
      const std::lock_guard lock(mutex_);
      const Memory* memory = remembered(term);
      if (memory == nullptr) return std::unexpected(standby());
      // Who decides by an older ring would sell to buyers that are another's now.
      if (ask.ring_epoch != memory->ring.epoch || !memory->ring_known) {
        return LeaseReply{.lease = {}, .refusal = Reason::kStaleRing};
      }
      validators = static_cast<std::int64_t>(memory->present.size());
    }
    const auto sale = parts_.catalog.sale(ask.sale);
    if (!sale || sale->ended(now.wall) || !sale->terms_fixed(now.wall)) {
      return LeaseReply{.lease = {}, .refusal = Reason::kNotOnSale};
    }
    auto lease = parts_.grants.grant(term,
                                     {.holder = ask.holder,
                                      .number = ask.number,
                                      .sale = ask.sale,
                                      .ring_epoch = ask.ring_epoch},
                                     lease_size(sale->unleased, validators, terms_), now.wall);
    const std::lock_guard lock(mutex_);
    Memory* memory = remembered(term);
    if (memory == nullptr) return std::unexpected(standby());
    if (lease && memory->grantor.granted(*lease, now.tick)) return LeaseReply{.lease = lease};
    memory->grantor.refused(ask, now.tick);
    return LeaseReply{.lease = std::nullopt, .refusal = Reason::kNoUnits};
  });
}

void QuantityControl::review(Now now) {
  (void)in_term<bool>(now.tick, [&](const Term& term) -> std::expected<bool, Refusal> {
    save_blacklist({});
    std::vector<LeaseId> to_fence;
    {
      const std::lock_guard lock(mutex_);
      Memory* memory = remembered(term);
      if (memory == nullptr) return false;
      // A process that was suspended has missed heartbeats.
      if (memory->reviewed && now.tick - *memory->reviewed > terms_.sure) {
        for (auto& [node, present] : memory->present) present.seen = now.tick;
      }
      memory->reviewed = now.tick;
      std::erase_if(memory->present,
                    [&](const auto& entry) { return now.tick - entry.second.seen > terms_.lost; });
      update_ring(*memory, now);
      memory->grantor.read(parts_.leases.not_closed(), now.tick);
      to_fence = memory->grantor.to_fence(now.tick);
    }
    for (const LeaseId lease : to_fence) {
      parts_.leases.fence(term, lease);  // may wait for the lease's row
      const std::lock_guard lock(mutex_);
      if (Memory* memory = remembered(term)) memory->grantor.fenced(lease);
    }
    const std::lock_guard lock(mutex_);
    if (Memory* memory = remembered(term)) memory->grantor.send_markers(now.tick);
    return true;
  });
}

std::expected<peers::ClusterReport, QuantityControl::Refusal> QuantityControl::report(
    Now now) const {
  const auto term = leader_.term(now.tick);
  const std::lock_guard lock(mutex_);
  if (!term || !memory_ || memory_->term != *term) return std::unexpected(standby());
  peers::ClusterReport report{.ring_epoch = memory_->ring.epoch, .nodes = {}};
  for (const auto& [node, present] : memory_->present) {
    report.nodes.push_back({present.member, present.counts});
  }
  return report;
}

}  // namespace stampede::services::leasing

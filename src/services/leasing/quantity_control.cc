#include "services/leasing/quantity_control.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <utility>

#include "model/retention.h"
#include "repositories/storage_error.h"
#include "services/leasing/order_news.h"
#include "telemetry/log.h"

namespace stampede::services::leasing {
namespace {

using concurrency::MutexLock;
using peers::HeartbeatReply;
using peers::LeaseReply;
using repositories::NoGrant;
using repositories::NoLongerLeader;
using repositories::StorageError;
using repositories::TakenTerm;

QuantityControl::Refusal standby() {
  return {QuantityControl::Refusal::Kind::kStandby,
          "this process stands by: another leads, or none yet"};
}

QuantityControl::Refusal sells_nothing(const std::string& node) {
  return {QuantityControl::Refusal::Kind::kSellsNothing,
          fmt::format("the broker takes no purchases from \"{}\", and takes those of others: they "
                      "get its buyers until it publishes again",
                      node)};
}

}  // namespace

QuantityControl::QuantityControl(const Parts& parts, const LeaseTimes& times)
    : parts_(parts), times_(times), leader_(parts.leadership, parts.holder, times) {}

QuantityControl::Memory* QuantityControl::remembered(const Term& term) {
  return memory_ && memory_->term == term ? &*memory_ : nullptr;
}

bool QuantityControl::lead(Now now) {
  leader_.step(now.tick);
  const auto term = leader_.term(now.tick);
  if (term) leader_epoch_ = term->epoch;
  // Without mutex_: a heartbeat that waits for the database must not make this wait.
  if (!term || recovered_ == term) knows_nothing_since_.reset();
  if (!term) {
    if (asked_in_vain_.exchange(false)) leader_.note_standby_asked();
    return false;
  }
  asked_in_vain_ = false;
  if (recovered_ == term) {
    const bool unheard = now.tick - std::max(answered_.load(), recovered_at_) >= times_.unheard;
    if (unheard && leader_.standby_asked()) {
      give_up(now.tick, "answered no heartbeat");
    } else if (lacks_broker(now.tick)) {
      gave_up_without_broker_ = true;
      give_up(now.tick, "has no broker that takes close markers");
    }
    return false;
  }
  if (!knows_nothing_since_) knows_nothing_since_ = now.tick;
  if (now.tick - *knows_nothing_since_ < times_.recover) return true;
  give_up(now.tick, "could not read what a leader has to know");
  return false;
}

/// Several heartbeats are answered at a time, some of them late.
void QuantityControl::note_answered(Tick asked) {
  Tick before = answered_;
  while (before < asked && !answered_.compare_exchange_weak(before, asked)) {
  }
}

/// Where no process has a broker, the lead is given up once by each, and then stays.
bool QuantityControl::lacks_broker(Tick now) {
  if (!parts_.can_mark || parts_.can_mark()) {
    could_mark_ = now;
    gave_up_without_broker_ = false;
  }
  return !gave_up_without_broker_ && now - std::max(could_mark_, recovered_at_) >= times_.no_broker;
}

void QuantityControl::give_up(Tick now, const char* why) {
  telemetry::log_warning("this process lets another lead", "epoch={} reason=\"it {}\"",
                         leader_epoch_.load(), why);
  knows_nothing_since_.reset();
  leader_.stand_by(now + times_.stand_by);
}

void QuantityControl::recover(Now now) {
  const auto read = [&](const TakenTerm& term, Now at) -> std::expected<bool, Refusal> {
    Memory memory{.term = term,
                  .grantor = Grantor(parts_.markers, times_),
                  .ring = RingKeeper(parts_.members.ring(), parts_.virtual_nodes, times_, at.tick)};
    LeaseNumbers& numbers = memory.grantor.numbers();
    numbers.note_granted(parts_.leases.newest_lease());
    numbers.begin(term);
    numbers.continue_in(parts_.leases, term, at.wall);
    memory.grantor.read(parts_.leases.not_closed(), at.tick);
    const MutexLock lock(mutex_);
    // From an earlier term of this process. The database may have lost it since.
    if (memory_) memory.ring.continue_from(memory_->ring);
    memory_.emplace(std::move(memory));
    recovered_ = term;
    recovered_at_ = at.tick;
    knows_nothing_since_.reset();
    return true;
  };
  (void)in_term<bool>(now, read);
}

void QuantityControl::resign() {
  {
    const MutexLock lock(mutex_);
    memory_.reset();
  }
  leader_.resign();
}

template <class Result, class Work>
std::expected<Result, QuantityControl::Refusal> QuantityControl::in_term(Now now, Work work) {
  const auto term = leader_.term(now.tick);
  if (!term) return std::unexpected(standby());
  try {
    return work(*term, Now{leader_.database_time(now), now.tick});
  } catch (const NoLongerLeader&) {
    leader_.note_lost(*term);
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
    const peers::Heartbeat& heartbeat, Now asked) {
  // The validator has heard of a later leader, which the database has lost in a failover.
  if (leads(asked.tick) && heartbeat.leader_epoch > leader_epoch_) {
    leader_.raise_above(heartbeat.leader_epoch);
    return std::unexpected(standby());
  }
  if (!leads(asked.tick)) note_asked_in_vain();
  return in_term<HeartbeatReply>(
      asked, [&](const Term& term, Now now) -> std::expected<HeartbeatReply, Refusal> {
        save_blacklist(heartbeat.blacklisted);
        auto reply = answer(heartbeat, term, now);
        if (!reply) {
          // A refusal for a reason is an answer as well: another leader would give the same.
          if (reply.error().kind != Refusal::Kind::kStandby) note_answered(asked.tick);
          return reply;
        }
        // A validator that has no orders yet would begin to sell without them: the whole reply
        // fails.
        const bool all =
            part([&] { add_orders(parts_.orders, heartbeat, *reply, now.wall, times_); },
                 heartbeat.cursors.empty());
        if (!all) {
          reply->oldest_open = kNoneClosed;
          reply->more = true;  // without it, all orders would count as known
        }
        if (reply->start_over) doubt_tail(term);
        // The reply was made while this term stood, and so before another leader counted the
        // leases and the members as just heard of: whatever it promises, that one waits longer.
        reply->database_time = require_time(term);
        // Without leases and orders it keeps nobody selling for long.
        if (reply->oldest_open != kNoneClosed) note_answered(asked.tick);
        return reply;
      });
}

std::expected<HeartbeatReply, QuantityControl::Refusal> QuantityControl::answer(
    const peers::Heartbeat& heartbeat, const Term& term, Now now) {
  const MutexLock lock(mutex_);
  Memory* memory = remembered(term);
  if (memory == nullptr) return std::unexpected(standby());
  if (memory->ring.sells_nothing(heartbeat, now.tick)) {
    return std::unexpected(sells_nothing(heartbeat.member.node));
  }
  if (auto words = memory->ring.note_member(heartbeat, now.tick)) {
    return std::unexpected(Refusal{Refusal::Kind::kNodeTaken, *std::move(words)});
  }
  memory->ring.note_ring(heartbeat.ring_epoch, heartbeat.ring_nonce);
  memory->grantor.numbers().note_reported(heartbeat.newest_lease);
  part([&] { memory->grantor.numbers().continue_in(parts_.leases, term, now.wall); });
  part([&] { update_ring(*memory, now.wall); }, heartbeat.ring_epoch == 0);

  HeartbeatReply reply{.leader_epoch = term.epoch};
  memory->ring.tell(reply);
  const std::string holder = heartbeat.member.holder();
  // Before the orders are read: they tell what became of those that are closed.
  const bool read = part([&] { memory->grantor.read(parts_.leases.not_closed(), now.tick); });
  reply.oldest_open = read ? memory->grantor.oldest_open() : kNoneClosed;
  if (read) reply.closed = memory->grantor.closed(heartbeat.undecided);
  reply.renewed = memory->grantor.renew(holder, heartbeat.leases, now.tick);
  reply.recalled = memory->grantor.recalled(holder, now.tick);
  const bool told = part([&] {
    // Those that ended lately too: their leases close last, and only then is all known of them.
    reply.stock = parts_.leases.stock(now.wall - kRetention);
  });
  // Else a sale that has ended and of which no unit is told would count as concluded.
  reply.more = !told;
  add_news(heartbeat, reply, *memory, unsaved_, now);
  return reply;
}

void QuantityControl::doubt_tail(const Term& term) {
  const MutexLock lock(mutex_);
  if (Memory* memory = remembered(term)) {
    memory->ring.doubt();
    memory->grantor.numbers().doubt();
  }
}

void QuantityControl::update_ring(Memory& memory, Instant now) {
  memory.ring.update(parts_.members, memory.term, now);
  memory.grantor.numbers().note_granted(memory.ring.ring().newest_lease);
}

/// Sales are read first: a ban or an ended session from before a sale is then in the reply that
/// brings the sale. What a validator has never had, it must not begin without.
void QuantityControl::add_news(const peers::Heartbeat& heartbeat, HeartbeatReply& reply,
                               Memory& memory, const std::vector<BlacklistEntry>& unsaved,
                               Now now) {
  const auto poll = [&] {
    if (const auto revisions = parts_.changes.poll()) memory.revisions = *revisions;
  };
  part(poll);
  reply.catalog_revision = memory.revisions.catalog;
  if (heartbeat.catalog_revision != reply.catalog_revision) {
    part(
        [&] {
          auto listed = parts_.catalog.sales();
          reply.catalog_revision = listed.revision;
          reply.sales = std::move(listed.sales);
        },
        heartbeat.catalog_revision < 0);
  }
  bool all = !reply.sales || part(poll);
  reply.blacklist_revision = memory.revisions.blacklist;
  if (heartbeat.blacklist_revision != reply.blacklist_revision) {
    all &= part(
        [&] {
          auto held = parts_.blacklist.list(now.wall);
          reply.blacklist_revision = held.revision;
          reply.blacklist = std::move(held.entries);
          // The validator that has found them forgets them with this list.
          reply.blacklist->insert(reply.blacklist->end(), unsaved.begin(), unsaved.end());
        },
        heartbeat.blacklist_revision < 0);
  }
  all &= part(
      [&] {
        auto raised = parts_.accounts.epochs_raised(heartbeat.sessions_revision,
                                                    now.wall - kEndedSessionsTold);
        reply.sessions_revision = raised.revision;
        reply.epochs = std::move(raised.epochs);
      },
      heartbeat.sessions_revision < 0);
  if (!all && heartbeat.catalog_revision >= 0) reply.sales.reset();
}

/// An entry that the database does not take now is kept and put again. Until the database has it,
/// replies tell it from here: their validators forget what they are not told.
void QuantityControl::save_blacklist(const std::vector<BlacklistEntry>& entries) {
  std::vector<BlacklistEntry> due;
  {
    const MutexLock lock(mutex_);
    unsaved_.insert(unsaved_.end(), entries.begin(), entries.end());
    due = unsaved_;
  }
  if (due.empty() || !part([&] { parts_.blacklist.put(due); })) return;
  const MutexLock lock(mutex_);
  std::erase_if(unsaved_, [&](const BlacklistEntry& entry) {
    return std::ranges::any_of(due, [&](const BlacklistEntry& saved) {
      return saved.user == entry.user && saved.created_at == entry.created_at;
    });
  });
}

std::expected<LeaseReply, QuantityControl::Refusal> QuantityControl::ask(const peers::LeaseAsk& ask,
                                                                         Now asked) {
  using Reason = LeaseReply::Refusal;
  const auto grant = [&](const Term& term, Now now) -> std::expected<LeaseReply, Refusal> {
    std::int64_t validators = 0;
    LeaseId newest;
    const MutexLock granting(granting_);
    {
      const MutexLock lock(mutex_);
      const Memory* memory = remembered(term);
      if (memory == nullptr) return std::unexpected(standby());
      // A validator that decides by an older ring would sell to buyers whom another owns now.
      const RingKeeper& ring = memory->ring;
      if (!ring.stands(ask) || !memory->grantor.numbers().known()) {
        return LeaseReply{.lease = {}, .refusal = Reason::kStaleRing};
      }
      validators = ring.size();
      newest = memory->grantor.numbers().newest();
    }
    const auto sale = parts_.catalog.sale(ask.sale);
    if (!sale || sale->ended(now.wall) || !sale->terms_fixed(now.wall)) {
      return LeaseReply{.lease = {}, .refusal = Reason::kNotOnSale};
    }
    auto lease = grant_unless_locked(term,
                                     {.holder = ask.holder,
                                      .number = ask.number,
                                      .sale = ask.sale,
                                      .ring_epoch = ask.ring_epoch,
                                      .behind = newest,
                                      .known = ask.known},
                                     lease_size(sale->unleased, validators, times_), now);
    const MutexLock lock(mutex_);
    Memory* memory = remembered(term);
    if (memory == nullptr) return std::unexpected(standby());
    if (!lease && lease.error() == NoGrant::kAnotherRing) {
      // Nobody but this process changes it: the database has lost a change that it had made.
      if (memory->ring.ring().epoch == ask.ring_epoch) memory->ring.doubt();
      return LeaseReply{.lease = {}, .refusal = Reason::kStaleRing};
    }
    if (!lease && lease.error() == NoGrant::kOtherTerms) {
      return LeaseReply{.lease = {}, .refusal = Reason::kOtherTerms};
    }
    if (!lease && lease.error() == NoGrant::kUsedNumber) {
      memory->grantor.numbers().doubt();
      return LeaseReply{.lease = {}, .refusal = Reason::kStaleRing};
    }
    if (lease && memory->grantor.note_granted(*lease, now.tick)) return LeaseReply{.lease = *lease};
    memory->grantor.note_refused(ask, now.tick);
    return LeaseReply{.lease = std::nullopt, .refusal = Reason::kNoUnits};
  };
  return in_term<LeaseReply>(asked, grant);
}

/// One sale whose row stays locked takes the time of a lock wait in each `locked_again`, so that
/// requests for other sales are answered in between.
std::expected<StockLease, NoGrant> QuantityControl::grant_unless_locked(
    const Term& term, const repositories::LeaseRequest& request, std::int64_t units, Now now) {
  const auto locked = locked_.find(request.sale);
  if (locked != locked_.end() && now.tick - locked->second < times_.locked_again) {
    throw StorageError(
        StorageError::Kind::kBusy,
        fmt::format("the row of sale {} was locked a moment ago", request.sale.value));
  }
  try {
    auto lease = parts_.grants.grant(term, request, units, now.wall);
    locked_.erase(request.sale);
    return lease;
  } catch (const StorageError& error) {
    // What came while this one waited is not to wait as long again.
    if (error.kind() == StorageError::Kind::kBusy) locked_[request.sale] = now.tick;
    throw;
  }
}

void QuantityControl::review(Now looked) {
  std::exception_ptr failure;
  const auto works = [&failure](auto work) {
    try {
      work();
      return true;
    } catch (const StorageError&) {
      if (!failure) failure = std::current_exception();
      return false;
    }
  };
  (void)in_term<bool>(looked, [&](const Term& term, Now now) -> std::expected<bool, Refusal> {
    save_blacklist({});
    std::vector<LeaseId> to_fence;
    {
      const MutexLock lock(mutex_);
      Memory* memory = remembered(term);
      if (memory == nullptr) return false;
      memory->ring.take_off_who_is_silent(now.tick);
      works([&] { update_ring(*memory, now.wall); });
      works([&] { memory->grantor.read(parts_.leases.not_closed(), now.tick); });
      to_fence = memory->grantor.to_fence(now.tick);
      // Behind the one that failed last: a row that stays locked delays the others by one round.
      std::ranges::rotate(to_fence, std::ranges::upper_bound(to_fence, memory->not_fenced));
      memory->not_fenced = {};
    }
    for (const LeaseId lease : to_fence) {
      // May wait for the lease's row.
      const bool fenced = works([&] { parts_.leases.fence(term, lease); });
      const MutexLock lock(mutex_);
      Memory* memory = remembered(term);
      if (memory != nullptr && fenced) memory->grantor.note_fenced(lease);
      if (memory != nullptr && !fenced) memory->not_fenced = lease;
      if (!fenced) break;
    }
    const MutexLock lock(mutex_);
    if (Memory* memory = remembered(term)) memory->grantor.send_markers(now.tick);
    return true;
  });
  if (failure) std::rethrow_exception(failure);
}

std::expected<Instant, QuantityControl::Refusal> QuantityControl::database_time(Now now) const {
  if (!leads(now.tick)) return std::unexpected(standby());
  return leader_.database_time(now);
}

Instant QuantityControl::require_time(const Term& term) {
  const auto time = parts_.leadership.standing(term);
  if (!time) throw NoLongerLeader(term);
  return *time;
}

std::expected<peers::ClusterReport, QuantityControl::Refusal> QuantityControl::report(
    Now now) const {
  const auto term = leader_.term(now.tick);
  const MutexLock lock(mutex_);
  if (!term || !memory_ || memory_->term != *term) return std::unexpected(standby());
  return memory_->ring.report();
}

}  // namespace stampede::services::leasing

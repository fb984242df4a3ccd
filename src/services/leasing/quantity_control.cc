#include "services/leasing/quantity_control.h"

#include <fmt/format.h>

#include <algorithm>

namespace stampede::services::leasing {
namespace {

using peers::HeartbeatReply;
using peers::LeaseReply;

/// Validators keep the orders of a sale for so long after its end.
constexpr std::chrono::hours kOrdersKept{24};

}  // namespace

QuantityControl::QuantityControl(const Parts& parts, const Terms& terms)
    : parts_(parts), terms_(terms), grantor_(parts.leases, parts.markers, terms) {}

/// What a quantity control before this one knew. Every member counts as just heard of.
void QuantityControl::recover(Now now) {
  if (recovered_) return;
  ring_ = parts_.members.ring();
  grantor_.saw(ring_.newest_lease);
  for (const Member& member : ring_.members)
    present_.try_emplace(member.node, Present{.member = member, .seen = now.tick, .counters = {}});
  recovered_ = true;
}

std::expected<HeartbeatReply, std::string> QuantityControl::beat(const peers::Heartbeat& heartbeat,
                                                                 Now now) {
  parts_.blacklist.put(heartbeat.blacklisted);
  const std::lock_guard lock(mutex_);
  recover(now);
  if (auto noted = note_member(heartbeat, now); !noted) return std::unexpected(noted.error());
  update_ring(now);

  HeartbeatReply reply{.ring_epoch = ring_.epoch,
                       .hash_key = ring_.hash_key,
                       .members = ring_.members,
                       .newest_lease = ring_.newest_lease};
  const std::string holder = heartbeat.member.holder();
  reply.renewed = grantor_.renew(holder, heartbeat.leases, now.tick);
  reply.oldest_open = grantor_.review(now);  // before the orders are read: they tell what became
  reply.recalled = grantor_.recalled(holder, now.tick);
  // Those that ended lately too: their leases close last, and only then is all known of them.
  for (const auto& stock : parts_.leases.stock(now.wall - kOrdersKept)) {
    reply.stock.push_back({stock.sale, stock.unleased, stock.leased_unsold});
  }
  add_news(heartbeat, reply, now);
  add_orders(heartbeat, reply, now);
  return reply;
}

std::expected<void, std::string> QuantityControl::note_member(const peers::Heartbeat& heartbeat,
                                                              Now now) {
  const Member& member = heartbeat.member;
  const auto found = present_.find(member.node);
  if (found != present_.end()) {
    const Present& known = found->second;
    const auto silent = now.tick - known.seen;
    if (known.member.incarnation != member.incarnation && silent <= terms_.lost) {
      return std::unexpected(
          fmt::format("the node name \"{}\" is taken: the process at {} was heard of {} ms ago",
                      member.node, known.member.address,
                      std::chrono::duration_cast<std::chrono::milliseconds>(silent).count()));
    }
  }
  if (heartbeat.leaving) {
    present_.erase(member.node);
    left_.insert(member.holder());
  } else if (left_.contains(member.holder())) {
    return std::unexpected("this process has left the ring; its heartbeat came late");
  } else {
    present_[member.node] = {.member = member, .seen = now.tick, .counters = heartbeat.counters};
  }
  return {};
}

/// Compares with what the database was told last, so that a change that failed is made again.
void QuantityControl::update_ring(Now now) {
  std::vector<Member> members;
  for (const auto& [node, present] : present_) members.push_back(present.member);
  if (members == ring_.members) return;
  recovered_ = false;  // until it is known what the database holds
  ring_ = parts_.members.replace(ring_.epoch, members, now.wall);
  grantor_.saw(ring_.newest_lease);
  recovered_ = members == ring_.members;  // else another quantity control was faster
}

void QuantityControl::add_news(const peers::Heartbeat& heartbeat, HeartbeatReply& reply, Now now) {
  if (const auto revisions = parts_.changes.poll()) revisions_ = *revisions;
  reply.catalog_revision = revisions_.catalog;
  if (heartbeat.catalog_revision != revisions_.catalog) reply.sales = parts_.catalog.sales();
  reply.blacklist_revision = revisions_.blacklist;
  if (heartbeat.blacklist_revision != revisions_.blacklist) {
    reply.blacklist = parts_.blacklist.list(now.wall);
  }
  reply.epochs = parts_.accounts.epochs_raised(heartbeat.epochs_since);
}

void QuantityControl::add_orders(const peers::Heartbeat& heartbeat, HeartbeatReply& reply,
                                 Now now) {
  reply.cursors = heartbeat.cursors;
  if (reply.cursors.empty()) {
    reply.cursors = parts_.orders.cursors_before_recent(now.wall - kOrdersKept);
  }
  for (std::size_t shard = 0; shard < reply.cursors.size(); ++shard) {
    const auto orders =
        parts_.orders.since(static_cast<std::int32_t>(shard), reply.cursors[shard], terms_.orders_at_once);
    if (orders.empty()) continue;
    reply.cursors[shard] = orders.back().seq;
    reply.more = reply.more || orders.size() == terms_.orders_at_once;
    reply.orders.insert(reply.orders.end(), orders.begin(), orders.end());
  }
}

LeaseReply QuantityControl::ask(const peers::LeaseAsk& ask, Now now) {
  const std::lock_guard lock(mutex_);
  recover(now);
  using Refusal = LeaseReply::Refusal;
  // Who decides by an older ring would sell to buyers that are another's now.
  if (ask.ring_epoch != ring_.epoch) return {.lease = {}, .refusal = Refusal::kStaleRing};
  const auto sale = parts_.catalog.sale(ask.sale);
  if (!sale || sale->ended(now.wall) || !sale->terms_stand(now.wall)) {
    return {.lease = {}, .refusal = Refusal::kNotOnSale};
  }
  return grantor_.grant(ask, sale->unleased, static_cast<std::int64_t>(present_.size()), now);
}

void QuantityControl::review(Now now) {
  const std::lock_guard lock(mutex_);
  recover(now);
  // Who stood still itself has heard of nobody.
  if (reviewed_ && now.tick - *reviewed_ > terms_.sure) {
    for (auto& [node, present] : present_) present.seen = now.tick;
  }
  reviewed_ = now.tick;
  std::erase_if(present_,
                [&](const auto& entry) { return now.tick - entry.second.seen > terms_.lost; });
  update_ring(now);
  grantor_.review(now);
}

peers::ClusterReport QuantityControl::report() const {
  const std::lock_guard lock(mutex_);
  peers::ClusterReport report{.ring_epoch = ring_.epoch, .nodes = {}};
  for (const auto& [node, present] : present_) {
    report.nodes.push_back({present.member, present.counters});
  }
  return report;
}

}  // namespace stampede::services::leasing

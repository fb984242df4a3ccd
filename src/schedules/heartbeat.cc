#include "schedules/heartbeat.h"

#include <algorithm>
#include <stdexcept>

namespace stampede::schedules {
namespace {

using services::routing::Ownership;
using services::routing::Ring;

/// Clocks of two machines differ, and a writer may have waited for its turn.
constexpr std::chrono::minutes kEpochLookBack{5};

}  // namespace

Heartbeat::Heartbeat(Parts parts) : parts_(std::move(parts)) {
  auto nobody = std::make_shared<Ownership>();
  nobody->ring =
      std::make_shared<const Ring>(0, services::routing::HashKey{}, std::vector<Member>{});
  nobody->node = parts_.member.node;
  ownership_ = std::move(nobody);
  parts_.checkout.load_ownership(ownership_);
}

peers::Heartbeat Heartbeat::compose(Now now) {
  peers::Heartbeat heartbeat{.member = parts_.member};
  heartbeat.ring_epoch = ownership_->ring->epoch();
  heartbeat.leases = parts_.holder.to_renew(now.tick);
  heartbeat.catalog_revision = catalog_revision_;
  heartbeat.blacklist_revision = blacklist_revision_;
  heartbeat.epochs_since =
      std::max(epochs_since_, now.wall - services::accounts::Sessions::kLifetime);
  heartbeat.cursors = cursors_;
  heartbeat.blacklisted = parts_.blacklist.take_unsaved();
  if (parts_.counters) heartbeat.counters = parts_.counters();
  return heartbeat;
}

bool Heartbeat::apply(const peers::HeartbeatReply& reply, Now asked, Now now) {
  auto& checkout = parts_.checkout;
  if (reply.sales) {
    checkout.load_sales(*reply.sales);
    catalog_revision_ = reply.catalog_revision;
  }
  if (reply.blacklist) {
    parts_.blacklist.load(*reply.blacklist);
    blacklist_revision_ = reply.blacklist_revision;
  }
  parts_.sessions.load(reply.epochs, now.wall);
  epochs_since_ = asked.wall - kEpochLookBack;

  checkout.settle(reply.orders);
  cursors_ = reply.cursors;
  take_ring(reply, now.tick);
  if (!leaving_) checkout.doubt_from(asked.tick + parts_.terms.sure);
  if (!reply.more) {
    settle_gains(reply, now.tick);
    checkout.note_orders_known(asked.tick, reply.oldest_open);
  }
  std::vector<SaleId> leased;
  for (const auto& stock : reply.stock) {
    checkout.board().note_stock(stock.sale, stock.sold_out(), asked.tick);
    if (stock.leased_unsold > 0) leased.push_back(stock.sale);
  }
  if (!reply.more) checkout.board().note_leased(leased, asked.wall);
  parts_.holder.renewed(reply.renewed, asked.tick);
  parts_.holder.recall(reply.recalled, now.tick);
  ready_ = ready_ || !reply.more;
  return reply.more;
}

void Heartbeat::leave() {
  leaving_ = true;
  parts_.checkout.doubt_from(Tick::min());
}

void Heartbeat::take_ring(const peers::HeartbeatReply& reply, Tick now) {
  const auto& before = ownership_->ring;
  if (before->epoch() == reply.ring_epoch) return;
  const auto key = services::routing::parse_hash_key(reply.hash_key);
  if (!key) {
    throw std::invalid_argument("the ring's hash key is \"" + reply.hash_key +
                                "\"; expected 32 hexadecimal digits");
  }
  auto next = std::make_shared<Ownership>(*ownership_);
  next->ring =
      std::make_shared<const Ring>(reply.ring_epoch, *key, reply.members, parts_.virtual_nodes);
  next->node = parts_.member.node;
  // Who missed a ring does not know who decided meanwhile about buyers that are its own again.
  const bool missed_one = before->epoch() + 1 != reply.ring_epoch;
  const bool others = std::ranges::any_of(
      reply.members, [&](const Member& member) { return member != parts_.member; });
  next->gains.push_back({.before = missed_one ? nullptr : before,
                         .newest_lease = reply.newest_lease,
                         .decides_from = others ? now + parts_.terms.sure : Tick::min()});
  ownership_ = next;
  if (parts_.ring_changed) parts_.ring_changed(next->ring);
  parts_.checkout.load_ownership(ownership_);
  parts_.holder.ring_changed(reply.ring_epoch, reply.newest_lease);
}

/// Once all leases that another owner may have sold from are closed, and their orders have arrived,
/// everything is known of the buyers that came from it.
void Heartbeat::settle_gains(const peers::HeartbeatReply& reply, Tick now) {
  const auto settled = [&](const Ownership::Gain& gain) {
    return gain.newest_lease < reply.oldest_open && now >= gain.decides_from;
  };
  if (std::ranges::none_of(ownership_->gains, settled)) return;
  auto next = std::make_shared<Ownership>(*ownership_);
  std::erase_if(next->gains, settled);
  ownership_ = next;
  parts_.checkout.load_ownership(ownership_);
}

void Heartbeat::unanswered(peers::Heartbeat&& sent) {
  if (!sent.blacklisted.empty()) parts_.blacklist.put_back(std::move(sent.blacklisted));
}

}  // namespace stampede::schedules

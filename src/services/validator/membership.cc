#include "services/validator/membership.h"

#include <algorithm>
#include <stdexcept>
#include <utility>

#include "model/ring_nonce.h"

namespace stampede::services::validator {

using routing::Ownership;
using routing::Ring;

Membership::Membership(Member self, std::chrono::milliseconds sure)
    : self_(std::move(self)), sure_(sure) {
  auto nobody = std::make_shared<Ownership>();
  nobody->ring = std::make_shared<const Ring>(0, routing::HashKey{}, std::vector<Member>{});
  nobody->node = self_.node;
  ownership_ = std::move(nobody);
}

bool Membership::take_ring(const peers::HeartbeatReply& reply, Tick now) {
  const auto& before = ownership_->ring;
  if (reply.ring_epoch == 0) return false;
  if (before->epoch() == reply.ring_epoch && is_ring_of(reply)) {
    if (!reply.ring_nonce.empty()) nonce_ = reply.ring_nonce;
    return false;
  }
  auto ring = Ring::parse(reply.ring_epoch, reply.hash_key, reply.members, reply.virtual_nodes);
  if (!ring) {
    throw std::invalid_argument("the ring's hash key is \"" + reply.hash_key +
                                "\"; expected 32 hexadecimal digits");
  }
  auto next = std::make_shared<Ownership>(*ownership_);
  next->ring = std::make_shared<const Ring>(*std::move(ring));
  // A validator that missed a ring does not know who decided meanwhile about buyers that are its
  // own again.
  const bool missed_one =
      before->epoch() + 1 != reply.ring_epoch || !nonce_follows(reply.ring_nonce, nonce_);
  const bool others =
      std::ranges::any_of(reply.members, [&](const Member& member) { return member != self_; });
  next->newly_owned.push_back({.before = missed_one ? nullptr : before,
                               .newest_lease = reply.newest_lease,
                               .decides_from = others ? now + sure_ : Tick::min()});
  ownership_ = std::move(next);
  nonce_ = reply.ring_nonce;
  return true;
}

/// An epoch that was given twice, by a database that lost the first one, names two rings.
bool Membership::is_ring_of(const peers::HeartbeatReply& reply) const {
  const bool told = !nonce_.empty() && !reply.ring_nonce.empty();
  return (!told || nonce_ == reply.ring_nonce) &&
         std::ranges::equal(ring().members(), reply.members);
}

void Membership::doubt_everybody(LeaseId newest) {
  auto next = std::make_shared<Ownership>(*ownership_);
  next->newly_owned.push_back({.before = nullptr, .newest_lease = newest});
  ownership_ = std::move(next);
}

/// Once all leases that another owner may have sold from are closed, and their orders have arrived,
/// everything is known of the buyers that came from it.
bool Membership::settle(LeaseId oldest_open, Tick now) {
  const auto settled = [&](const Ownership::NewlyOwned& newly_owned_range) {
    return newly_owned_range.newest_lease < oldest_open && now >= newly_owned_range.decides_from;
  };
  if (std::ranges::none_of(ownership_->newly_owned, settled)) return false;
  auto next = std::make_shared<Ownership>(*ownership_);
  std::erase_if(next->newly_owned, settled);
  ownership_ = std::move(next);
  return true;
}

}  // namespace stampede::services::validator

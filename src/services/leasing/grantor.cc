#include "services/leasing/grantor.h"

#include <algorithm>

namespace stampede::services::leasing {

using peers::LeaseReply;

LeaseReply Grantor::grant(const peers::LeaseAsk& ask, std::int64_t unleased,
                          std::int64_t validators, Now now) {
  const auto lease = leases_->grant(
      {.holder = ask.holder, .number = ask.number, .sale = ask.sale, .ring_epoch = ask.ring_epoch},
      lease_size(unleased, validators, terms_), now.wall);
  if (!lease || lease->state != LeaseState::kOpen) {
    hungry_.insert_or_assign({ask.sale, ask.holder}, now.tick);
    return {.lease = std::nullopt, .refusal = LeaseReply::Refusal::kNoUnits};
  }
  // Of a repeated request the holder counts the deadline anew, and so does this.
  saw(lease->id);
  known_.insert_or_assign(lease->id, Known{.lease = *lease, .renewed = now.tick});
  hungry_.erase({ask.sale, ask.holder});
  return {.lease = lease};
}

std::vector<LeaseId> Grantor::renew(const std::string& holder, std::span<const LeaseId> leases,
                                    Tick now) {
  std::vector<LeaseId> renewed;
  for (const LeaseId id : leases) {
    const auto found = known_.find(id);
    if (found == known_.end()) continue;
    auto& [lease, last_renewed, marked] = found->second;
    if (lease.state != LeaseState::kOpen || lease.holder != holder) continue;
    last_renewed = now;
    renewed.push_back(id);
  }
  return renewed;
}

LeaseId Grantor::review(Now now) {
  std::map<LeaseId, Known> known;
  for (StockLease& lease : leases_->not_closed()) {
    const auto before = known_.find(lease.id);
    const LeaseId id = lease.id;
    Known& entry = known[id];
    entry.renewed = now.tick;
    if (before != known_.end()) entry = before->second;
    entry.lease = std::move(lease);
  }
  known_ = std::move(known);
  for (auto& [id, entry] : known_) {
    if (!expired(entry, now.tick)) continue;
    if (entry.lease.state == LeaseState::kOpen) {
      leases_->fence(id);
      entry.lease.state = LeaseState::kFenced;
    }
    if (entry.marked && now.tick - *entry.marked < terms_.marker_again) continue;
    markers_->publish(queue::CloseMarker{id});
    entry.marked = now.tick;
  }
  std::erase_if(hungry_,
                [&](const auto& entry) { return now.tick - entry.second > terms_.hungry; });
  if (!known_.empty()) saw(known_.rbegin()->first);
  return known_.empty() ? LeaseId{newest_.value + 1} : known_.begin()->first;
}

std::vector<SaleId> Grantor::recalled(const std::string& holder, Tick now) const {
  std::vector<SaleId> sales;
  for (const auto& [who, asked] : hungry_) {
    const bool another = who.second != holder && now - asked <= terms_.hungry;
    if (another && (sales.empty() || sales.back() != who.first)) sales.push_back(who.first);
  }
  return sales;
}

}  // namespace stampede::services::leasing

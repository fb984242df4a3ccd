#include "services/leasing/grantor.h"

#include <algorithm>
#include <iterator>

namespace stampede::services::leasing {

bool Grantor::note_granted(const StockLease& lease, Tick now) {
  numbers_.note_granted(lease.id);
  if (lease.state != LeaseState::kOpen) return false;
  const auto [known, is_new] = known_.try_emplace(lease.id, Known{.lease = lease, .renewed = now});
  if (known->second.given_up || known->second.lease.state != LeaseState::kOpen) return false;
  // Of a repeated request the holder counts the deadline anew, and so does this.
  known->second.renewed = std::max(known->second.renewed, now);
  unserved_.erase({lease.sale, lease.holder});
  return true;
}

void Grantor::note_refused(const peers::LeaseAsk& ask, Tick now) {
  unserved_.insert_or_assign({ask.sale, ask.holder}, now);
}

std::vector<LeaseId> Grantor::renew(const std::string& holder, std::span<const LeaseId> leases,
                                    Tick now) {
  std::vector<LeaseId> renewed;
  for (const LeaseId id : leases) {
    const auto found = known_.find(id);
    if (found == known_.end()) continue;
    Known& known = found->second;
    if (known.given_up || known.lease.state != LeaseState::kOpen) continue;
    if (known.lease.holder != holder) continue;
    known.renewed = std::max(known.renewed, now);
    renewed.push_back(id);
  }
  return renewed;
}

void Grantor::read(std::vector<StockLease> not_closed, Tick now) {
  std::map<LeaseId, Known> known;
  for (StockLease& lease : not_closed) {
    const auto before = known_.find(lease.id);
    const LeaseId id = lease.id;
    Known& entry = known[id];
    entry.renewed = now;
    if (before != known_.end()) entry = before->second;
    entry.lease = std::move(lease);
  }
  known_ = std::move(known);
  if (!known_.empty()) numbers_.note_granted(known_.rbegin()->first);
}

LeaseId Grantor::oldest_open() const {
  return known_.empty() ? LeaseId{numbers_.newest().value + 1} : known_.begin()->first;
}

std::vector<LeaseId> Grantor::closed(std::span<const LeaseId> leases) const {
  std::vector<LeaseId> closed;
  std::ranges::copy_if(leases, std::back_inserter(closed), [this](LeaseId lease) {
    return lease <= numbers_.newest() && !known_.contains(lease);
  });
  return closed;
}

std::vector<LeaseId> Grantor::to_fence(Tick now) {
  std::vector<LeaseId> leases;
  for (auto& [id, known] : known_) {
    if (known.lease.state != LeaseState::kOpen) continue;
    known.given_up = known.given_up || expired(known, now);
    if (known.given_up) leases.push_back(id);
  }
  return leases;
}

void Grantor::note_fenced(LeaseId lease) {
  if (const auto found = known_.find(lease); found != known_.end()) {
    found->second.lease.state = LeaseState::kFenced;
  }
}

void Grantor::send_markers(Tick now) {
  for (auto& [id, known] : known_) {
    if (known.lease.state != LeaseState::kFenced || !expired(known, now)) continue;
    if (known.marked && now - *known.marked < times_.marker_again) continue;
    markers_->publish(queue::CloseMarker{id});
    known.marked = now;
  }
  std::erase_if(unserved_, [&](const auto& entry) { return now - entry.second > times_.unserved; });
}

std::vector<SaleId> Grantor::recalled(const std::string& holder, Tick now) const {
  std::vector<SaleId> sales;
  for (const auto& [who, asked] : unserved_) {
    const bool another = who.second != holder && now - asked <= times_.unserved;
    if (another && (sales.empty() || sales.back() != who.first)) sales.push_back(who.first);
  }
  return sales;
}

}  // namespace stampede::services::leasing

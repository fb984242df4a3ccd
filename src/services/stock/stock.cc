#include "services/stock/stock.h"

#include <algorithm>
#include <utility>

namespace stampede::services::stock {

Reservation::Reservation(Reservation&& other) noexcept
    : stock_(std::exchange(other.stock_, nullptr)), lease_(other.lease_) {}

Reservation::~Reservation() {
  if (stock_ != nullptr) stock_->settle(lease_, false);
}

void Reservation::commit() && { std::exchange(stock_, nullptr)->settle(lease_, true); }

void Stock::add(LeaseId lease, std::int64_t units, std::optional<Tick> deadline) {
  const std::lock_guard lock(mutex_);
  leases_.push_back({.id = lease, .units = units, .reserved = 0, .deadline = deadline});
}

std::optional<Reservation> Stock::take(Tick now) {
  const std::lock_guard lock(mutex_);
  for (Lease& lease : leases_) {
    if (lease.units == 0 || (lease.deadline && now >= *lease.deadline)) continue;
    --lease.units;
    ++lease.reserved;
    return Reservation(*this, lease.id);
  }
  return std::nullopt;
}

void Stock::settle(LeaseId id, bool queued) {
  bool drained = false;
  {
    const std::lock_guard lock(mutex_);
    const auto lease = std::ranges::find(leases_, id, &Lease::id);
    --lease->reserved;
    if (!queued && !lease->fenced) ++lease->units;
    drained = lease->drained();
    if (drained) leases_.erase(lease);
  }
  if (drained) drained_(id);
}

void Stock::fence() {
  std::vector<LeaseId> drained;
  {
    const std::lock_guard lock(mutex_);
    for (Lease& lease : leases_) {
      lease.fenced = true;
      lease.units = 0;
      if (lease.drained()) drained.push_back(lease.id);
    }
    std::erase_if(leases_, [](const Lease& lease) { return lease.drained(); });
  }
  for (const LeaseId id : drained) drained_(id);
}

std::int64_t Stock::available() const {
  const std::lock_guard lock(mutex_);
  std::int64_t units = 0;
  for (const Lease& lease : leases_) units += lease.units;
  return units;
}

}  // namespace stampede::services::stock

#include "services/stock/stock.h"

#include <algorithm>

#include "model/check.h"

namespace stampede::services::stock {

Reservation::Reservation(Reservation&& other) noexcept
    : stock_(std::exchange(other.stock_, nullptr)), lease_(other.lease_) {}

Reservation::~Reservation() {
  if (stock_ != nullptr) stock_->settle(lease_, false);
}

void Reservation::commit() && { std::exchange(stock_, nullptr)->settle(lease_, true); }

void Stock::add(LeaseId lease, std::int64_t units, std::optional<Tick> deadline, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  const auto is_it = [lease](const Lease& other) { return other.held.lease == lease; };
  if (std::ranges::any_of(leases_, is_it)) return;
  leases_.push_back(
      {.held = {.lease = lease, .units = units, .deadline = deadline, .last_taken = now},
       .reserved = 0,
       .low = units / 3});
  wanting_ = false;
}

void Stock::renew(LeaseId id, Tick deadline) {
  const concurrency::MutexLock lock(mutex_);
  for (Lease& lease : leases_) {
    if (lease.held.lease == id && !lease.fenced && lease.held.deadline) {
      lease.held.deadline = std::max(*lease.held.deadline, deadline);
    }
  }
}

std::optional<Reservation> Stock::take(Tick now) {
  std::optional<Reservation> unit;
  bool low = false;
  {
    const concurrency::MutexLock lock(mutex_);
    for (Lease& lease : leases_) {
      if (lease.held.units == 0 || (lease.held.deadline && now >= *lease.held.deadline)) continue;
      --lease.held.units;
      ++lease.reserved;
      lease.held.last_taken = now;
      unit.emplace(Reservation(*this, lease.held.lease));
      break;
    }
    low = !wanting_ && turns_low();
    if (low) wanting_ = true;
  }
  if (low && listener_.low) listener_.low();
  return unit;
}

bool Stock::turns_low() {
  std::int64_t units = 0;
  std::int64_t mark = 0;
  for (const Lease& lease : leases_) {
    if (lease.fenced) continue;
    units += lease.held.units;
    mark = lease.low;  // of the newest
  }
  return units <= mark;
}

void Stock::settle(LeaseId id, bool queued) {
  bool drained = false;
  {
    const concurrency::MutexLock lock(mutex_);
    const auto lease =
        std::ranges::find_if(leases_, [id](const Lease& other) { return other.held.lease == id; });
    STAMPEDE_CHECK(lease != leases_.end() && lease->reserved > 0,
                   "a unit that was taken keeps its lease until it is settled");
    --lease->reserved;
    if (!queued && !lease->fenced) ++lease->held.units;
    drained = lease->drained();
    if (drained) leases_.erase(lease);
  }
  if (drained) listener_.drained(id);
}

void Stock::fence() {
  fence_if([](const Held&) { return true; });
}

void Stock::fence_if(const std::function<bool(const Held&)>& which) {
  std::vector<LeaseId> drained;
  {
    const concurrency::MutexLock lock(mutex_);
    for (Lease& lease : leases_) {
      if (lease.fenced || !which(lease.held)) continue;
      lease.fenced = true;
      lease.held.units = 0;
      if (lease.drained()) drained.push_back(lease.held.lease);
    }
    std::erase_if(leases_, [](const Lease& lease) { return lease.drained(); });
  }
  for (const LeaseId id : drained) listener_.drained(id);
}

std::vector<Stock::Held> Stock::held() const {
  const concurrency::MutexLock lock(mutex_);
  std::vector<Held> held;
  for (const Lease& lease : leases_) {
    if (!lease.fenced) held.push_back(lease.held);
  }
  return held;
}

bool Stock::wanting() const {
  const concurrency::MutexLock lock(mutex_);
  return wanting_;
}

void Stock::stop_wanting() {
  const concurrency::MutexLock lock(mutex_);
  wanting_ = false;
}

std::int64_t Stock::available() const {
  const concurrency::MutexLock lock(mutex_);
  std::int64_t units = 0;
  for (const Lease& lease : leases_) units += lease.held.units;
  return units;
}

}  // namespace stampede::services::stock

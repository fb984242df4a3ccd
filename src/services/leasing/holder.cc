#include "services/leasing/holder.h"

#include <algorithm>

namespace stampede::services::leasing {

using concurrency::MutexLock;
using peers::LeaseAsk;
using peers::LeaseReply;
using purchase::CatalogSale;
using stock::Stock;

std::vector<LeaseId> Holder::to_renew(Tick now) const {
  std::vector<LeaseId> leases;
  // A validator that cannot publish renews nothing, so that others may sell its units.
  if (!publishes()) return leases;
  const auto stuck = parts_.stuck(now - times_.unresolved);
  const auto undecided = parts_.checkout.undecided_since(now - times_.undecided);
  const auto sales = parts_.checkout.catalog().snapshot();
  for (const CatalogSale& entry : sales->all()) {
    for (const Stock::Held& held : entry.units->stock.held()) {
      const bool over = held.deadline && now >= *held.deadline;
      const bool waits = std::ranges::binary_search(stuck, held.lease) ||
                         std::ranges::binary_search(undecided, held.lease);
      if (!over && !waits) leases.push_back(held.lease);
    }
  }
  return leases;
}

void Holder::note_renewed(std::span<const LeaseId> leases, Tick asked) {
  const auto sales = parts_.checkout.catalog().snapshot();
  for (const CatalogSale& entry : sales->all()) {
    for (const LeaseId lease : leases) entry.units->stock.renew(lease, asked + times_.life);
  }
}

/// Where the database has lost the new ring, the one before stands there, and one of the leases may
/// have been granted in its name later: newer than the newest of before the change.
void Holder::give_back(LeaseId newest) {
  const MutexLock lock(mutex_);
  epoch_ = 0;
  nonce_.clear();
  newest_of_others_ = std::max(newest_of_others_, newest);
  const auto sales = parts_.checkout.catalog().snapshot();
  for (const CatalogSale& entry : sales->all()) {
    entry.units->stock.fence_if([](const Stock::Held&) { return true; });
  }
}

void Holder::note_ring(std::int64_t epoch, const std::string& nonce) {
  const MutexLock lock(mutex_);
  epoch_ = epoch;
  nonce_ = nonce;
}

void Holder::keep_only(std::span<const LeaseId> renewed) {
  const auto sales = parts_.checkout.catalog().snapshot();
  for (const CatalogSale& entry : sales->all()) {
    entry.units->stock.fence_if([&](const Stock::Held& held) {
      return std::ranges::find(renewed, held.lease) == renewed.end();
    });
  }
}

LeaseId Holder::newest() const {
  const MutexLock lock(mutex_);
  return newest_;
}

void Holder::recall(std::span<const SaleId> sales, Tick now) {
  const auto snapshot = parts_.checkout.catalog().snapshot();
  for (const SaleId sale : sales) {
    const CatalogSale* entry = snapshot->find(sale);
    if (entry == nullptr) continue;
    entry->units->stock.fence_if(
        [&](const Stock::Held& held) { return now - held.last_taken >= times_.idle; });
  }
}

void Holder::review(Now now) {
  parts_.checkout.catalog().close_ended(now.wall);
  const auto sales = parts_.checkout.catalog().snapshot();
  for (const CatalogSale& entry : sales->all()) {
    entry.units->stock.fence_if([&](const Stock::Held& held) {
      // A lease of an unusable shard would refuse every buyer while others could sell: it is given
      // up. Its marker waits for the shard, and its units return then.
      const bool unusable = parts_.shard_usable && !parts_.shard_usable(held.lease);
      return unusable || (held.deadline && now.tick >= *held.deadline);
    });
  }
}

std::vector<LeaseAsk> Holder::wanted(Now now) {
  const MutexLock lock(mutex_);
  std::vector<LeaseAsk> asks;
  if (epoch_ == 0) return asks;
  const auto sales = parts_.checkout.catalog().snapshot();
  for (const CatalogSale& entry : sales->all()) {
    const Sale& sale = entry.sale;
    if (sale.ended(now.wall) || !sale.started(now.wall + times_.ahead)) continue;
    const Stock& units = entry.units->stock;
    Asking& asking = asking_[sale.id];
    const bool without = units.available() == 0 && (!asking.asked || !sale.started(now.wall));
    const bool again = asking.number != 0;
    if (asking.under_way || now.tick < asking.not_before) continue;
    if (!again && !without && !units.wanting()) continue;
    if (!again) asking.number = ++last_number_;
    asking.under_way = true;
    asking.asked = true;
    asks.push_back({.holder = parts_.holder,
                    .number = asking.number,
                    .sale = sale.id,
                    .ring_epoch = epoch_,
                    .ring_nonce = nonce_,
                    .known = sale});
  }
  return asks;
}

void Holder::note_answer(const LeaseAsk& ask, const LeaseReply& reply, Tick asked, Now now) {
  const MutexLock lock(mutex_);
  Asking& asking = asking_[ask.sale];
  if (asking.number != ask.number) return;  // answered before
  asking.number = 0;
  asking.under_way = false;
  if (reply.lease) {
    const bool asked_now = ask.ring_epoch == epoch_ && ask.ring_nonce == nonce_;
    take(*reply.lease, asked_now, asked + times_.life, now);
    return;
  }
  asking.not_before = now.tick + times_.ask_again;
  const auto sales = parts_.checkout.catalog().snapshot();
  const CatalogSale* entry = sales->find(ask.sale);
  // The next buyer who finds no unit asks again, so a sale without buyers asks for no units.
  const bool in_vain = reply.refusal != LeaseReply::Refusal::kStaleRing &&
                       reply.refusal != LeaseReply::Refusal::kOtherTerms;
  if (entry != nullptr && in_vain) entry->units->stock.stop_wanting();
}

/// A ring that the database has lost may be the one of now, while one before it stands there and is
/// granted leases that are newer than all of which this process has heard: its members sell to
/// other buyers than the ring of now.
void Holder::take(const StockLease& lease, bool asked_now, Tick deadline, Now now) {
  newest_ = std::max(newest_, lease.id);
  const bool usable = asked_now && lease.id > newest_of_others_ && now.tick < deadline;
  if (usable &&
      parts_.checkout.catalog().add_lease(lease.sale, lease.id, lease.granted, now, deadline)) {
    return;
  }
  parts_.queue.publish(queue::CloseMarker{lease.id});  // nothing was ever sold from it
}

void Holder::note_no_answer(const LeaseAsk& ask, Tick now) {
  const MutexLock lock(mutex_);
  Asking& asking = asking_[ask.sale];
  if (asking.number != ask.number) return;
  asking.under_way = false;
  asking.not_before = now + times_.ask_again;
}

}  // namespace stampede::services::leasing

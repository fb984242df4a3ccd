#include "queue/outbox.h"

#include <algorithm>
#include <utility>

#include "model/check.h"

namespace stampede::queue {
namespace {

LeaseId lease_of(const Message& message) {
  return std::visit([](const auto& entry) { return entry.lease; }, message);
}

std::size_t index_of(LeaseId lease) { return static_cast<std::size_t>(shard_of(lease)); }

}  // namespace

bool Outbox::accepts(const Shard& shard, Tick now) const {
  if (!connected_ || blocked_ || purchases_ >= options_.capacity) return false;
  if (!shard.usable || shard.failures > 0 || !shard.again.empty()) return false;
  const Tick young = now - options_.patience;
  if (!shard.batches.empty()) return shard.batches.begin()->second.accepted >= young;
  return shard.waiting.empty() || shard.waiting.front().accepted >= young;
}

bool Outbox::accept(const Purchase& purchase, Tick now) {
  Shard& shard = shards_[index_of(purchase.lease)];
  if (!accepts(shard, now)) return false;
  shard.waiting.push_back({purchase, now});
  ++leases_[purchase.lease].purchases;
  ++purchases_;
  return true;
}

void Outbox::accept(const CloseMarker& marker, Tick now) {
  if (!marked_.insert(marker.lease).second) return;  // one is on its way
  const auto lease = leases_.find(marker.lease);
  if (lease == leases_.end()) {
    shards_[index_of(marker.lease)].waiting.push_back({marker, now});
    ++markers_;
  } else if (!lease->second.held_marker) {
    lease->second.held_marker = now;
    ++markers_;
  }
}

void Outbox::connected(Generation generation) {
  generation_ = generation;
  last_tag_ = 0;
  connected_ = true;
  blocked_ = false;
  for (Shard& shard : shards_) shard.paused_until = {};
}

void Outbox::connection_lost(Generation generation) {
  if (!connected_ || generation != generation_) return;
  connected_ = false;
  for (const auto& [tag, attempt] : tries_) {
    Shard& shard = shards_[static_cast<std::size_t>(attempt.shard)];
    const auto batch = shard.batches.find(attempt.batch);
    if (batch == shard.batches.end()) continue;
    if (!attempt.returned) batch->second.unknown = true;
    shard.again.insert(attempt.batch);
  }
  tries_.clear();
  for (Shard& shard : shards_) {
    shard.open = 0;
    refuse_waiting(shard);
  }
}

void Outbox::set_blocked(bool blocked) {
  blocked_ = blocked;
  if (!blocked) return;
  for (Shard& shard : shards_) refuse_waiting(shard);
}

void Outbox::set_usable(std::int32_t index, bool usable) {
  Shard& shard = shards_[static_cast<std::size_t>(index)];
  shard.usable = usable;
  if (!usable) refuse_waiting(shard);
}

std::optional<Outbox::Outgoing> Outbox::next(Tick now) {
  if (!connected_ || blocked_) return std::nullopt;
  for (std::int32_t i = 0; i < kShards; ++i) {
    const std::int32_t index = (turn_ + i) % kShards;
    if (auto outgoing = next_of(index, now)) {
      turn_ = (index + 1) % kShards;
      return outgoing;
    }
  }
  return std::nullopt;
}

std::optional<Outbox::Outgoing> Outbox::next_of(std::int32_t index, Tick now) {
  Shard& shard = shards_[static_cast<std::size_t>(index)];
  if (!shard.usable || now < shard.paused_until || shard.open >= options_.window) {
    return std::nullopt;
  }
  BatchId id = 0;
  if (!shard.again.empty()) {
    id = *shard.again.begin();
    shard.again.erase(shard.again.begin());
  } else {
    if (shard.waiting.empty()) return std::nullopt;
    if (shard.open >= options_.eager && shard.waiting.size() < options_.batch) return std::nullopt;
    make_batch(shard);
    id = last_batch_;
  }
  ++shard.open;
  tries_.emplace(++last_tag_, Try{.shard = index, .batch = id, .sent = now});
  return Outgoing{.shard = index,
                  .generation = generation_,
                  .tag = last_tag_,
                  .messages = shard.batches.at(id).messages};
}

void Outbox::make_batch(Shard& shard) {
  Batch batch{.messages = {}, .accepted = shard.waiting.front().accepted};
  const std::size_t count = std::min(options_.batch, shard.waiting.size());
  batch.messages.reserve(count);
  for (std::size_t i = 0; i < count; ++i) {
    batch.messages.push_back(shard.waiting.front().message);
    shard.waiting.pop_front();
  }
  shard.batches.emplace(++last_batch_, std::move(batch));
}

/// Ends the tries that the broker's word is about, and hands each to `judge`.
template <class Judge>
void Outbox::conclude(Generation generation, DeliveryTag tag, bool multiple, Judge&& judge) {
  if (!connected_ || generation != generation_) return;
  const auto first = multiple ? tries_.begin() : tries_.find(tag);
  const auto end = tries_.upper_bound(tag);
  if (first == tries_.end()) return;
  for (auto i = first; i != end; ++i) {
    Shard& shard = shards_[static_cast<std::size_t>(i->second.shard)];
    --shard.open;
    const auto batch = shard.batches.find(i->second.batch);
    if (batch != shard.batches.end()) judge(shard, batch, i->second);
  }
  tries_.erase(first, end);
}

void Outbox::acked(Generation generation, DeliveryTag tag, bool multiple, Tick now) {
  conclude(generation, tag, multiple, [&](Shard& shard, Batches::iterator batch, const Try& done) {
    if (done.returned) {
      repeat(shard, batch->first, now);
    } else {
      confirm(shard, batch);
      resolved_.confirm_times.push_back(now - done.sent);
    }
  });
}

void Outbox::nacked(Generation generation, DeliveryTag tag, bool multiple, Tick now) {
  conclude(generation, tag, multiple, [&](Shard& shard, Batches::iterator batch, const Try& done) {
    if (!done.returned) batch->second.unknown = true;
    repeat(shard, batch->first, now);
  });
}

void Outbox::returned(Generation generation, DeliveryTag tag) {
  if (!connected_ || generation != generation_) return;
  const auto attempt = tries_.find(tag);
  if (attempt == tries_.end() || attempt->second.returned) return;
  attempt->second.returned = true;
  Shard& shard = shards_[static_cast<std::size_t>(attempt->second.shard)];
  const auto batch = shard.batches.find(attempt->second.batch);
  STAMPEDE_CHECK(batch != shard.batches.end(), "a batch is kept while a try of it is unanswered");
  if (batch->second.unknown) return;  // an earlier try may be in a queue: it is repeated
  std::erase_if(batch->second.messages, [&](const Message& message) {
    const auto* purchase = std::get_if<Purchase>(&message);
    if (purchase != nullptr) resolve(*purchase, resolved_.refused);
    return purchase != nullptr;
  });
  if (batch->second.messages.empty()) shard.batches.erase(batch);
}

void Outbox::confirm(Shard& shard, Batches::iterator batch) {
  for (const Message& message : batch->second.messages) {
    if (const auto* purchase = std::get_if<Purchase>(&message)) {
      resolve(*purchase, resolved_.queued);
    } else {
      marked_.erase(lease_of(message));
      --markers_;
    }
  }
  shard.batches.erase(batch);
  shard.failures = 0;
  shard.paused_until = {};
}

/// The broker answered but did not take it: again, after a pause that is longer each time.
void Outbox::repeat(Shard& shard, BatchId id, Tick now) {
  shard.again.insert(id);
  if (now >= shard.paused_until) {  // the first answer of this round of tries
    const auto doublings = std::min(shard.failures++, 10);
    shard.paused_until =
        now + std::min(options_.first_pause * (1 << doublings), options_.last_pause);
  }
  refuse_waiting(shard);
}

/// Purchases that were never sent need not wait for better times: their buyers may ask again.
void Outbox::refuse_waiting(Shard& shard) {
  for (Waiting& entry : std::exchange(shard.waiting, {})) {
    if (const auto* purchase = std::get_if<Purchase>(&entry.message)) {
      resolve(*purchase, resolved_.refused);
    } else {
      shard.waiting.push_back(std::move(entry));
    }
  }
}

void Outbox::resolve(const Purchase& purchase, std::vector<Purchase>& outcome) {
  outcome.push_back(purchase);
  --purchases_;
  const auto lease = leases_.find(purchase.lease);
  // Twice, a yes could be taken back, or a unit be sold again.
  STAMPEDE_CHECK(lease != leases_.end(), "a purchase is resolved once");
  if (--lease->second.purchases > 0) return;
  if (const auto held = lease->second.held_marker) {
    shards_[index_of(purchase.lease)].waiting.push_back({CloseMarker{purchase.lease}, *held});
  }
  leases_.erase(lease);
}

Outbox::Resolved Outbox::take_resolved() { return std::exchange(resolved_, {}); }

bool Outbox::takes_purchases() const {
  return connected_ && !blocked_ && std::ranges::any_of(shards_, &Shard::usable);
}

bool Outbox::overdue(Tick now, MonotonicClock::duration timeout) const {
  return !blocked_ && !tries_.empty() && now - tries_.begin()->second.sent >= timeout;
}

std::optional<Tick> Outbox::next_try() const {
  if (!connected_ || blocked_) return std::nullopt;
  std::optional<Tick> earliest;
  for (const Shard& shard : shards_) {
    if (!shard.usable || shard.again.empty()) continue;
    earliest = std::min(earliest.value_or(shard.paused_until), shard.paused_until);
  }
  return earliest;
}

std::vector<LeaseId> Outbox::stuck_leases(Tick before) const {
  std::set<LeaseId> leases;
  const auto add = [&](const Message& message) {
    if (std::holds_alternative<Purchase>(message)) leases.insert(lease_of(message));
  };
  for (const Shard& shard : shards_) {
    for (const auto& [id, batch] : shard.batches) {
      if (batch.accepted < before) std::ranges::for_each(batch.messages, add);
    }
    for (const Waiting& entry : shard.waiting) {
      if (entry.accepted < before) add(entry.message);
    }
  }
  return {leases.begin(), leases.end()};
}

}  // namespace stampede::queue

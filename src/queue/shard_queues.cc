#include "queue/shard_queues.h"

#include <algorithm>
#include <utility>

namespace stampede::queue {

std::size_t ShardQueues::unusable() const {
  return static_cast<std::size_t>(
      std::ranges::count_if(try_at_, [](const auto& at) { return at.has_value(); }));
}

void ShardQueues::refused(std::int32_t shard, Tick now) {
  try_at_[index(shard)] = now + kPause;
  outbox_->set_usable(shard, false);
}

void ShardQueues::declared(std::int32_t shard) {
  try_at_[index(shard)].reset();
  outbox_->set_usable(shard, true);
}

std::vector<std::int32_t> ShardQueues::due(Tick now) const {
  std::vector<std::int32_t> due;
  for (std::int32_t shard = 0; shard < kShards; ++shard) {
    const auto& at = try_at_[index(shard)];
    if (at && *at <= now) due.push_back(shard);
  }
  return due;
}

std::optional<Tick> ShardQueues::next_try() const {
  std::optional<Tick> next;
  for (const auto& at : try_at_) {
    if (at && (!next || *at < *next)) next = at;
  }
  return next;
}

bool ShardQueues::returned() { return !std::exchange(missing_, true); }

bool ShardQueues::restore(Tick now) {
  if (!missing_ || now < restore_at_) return false;
  restore_at_ = now + kPause;
  return true;
}

}  // namespace stampede::queue

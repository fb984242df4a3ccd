#include "services/admission/blacklist.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace stampede::services::admission {

Instant Blacklist::until(const BlacklistEntry& entry) {
  return entry.expires_at.value_or(Instant::max());
}

bool Blacklist::holds(UserId user, Instant now) {
  return users_.with(user.value, [&](Until& users) {
    const auto found = users.find(user);
    return found != users.end() && now < found->second;
  });
}

void Blacklist::load(std::span<const BlacklistEntry> entries) {
  // The new list is built first and then exchanged stripe by stripe, so that no listed buyer is
  // admitted meanwhile.
  concurrency::Striped<Until, 64> fresh;
  const auto put = [&](const BlacklistEntry& entry) {
    fresh.with(entry.user.value, [&](Until& users) {
      auto& latest = users.try_emplace(entry.user, until(entry)).first->second;
      latest = std::max(latest, until(entry));
    });
  };
  std::ranges::for_each(entries, put);
  const concurrency::MutexLock lock(unsaved_mutex_);
  std::ranges::for_each(unsaved_, put);
  for (std::size_t i = 0; i < users_.size(); ++i) {
    fresh.with_stripe(i, [&](Until& loaded) {
      users_.with_stripe(i, [&](Until& users) { users.swap(loaded); });
    });
  }
}

void Blacklist::add(const BlacklistEntry& entry) {
  const concurrency::MutexLock lock(unsaved_mutex_);
  unsaved_.push_back(entry);
  users_.with(entry.user.value, [&](Until& users) {
    auto& latest = users.try_emplace(entry.user, until(entry)).first->second;
    latest = std::max(latest, until(entry));
  });
}

std::vector<BlacklistEntry> Blacklist::take_unsaved(std::size_t most) {
  const concurrency::MutexLock lock(unsaved_mutex_);
  const auto end = unsaved_.begin() + static_cast<std::ptrdiff_t>(std::min(most, unsaved_.size()));
  std::vector<BlacklistEntry> taken(std::make_move_iterator(unsaved_.begin()),
                                    std::make_move_iterator(end));
  unsaved_.erase(unsaved_.begin(), end);
  return taken;
}

void Blacklist::put_back(std::vector<BlacklistEntry> entries) {
  const concurrency::MutexLock lock(unsaved_mutex_);
  std::ranges::move(entries, std::back_inserter(unsaved_));
}

}  // namespace stampede::services::admission

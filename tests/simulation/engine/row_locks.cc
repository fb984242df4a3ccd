#include "tests/simulation/engine/row_locks.h"

namespace stampede::simulation {

namespace {

/// How long the server keeps an idle transaction.
constexpr Duration kLongestIdle = std::chrono::seconds{3};

}  // namespace

bool RowLocks::lock(Owner owner, Row row, Duration now) {
  const auto [entry, is_new] = rows_.try_emplace(row, owner);
  if (!is_new && entry->second != owner) {
    const auto active = active_.find(entry->second);
    if (active != active_.end() && now - active->second <= kLongestIdle) return false;
    release(entry->second);
    rows_[row] = owner;
  }
  active_[owner] = now;
  return true;
}

bool RowLocks::holds(Owner owner, Duration now) {
  const auto active = active_.find(owner);
  if (active == active_.end()) return false;
  active->second = now;
  return true;
}

void RowLocks::release(Owner owner) {
  active_.erase(owner);
  std::erase_if(rows_, [owner](const auto& entry) { return entry.second == owner; });
}

}  // namespace stampede::simulation

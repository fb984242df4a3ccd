#include "tests/simulation/engine/row_locks.h"

#include <algorithm>
#include <iterator>

namespace stampede::simulation {

namespace {

/// How long the server keeps an idle transaction.
constexpr Duration kLongestIdle = std::chrono::seconds{3};

}  // namespace

void RowLocks::clear() {
  rows_.clear();
  active_.clear();
  waits_.clear();
}

RowLocks::Result RowLocks::lock(Owner owner, Row row, Mode mode, Duration now) {
  active_[owner] = now;
  if (const auto found = rows_.find(row); found != rows_.end()) {
    for (const Owner other : std::vector(found->second.owners)) end_if_idle(other, now);
  }
  Holders& holders = rows_[row];
  const bool mine = std::ranges::find(holders.owners, owner) != holders.owners.end();
  const bool alone = holders.owners.empty() || (mine && holders.owners.size() == 1);
  const bool shares = mode == Mode::kShared && holders.mode == Mode::kShared;
  if (alone || shares || (mine && mode == Mode::kShared)) {
    if (holders.owners.empty() || mode == Mode::kExclusive) holders.mode = mode;
    if (!mine) holders.owners.push_back(owner);
    waits_.erase(owner);
    return Result::kLocked;
  }
  waits_.insert_or_assign(owner, row);
  return closes_circle(owner, row, 0) ? Result::kDeadlock : Result::kWaits;
}

/// Whether somebody who has that row waits, perhaps for others who wait, for that owner.
bool RowLocks::closes_circle(Owner owner, Row row, int depth) const {
  constexpr int kDeepest = 8;
  const auto holders = rows_.find(row);
  if (holders == rows_.end() || depth == kDeepest) return false;
  return std::ranges::any_of(holders->second.owners, [&](Owner other) {
    if (other == owner) return depth > 0;
    const auto waits = waits_.find(other);
    return waits != waits_.end() && closes_circle(owner, waits->second, depth + 1);
  });
}

void RowLocks::end_if_idle(Owner owner, Duration now) {
  const auto active = active_.find(owner);
  if (active == active_.end() || now - active->second > kLongestIdle) release(owner);
}

bool RowLocks::holds(Owner owner, Duration now) {
  end_if_idle(owner, now);
  const auto active = active_.find(owner);
  if (active == active_.end()) return false;
  active->second = now;
  return true;
}

void RowLocks::release(Owner owner) {
  active_.erase(owner);
  waits_.erase(owner);
  for (auto row = rows_.begin(); row != rows_.end();) {
    std::erase(row->second.owners, owner);
    row = row->second.owners.empty() ? rows_.erase(row) : std::next(row);
  }
}

}  // namespace stampede::simulation

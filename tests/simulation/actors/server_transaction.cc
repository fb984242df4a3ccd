#include "tests/simulation/actors/server_transaction.h"

#include <utility>

#include "tests/simulation/engine/fiber.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using repositories::StorageError;

namespace {

/// innodb_lock_wait_timeout.
constexpr Duration kLongestLockWait = 1s;

}  // namespace

void ServerTransaction::begin_statement() {
  waits_since_ = Duration::max();
  require_open();
}

void ServerTransaction::require_open() {
  if (database_->locks.holds(id_, stage_->scheduler.time())) return;
  throw StorageError(StorageError::Kind::kUnreachable, "the server ended the transaction");
}

void ServerTransaction::lock(RowLocks::Row row, RowLocks::Mode mode) {
  for (;;) {
    const Duration now = stage_->scheduler.time();
    const bool held = row.kind == RowLocks::Kind::kSale && database_->sale_row_held;
    const auto result =
        held ? RowLocks::Result::kWaits : database_->locks.lock(id_, row, mode, now);
    if (result == RowLocks::Result::kLocked) return;
    if (waits_since_ == Duration::max()) waits_since_ = now;
    if (result == RowLocks::Result::kDeadlock || now - waits_since_ >= kLongestLockWait) {
      stage_->trace.note("database", "locked for too long, or in a circle",
                         {static_cast<int>(row.kind), row.id, static_cast<int>(result)});
      end();
      throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
    }
    Fiber::wait();
    require_open();
  }
}

void ServerTransaction::commit(std::function<void()> make) {
  if (stage_->chance(stage_->profile.commit_unknown)) {
    const bool made = stage_->random.chance(0.5);
    stage_->scheduler.after(stage_->random.between(1ms, 2s), [self = shared_from_this(), made,
                                                              make] {
      try {
        const bool there = self->database_->locks.holds(self->id_, self->stage_->scheduler.time());
        if (made && there) make();
      } catch (const StorageError&) {  // nobody hears of it
      }
      self->end();
    });
    throw StorageError(StorageError::Kind::kOutcomeUnknown, "lost after COMMIT");
  }
  require_open();
  try {
    make();
  } catch (...) {
    end();
    throw;
  }
  end();
}

}  // namespace stampede::simulation

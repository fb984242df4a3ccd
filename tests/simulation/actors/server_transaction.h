#pragma once

#include <functional>
#include <memory>

#include "tests/simulation/actors/sim_database.h"

namespace stampede::simulation {

/// One transaction at the database's server, of a client that sends it statement by statement: the
/// rows that it has locked. Everybody else runs in between. One that is idle for 3 s is ended by
/// the server. To be used in a fiber, which waits for rows again and again. Throws StorageError,
/// and has ended then.
class ServerTransaction : public std::enable_shared_from_this<ServerTransaction> {
 public:
  ServerTransaction(Stage& stage, SimDatabase& database)
      : stage_(&stage), database_(&database), id_(database.locks.begin(stage.scheduler.time())) {}

  /// Before each statement: whether the server still goes on with it.
  void begin_statement();
  void lock(RowLocks::Row row, RowLocks::Mode mode = RowLocks::Mode::kExclusive);
  /// `make` makes its changes. Its answer may be lost while the server goes on with it: it is over,
  /// either way, some time after the client tries again.
  void commit(std::function<void()> make);
  void end() { database_->locks.release(id_); }
  /// Its client is gone: the server notices that at once, or when it was idle for too long.
  void abandon() {
    if (stage_->random.chance(0.5)) end();
  }

 private:
  void require_open();

  Stage* stage_;
  SimDatabase* database_;
  const RowLocks::Owner id_;
  Duration waits_since_ = Duration::max();  // a statement, for rows
};

}  // namespace stampede::simulation

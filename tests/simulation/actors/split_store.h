#pragma once

#include <cstddef>
#include <memory>
#include <vector>

#include "tests/simulation/actors/sim_database.h"

namespace stampede::simulation {

/// The consumer's transactions, cut into their statements: each call of OrderWriter::write() runs
/// one more of them and then throws NotYet, and what it had read before it reads again from here.
/// Other processes run between two statements. Rows are locked until the transaction is over; one
/// whose consumer is gone or stands still is rolled back by the server in 3 s.
class SplitStore final : public repositories::OrderStore {
 public:
  /// There are more statements to come, or the next one waits for a row. Not a std::exception: the
  /// consumer's code must not take it for a failure.
  struct NotYet {};

  SplitStore(Stage& stage, SimDatabase& database, DatabaseClient& client);
  /// The consumer is gone.
  ~SplitStore() override;
  SplitStore(const SplitStore&) = delete;
  SplitStore& operator=(const SplitStore&) = delete;

  std::unique_ptr<repositories::OrderTransaction> begin() override;

 private:
  class Replay;
  struct Open;

  std::shared_ptr<Open> open();
  void wait_or_lock(RowLocks::Row row);

  Stage* stage_;
  SimDatabase* database_;
  DatabaseClient* client_;
  std::shared_ptr<Open> open_;  // null: none
};

}  // namespace stampede::simulation

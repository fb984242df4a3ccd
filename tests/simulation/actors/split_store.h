#pragma once

#include <memory>

#include "tests/simulation/actors/server_transaction.h"

namespace stampede::simulation {

/// A consumer's transactions, statement by statement. To be used in a fiber, which waits before
/// each statement but the first.
class SplitStore final : public repositories::OrderStore {
 public:
  SplitStore(Stage& stage, SimDatabase& database, DatabaseClient& client);
  /// The consumer is gone.
  ~SplitStore() override;
  SplitStore(const SplitStore&) = delete;
  SplitStore& operator=(const SplitStore&) = delete;

  std::unique_ptr<repositories::OrderTransaction> begin() override;

 private:
  class Transaction;

  /// Begins one with the first statement, and lets others run before every other one.
  void reach();
  /// One that fails ends the transaction.
  template <class Work>
  auto statement(Work work);
  void end();

  Stage* stage_;
  SimDatabase* database_;
  DatabaseClient* client_;
  std::shared_ptr<ServerTransaction> open_;                      // null: none
  std::unique_ptr<repositories::OrderTransaction> transaction_;  // its changes
};

}  // namespace stampede::simulation

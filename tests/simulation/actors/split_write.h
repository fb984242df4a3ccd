#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <string>

#include "tests/simulation/actors/server_transaction.h"

namespace stampede::simulation {

/// What one process of quantity control writes in the leader's name, in the statements and with the
/// row locks of repositories/sql: whoever leads is looked at last, and that row stays locked until
/// the commit. In a fiber. Throws what the repositories throw.
class SplitWrite {
 public:
  explicit SplitWrite(DatabaseClient& client)
      : client_(&client),
        stage_(client.stage_),
        database_(client.database_),
        server_(std::make_shared<ServerTransaction>(*stage_, *database_)) {}
  ~SplitWrite();
  SplitWrite(const SplitWrite&) = delete;
  SplitWrite& operator=(const SplitWrite&) = delete;

  using Granted = std::expected<StockLease, repositories::NoGrant>;
  Granted grant(const repositories::Term& term, const repositories::LeaseRequest& request,
                std::int64_t units);
  void continue_behind(const repositories::Term& term, LeaseId lease, Instant now);
  void fence(const repositories::Term& term, LeaseId lease);
  repositories::RingState replace(const repositories::Term& term,
                                  const repositories::RingChange& change);
  std::optional<repositories::TakenTerm> take(const std::string& holder, std::int64_t above,
                                              std::chrono::milliseconds life);
  std::optional<repositories::Renewal> renew(const repositories::Term& term,
                                             std::chrono::milliseconds life);
  void resign(const repositories::Term& term);

 private:
  using State = repositories::memory::MemoryStore::State;
  const State& state() const { return database_->store.view(); }

  /// Lets others run before each but the first.
  void statement();
  void lock(RowLocks::Row row, RowLocks::Mode mode = RowLocks::Mode::kExclusive);
  void require_leader(const repositories::Term& term);
  void look_who_leads(const repositories::Term& term) const;
  /// What `change` returns; it keeps what it needs.
  template <class Change>
  auto commit(Change change);
  std::optional<StockLease> granted(const repositories::LeaseRequest& request) const;
  Granted grant_new(const repositories::LeaseRequest& request, std::int64_t units);
  bool may_take(const std::string& holder, std::chrono::milliseconds life) const;

  DatabaseClient* client_;
  Stage* stage_;
  SimDatabase* database_;
  std::shared_ptr<ServerTransaction> server_;
  bool begun_ = false;
  bool over_ = false;
};

}  // namespace stampede::simulation

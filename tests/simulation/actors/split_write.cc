#include "tests/simulation/actors/split_write.h"

#include <algorithm>
#include <utility>

#include "tests/simulation/engine/fiber.h"

namespace stampede::simulation {

using repositories::LeaseRequest;
using repositories::NoGrant;
using repositories::StorageError;
using repositories::Term;
using Kind = RowLocks::Kind;
using Mode = RowLocks::Mode;

/// It is rolled back; at once, unless its process is gone.
SplitWrite::~SplitWrite() {
  if (over_) return;
  client_->client_->running() ? server_->end() : server_->abandon();
}

void SplitWrite::statement() {
  if (std::exchange(begun_, true)) Fiber::wait();
  client_->reach();
  try {
    server_->begin_statement();
  } catch (const StorageError&) {
    ++client_->failures_;
    throw;
  }
}

void SplitWrite::lock(RowLocks::Row row, Mode mode) {
  try {
    server_->lock(row, mode);
  } catch (const StorageError&) {
    ++client_->failures_;
    throw;
  }
}

void SplitWrite::look_who_leads(const Term& term) const {
  if (state().leader != client_->term_of(term)) throw repositories::NoLongerLeader(term);
}

void SplitWrite::require_leader(const Term& term) {
  statement();
  if (client_->planted(Bug::kLeaderCheckedApart)) return;  // grant() has looked, before it began
  lock({Kind::kLeader}, Mode::kShared);
  look_who_leads(term);
}

template <class Change>
auto SplitWrite::commit(Change change) {
  statement();
  over_ = true;
  using Result = decltype(change());
  const auto result = std::make_shared<Result>();
  const auto failures = client_->failures_;
  try {
    server_->commit([client = client_, change = std::move(change), result] {
      client->commit([&] { *result = change(); });
    });
  } catch (const StorageError&) {
    client_->failures_ = std::max(client_->failures_, failures + 1);
    throw;
  }
  return std::move(*result);
}

std::optional<StockLease> SplitWrite::granted(const LeaseRequest& request) const {
  const auto known = state().requests.find({request.holder, request.number});
  if (known == state().requests.end()) return std::nullopt;
  return state().leases.at(known->second);
}

SplitWrite::Granted SplitWrite::grant(const Term& term, const LeaseRequest& request,
                                      std::int64_t units) {
  statement();
  if (client_->planted(Bug::kLeaderCheckedApart)) look_who_leads(term);
  Granted lease = std::unexpected(NoGrant::kNoUnits);
  bool is_new = false;
  if (const auto before = granted(request)) {
    lease = *before;
  } else {
    lease = grant_new(request, units);
    is_new = lease && !granted(request);
    if (!lease && lease.error() != NoGrant::kNoUnits) return lease;
  }
  require_leader(term);
  return commit([this, database = database_, request, lease, is_new] {
    if (is_new) database->store.insert(request, *lease);
    return lease;
  });
}

/// As grant_once() in repositories/sql/leasing/leases.cc, behind its first statement.
SplitWrite::Granted SplitWrite::grant_new(const LeaseRequest& request, std::int64_t units) {
  statement();
  lock({Kind::kSale, request.sale.value});
  if (state().sales.at(request.sale).unleased < units) {
    statement();
    const auto before = granted(request);
    if (!before) return std::unexpected(NoGrant::kNoUnits);
    return *before;
  }
  statement();
  if (!request.knows_terms(state().sales.at(request.sale))) {
    return std::unexpected(NoGrant::kOtherTerms);
  }
  statement();
  auto& rows = database_->request_rows;
  const auto row = rows.try_emplace({request.holder, request.number}, std::ssize(rows)).first;
  lock({Kind::kRequest, row->second});
  if (const auto before = granted(request)) return *before;
  const StockLease lease{.id = database_->store.draw_lease(),
                         .sale = request.sale,
                         .granted = units,
                         .holder = request.holder};
  statement();
  lock({Kind::kRing}, Mode::kShared);
  if (state().ring.epoch != request.ring_epoch) return std::unexpected(NoGrant::kAnotherRing);
  statement();
  if (lease.id <= request.behind) return std::unexpected(NoGrant::kUsedNumber);
  return lease;
}

void SplitWrite::continue_behind(const Term& term, LeaseId lease, Instant now) {
  statement();
  if (state().last_lease < lease.value) statement();
  require_leader(term);
  commit([client = client_, database = database_, term, lease, now] {
    database->store.continue_behind(client->term_of(term), lease, now);
    return true;
  });
}

void SplitWrite::fence(const Term& term, LeaseId lease) {
  statement();
  lock({Kind::kLease, lease.value});
  require_leader(term);
  commit([stage = stage_, database = database_, lease] {
    database->store.fence(lease);
    if (stage->bug != Bug::kFenceCloses) return true;
    const auto transaction = database->store.begin();
    transaction->close(lease);
    transaction->commit();
    return true;
  });
}

repositories::RingState SplitWrite::replace(const Term& term,
                                            const repositories::RingChange& change) {
  statement();
  lock({Kind::kRing});
  statement();
  const auto ring = database_->store.changed_ring(change);
  if (ring.epoch != state().ring.epoch) {
    for (int written = 0; written < 2; ++written) statement();  // the ring, and its members
  }
  require_leader(term);
  return commit([database = database_, ring] {
    database->store.set_ring(ring);
    return ring;
  });
}

/// As in repositories/sql/leasing/leadership.cc.
bool SplitWrite::may_take(const std::string& holder, std::chrono::milliseconds life) const {
  const State& now = state();
  return now.leader.holder == holder || now.clock >= now.leader_until ||
         now.leader_until > now.clock + 2 * life;
}

std::optional<repositories::TakenTerm> SplitWrite::take(const std::string& holder,
                                                        std::int64_t above,
                                                        std::chrono::milliseconds life) {
  statement();
  if (!may_take(holder, life)) return std::nullopt;
  statement();
  lock({Kind::kLeader});
  if (!may_take(holder, life)) return std::nullopt;
  statement();
  return commit([database = database_, holder, above, life] {
    return database->store.take(holder, above, life);
  });
}

std::optional<repositories::Renewal> SplitWrite::renew(const Term& term,
                                                       std::chrono::milliseconds life) {
  statement();
  lock({Kind::kLeader});
  if (state().leader != client_->term_of(term)) return std::nullopt;
  for (int read = 0; read < 2; ++read) statement();  // the time, and which process was asked
  return commit([client = client_, database = database_, term, life] {
    return database->store.renew(client->term_of(term), life);
  });
}

void SplitWrite::resign(const Term& term) {
  statement();
  lock({Kind::kLeader});
  commit([database = database_, term] {
    database->store.resign(term);
    return true;
  });
}

}  // namespace stampede::simulation

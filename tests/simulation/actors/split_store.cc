#include "tests/simulation/actors/split_store.h"

#include <functional>

namespace stampede::simulation {

using namespace std::chrono_literals;
using repositories::ChargedLease;
using repositories::OrderTransaction;
using repositories::ShardState;
using repositories::StorageError;

namespace {

/// innodb_lock_wait_timeout.
constexpr Duration kLongestLockWait = 1s;

}  // namespace

/// One transaction at the server, and what its statements have answered.
struct SplitStore::Open {
  struct Answered {
    std::vector<ChargedLease> leases = {};
    ShardState shard = {};
    std::vector<Order> orders = {};
    bool charged = false;
  };
  std::unique_ptr<OrderTransaction> transaction;
  RowLocks::Owner id = 0;
  std::vector<Answered> answered = {};
  Duration waits_since = Duration::max();  // for a row
};

class SplitStore::Replay final : public OrderTransaction {
 public:
  explicit Replay(SplitStore& store) : store_(&store) {}

  void lock_buyers(std::span<const UserId> ascending) override {
    next([&](Open& open, Open::Answered&) {
      const bool reads_only = store_->stage_->bug == Bug::kBuyersNotLocked;
      for (const UserId buyer : ascending) {
        if (!reads_only) lock({RowLocks::Kind::kBuyer, buyer.value});
      }
      open.transaction->lock_buyers(ascending);
    });
  }
  std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) override {
    return next([&](Open& open, Open::Answered& answered) {
             for (const LeaseId lease : ascending) lock({RowLocks::Kind::kLease, lease.value});
             answered.leases = open.transaction->lock_leases(ascending);
           })
        .leases;
  }
  ShardState lock_shard(std::int32_t shard) override {
    return next([&](Open& open, Open::Answered& answered) {
             lock({RowLocks::Kind::kShard, shard});
             answered.shard = open.transaction->lock_shard(shard);
           })
        .shard;
  }
  std::vector<Order> orders_of(std::span<const repositories::SaleBuyer> ascending) override {
    return next([&](Open& open, Open::Answered& answered) {
             answered.orders = open.transaction->orders_of(ascending);
           })
        .orders;
  }
  void insert(std::span<const Order> orders) override {
    next([&](Open& open, Open::Answered&) { open.transaction->insert(orders); });
  }
  bool charge(const repositories::LeaseCharge& charge) override {
    return next([&](Open& open, Open::Answered& answered) {
             answered.charged = open.transaction->charge(charge);
           })
        .charged;
  }
  void close(LeaseId lease) override {
    next([&](Open& open, Open::Answered&) { open.transaction->close(lease); });
  }
  void advance_shard(std::int32_t shard, const ShardEnd& end) override {
    next([&](Open& open, Open::Answered&) { open.transaction->advance_shard(shard, end); });
  }
  void commit() override;

 private:
  using Work = std::function<void(Open&, Open::Answered&)>;

  /// The answer of the next statement: from before, or of now.
  Open::Answered next(const Work& work) {
    Open& open = *store_->open();
    if (position_ < open.answered.size()) return open.answered[position_++];
    if (ran_) throw NotYet{};
    ran_ = true;
    Open::Answered answered;
    run([&] { work(open, answered); });
    open.waits_since = Duration::max();
    ++position_;
    open.answered.push_back(answered);
    return answered;
  }
  /// A statement that fails ends the transaction.
  void run(const std::function<void()>& statement);
  void lock(RowLocks::Row row) { store_->wait_or_lock(row); }

  SplitStore* store_;
  std::size_t position_ = 0;
  bool ran_ = false;
};

void SplitStore::Replay::run(const std::function<void()>& statement) {
  const auto open = store_->open();
  RowLocks& locks = store_->database_->locks;
  const Duration now = store_->stage_->scheduler.time();
  if (!locks.holds(open->id, now)) {
    store_->open_.reset();
    throw StorageError(StorageError::Kind::kUnreachable, "the server ended the transaction");
  }
  try {
    statement();
  } catch (const NotYet&) {
    throw;
  } catch (...) {
    locks.release(open->id);
    store_->open_.reset();
    throw;
  }
}

/// Its answer may be lost while the server goes on with it: it is over, either way, some time after
/// the consumer tries again.
void SplitStore::Replay::commit() {
  if (ran_) throw NotYet{};
  const auto open = store_->open();
  Stage& stage = *store_->stage_;
  SimDatabase& database = *store_->database_;
  if (stage.chance(stage.profile.commit_unknown)) {
    const bool made = stage.random.chance(0.5);
    store_->open_.reset();
    stage.scheduler.after(stage.random.between(1ms, 2s), [&database, open, made, &stage] {
      const bool there = database.locks.holds(open->id, stage.scheduler.time());
      try {
        if (made && there) open->transaction->commit();
      } catch (const StorageError&) {  // nobody hears of it
      }
      database.locks.release(open->id);
    });
    throw StorageError(StorageError::Kind::kOutcomeUnknown, "lost after COMMIT");
  }
  run([&] { open->transaction->commit(); });
  database.locks.release(open->id);
  store_->open_.reset();
}

SplitStore::SplitStore(Stage& stage, SimDatabase& database, DatabaseClient& client)
    : stage_(&stage), database_(&database), client_(&client) {}

/// The server notices at once, or when the transaction was idle for too long.
SplitStore::~SplitStore() {
  if (open_ && stage_->random.chance(0.5)) database_->locks.release(open_->id);
}

std::unique_ptr<OrderTransaction> SplitStore::begin() { return std::make_unique<Replay>(*this); }

std::shared_ptr<SplitStore::Open> SplitStore::open() {
  if (!open_) {
    auto transaction = client_->begin();
    open_ = std::make_shared<Open>(Open{.transaction = std::move(transaction),
                                        .id = database_->locks.begin(stage_->scheduler.time())});
  }
  return open_;
}

void SplitStore::wait_or_lock(RowLocks::Row row) {
  const Duration now = stage_->scheduler.time();
  if (database_->locks.lock(open_->id, row, now)) return;
  if (open_->waits_since == Duration::max()) open_->waits_since = now;
  if (now - open_->waits_since < kLongestLockWait) throw NotYet{};
  throw StorageError(StorageError::Kind::kBusy, "a row was locked for too long");
}

}  // namespace stampede::simulation

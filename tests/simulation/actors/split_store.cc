#include "tests/simulation/actors/split_store.h"

#include <set>
#include <utility>

#include "tests/simulation/engine/fiber.h"

namespace stampede::simulation {

using repositories::ChargedLease;
using repositories::OrderTransaction;
using repositories::ShardState;

template <class Work>
auto SplitStore::statement(Work work) {
  reach();
  try {
    open_->begin_statement();
    return work(*open_, *transaction_);
  } catch (const std::exception&) {
    end();
    throw;
  }
}

/// Its statements lock rows as those of repositories/sql do.
class SplitStore::Transaction final : public OrderTransaction {
 public:
  explicit Transaction(SplitStore& store) : store_(&store) {}

  void lock_buyers(std::span<const UserId> ascending) override {
    store_->statement([&](ServerTransaction& server, OrderTransaction& transaction) {
      const bool reads_only = store_->stage_->bug == Bug::kBuyersNotLocked;
      for (const UserId buyer : ascending) {
        if (!reads_only) server.lock({RowLocks::Kind::kBuyer, buyer.value});
      }
      transaction.lock_buyers(ascending);
    });
  }
  std::vector<ChargedLease> lock_leases(std::span<const LeaseId> ascending) override {
    return store_->statement([&](ServerTransaction& server, OrderTransaction& transaction) {
      for (const LeaseId lease : ascending) server.lock({RowLocks::Kind::kLease, lease.value});
      return transaction.lock_leases(ascending);
    });
  }
  ShardState lock_shard(std::int32_t shard) override {
    return store_->statement([&](ServerTransaction& server, OrderTransaction& transaction) {
      server.lock({RowLocks::Kind::kShard, shard});
      return transaction.lock_shard(shard);
    });
  }
  std::vector<Order> orders_of(std::span<const repositories::SaleBuyer> ascending) override {
    return store_->statement([&](ServerTransaction&, OrderTransaction& transaction) {
      return transaction.orders_of(ascending);
    });
  }
  void insert(std::span<const Order> orders) override {
    store_->statement([&](ServerTransaction& server, OrderTransaction& transaction) {
      transaction.insert(orders);
      std::set<SaleId> sales;  // whose failed orders are counted
      for (const Order& order : orders) {
        if (order.status == OrderStatus::kFailed) sales.insert(order.sale);
      }
      for (const SaleId sale : sales) server.lock({RowLocks::Kind::kSale, sale.value});
    });
  }
  bool charge(const repositories::LeaseCharge& charge) override {
    return store_->statement([&](ServerTransaction&, OrderTransaction& transaction) {
      return transaction.charge(charge);
    });
  }
  void close(LeaseId lease) override {
    store_->statement([&](ServerTransaction& server, OrderTransaction& transaction) {
      const auto& leases = store_->database_->store.view().leases;
      if (const auto found = leases.find(lease); found != leases.end()) {
        server.lock({RowLocks::Kind::kSale, found->second.sale.value});
      }
      transaction.close(lease);
    });
  }
  void advance_shard(std::int32_t shard, const ShardEnd& end) override {
    store_->statement([&](ServerTransaction&, OrderTransaction& transaction) {
      transaction.advance_shard(shard, end);
    });
  }
  void commit() override {
    store_->reach();
    const auto open = std::exchange(store_->open_, nullptr);
    open->commit([transaction = std::shared_ptr(std::move(store_->transaction_))] {
      transaction->commit();
    });
  }

 private:
  SplitStore* store_;
};

SplitStore::SplitStore(Stage& stage, SimDatabase& database, DatabaseClient& client)
    : stage_(&stage), database_(&database), client_(&client) {}

SplitStore::~SplitStore() {
  if (open_) open_->abandon();
}

std::unique_ptr<OrderTransaction> SplitStore::begin() {
  if (open_) end();  // it was not committed
  return std::make_unique<Transaction>(*this);
}

void SplitStore::reach() {
  if (open_) return Fiber::wait();
  transaction_ = client_->begin();
  open_ = std::make_shared<ServerTransaction>(*stage_, *database_);
}

void SplitStore::end() {
  open_->end();
  open_.reset();
  transaction_.reset();
}

}  // namespace stampede::simulation

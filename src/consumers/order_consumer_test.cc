#include "consumers/order_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <semaphore>

#include "queue/local/local_queue.h"
#include "repositories/memory/memory_ledger.h"
#include "repositories/storage_error.h"

namespace stampede::consumers {
namespace {

using repositories::LedgerTransaction;
using repositories::StorageError;
using repositories::memory::MemoryLedger;
using std::chrono::milliseconds;

/// A ledger that is away for its next `failures` transactions; the last of them commits all the
/// same, as a commit whose answer is lost does.
class FaultyLedger final : public repositories::OrderLedger {
 public:
  explicit FaultyLedger(MemoryLedger& real) : real_(&real) {}

  std::unique_ptr<LedgerTransaction> begin() override {
    tried.release();
    if (failures > 1) {
      --failures;
      throw StorageError(StorageError::Kind::kFull, "no space");
    }
    if (failures == 1) {
      --failures;
      return std::make_unique<LostAnswer>(real_->begin());
    }
    return real_->begin();
  }

  std::atomic<int> failures{0};
  std::counting_semaphore<> tried{0};

 private:
  class LostAnswer final : public LedgerTransaction {
   public:
    explicit LostAnswer(std::unique_ptr<LedgerTransaction> real) : real_(std::move(real)) {}
    void lock_buyers(std::span<const UserId> ids) override { real_->lock_buyers(ids); }
    std::vector<repositories::LedgerLease> lock_leases(std::span<const LeaseId> ids) override {
      return real_->lock_leases(ids);
    }
    repositories::ShardState lock_shard(std::int32_t shard) override {
      return real_->lock_shard(shard);
    }
    std::vector<Order> orders_of(std::span<const repositories::SaleBuyer> pairs) override {
      return real_->orders_of(pairs);
    }
    void insert(std::span<const Order> orders) override { real_->insert(orders); }
    bool charge(const repositories::LedgerCharge& charge) override { return real_->charge(charge); }
    void close(LeaseId lease) override { real_->close(lease); }
    void advance_shard(std::int32_t shard, std::int64_t seq) override {
      real_->advance_shard(shard, seq);
    }
    void commit() override {
      real_->commit();
      throw StorageError(StorageError::Kind::kOutcomeUnknown, "the answer was lost");
    }

   private:
    std::unique_ptr<LedgerTransaction> real_;
  };

  MemoryLedger* real_;
};

class OrderConsumerTest : public testing::Test {
 protected:
  OrderConsumerTest() {
    memory_.add_sale({.id = SaleId{1}, .product = ProductId{1}, .quantity = 10});
    lease_ = *memory_.grant(SaleId{1}, 10, {});
  }

  void start() {
    consumer_.emplace(
        queue_, services::orders::OrderWriter(ledger_, 0),
        OrderConsumer::Listener{[this](std::span<const Order> orders) {
                                  told_.insert(told_.end(), orders.begin(), orders.end());
                                },
                                [this](std::span<const LeaseId> leases) {
                                  closed_.insert(closed_.end(), leases.begin(), leases.end());
                                }},
        OrderConsumer::Options{
            .batch = 10, .first_retry = milliseconds{1}, .last_retry = milliseconds{4}});
  }
  Purchase purchase(std::int64_t buyer) const {
    return {.sale = SaleId{1},
            .buyer = UserId{buyer},
            .intent = *IdempotencyKey::parse("0123456789abcdef"),
            .lease = lease_,
            .created_at = {}};
  }

  MemoryLedger memory_;
  FaultyLedger ledger_{memory_};
  LeaseId lease_;
  queue::local::LocalQueue queue_{100};
  std::vector<Order> told_;  // read after finish()
  std::vector<LeaseId> closed_;
  std::optional<OrderConsumer> consumer_;
};

TEST_F(OrderConsumerTest, WritesThenTells) {
  start();
  ASSERT_TRUE(queue_.publish(purchase(1)));
  queue_.publish(queue::CloseMarker{lease_});
  queue_.shut();
  ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  ASSERT_EQ(told_.size(), 1);
  EXPECT_TRUE(told_[0].live());
  EXPECT_THAT(closed_, testing::ElementsAre(lease_));
  EXPECT_EQ(consumer_->statistics().orders.value(), 1);
}

TEST_F(OrderConsumerTest, ADatabaseThatIsAwayLosesNothingAndDoublesNothing) {
  ledger_.failures = 4;
  start();
  ASSERT_TRUE(queue_.publish(purchase(1)));
  for (int i = 0; i < 5; ++i) ledger_.tried.acquire();  // four failures and the last, good try
  queue_.shut();
  ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  ASSERT_EQ(told_.size(), 1);
  EXPECT_TRUE(told_[0].live());
  EXPECT_EQ(memory_.state().orders.size(), 1);
  EXPECT_EQ(consumer_->statistics().retries.value(), 4);
  EXPECT_TRUE(consumer_->healthy());
}

TEST_F(OrderConsumerTest, WhileTheDatabaseIsAwayNothingNewIsTaken) {
  ledger_.failures = 1'000'000;
  start();
  ASSERT_TRUE(queue_.publish(purchase(1)));
  for (int i = 0; i < 3; ++i) ledger_.tried.acquire();  // it failed twice for certain
  EXPECT_FALSE(queue_.publish(purchase(2)));
  EXPECT_FALSE(consumer_->healthy());
  queue_.shut();
  EXPECT_FALSE(consumer_->finish(milliseconds{0})) << "the purchase was not written";
  consumer_.reset();
  EXPECT_TRUE(told_.empty());
  EXPECT_TRUE(memory_.state().orders.empty());
}

}  // namespace
}  // namespace stampede::consumers

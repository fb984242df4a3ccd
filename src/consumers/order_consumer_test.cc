#include "consumers/order_consumer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <functional>
#include <semaphore>

#include "queue/codec.h"
#include "queue/local/local_queue.h"
#include "repositories/memory/broken_invariants.h"
#include "repositories/storage_error.h"

namespace stampede::consumers {
namespace {

using repositories::OrderTransaction;
using repositories::StorageError;
using repositories::memory::MemoryStore;
using std::chrono::milliseconds;

/// An order store that is away for its next `failures` transactions; the last of them commits all
/// the same, as a commit whose answer is lost does.
class FaultyStore final : public repositories::OrderStore {
 public:
  explicit FaultyStore(MemoryStore& real) : real_(&real) {}

  std::unique_ptr<OrderTransaction> begin() override {
    tried.release();
    if (refused) return std::make_unique<Refusing>(real_->begin(), refused);
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

  /// Throws what is to be thrown for an order, and otherwise nothing.
  using Refused = std::function<void(const Order&)>;

  std::atomic<int> failures{0};
  Refused refused;  // set before the consumer starts
  std::counting_semaphore<> tried{0};

 private:
  /// Passes on to the real one.
  class Through : public OrderTransaction {
   public:
    explicit Through(std::unique_ptr<OrderTransaction> real) : real_(std::move(real)) {}
    void lock_buyers(std::span<const UserId> ids) override { real_->lock_buyers(ids); }
    std::vector<repositories::ChargedLease> lock_leases(std::span<const LeaseId> ids) override {
      return real_->lock_leases(ids);
    }
    repositories::ShardState lock_shard(std::int32_t shard) override {
      return real_->lock_shard(shard);
    }
    std::vector<Order> orders_of(std::span<const repositories::SaleBuyer> pairs) override {
      return real_->orders_of(pairs);
    }
    void insert(std::span<const Order> orders) override { real_->insert(orders); }
    bool charge(const repositories::LeaseCharge& charge) override { return real_->charge(charge); }
    void close(LeaseId lease) override { real_->close(lease); }
    void advance_shard(std::int32_t shard, const ShardEnd& end) override {
      real_->advance_shard(shard, end);
    }
    void commit() override { real_->commit(); }

   private:
    std::unique_ptr<OrderTransaction> real_;
  };

  class LostAnswer final : public Through {
   public:
    using Through::Through;
    void commit() override {
      Through::commit();
      throw StorageError(StorageError::Kind::kOutcomeUnknown, "the answer was lost");
    }
  };

  class Refusing final : public Through {
   public:
    Refusing(std::unique_ptr<OrderTransaction> real, const Refused& refused)
        : Through(std::move(real)), refused_(refused) {}
    void insert(std::span<const Order> orders) override {
      std::ranges::for_each(orders, refused_);
      Through::insert(orders);
    }

   private:
    const Refused& refused_;
  };

  MemoryStore* real_;
};

/// Keeps dead letters; fails for its next `failures`.
class MemoryQuarantine final : public repositories::Quarantine {
 public:
  void put(std::int32_t shard, std::string_view body, std::string_view reason, Instant) override {
    if (failures > 0) {
      --failures;
      throw StorageError(StorageError::Kind::kUnreachable, "no database");
    }
    entries.push_back({shard, std::string(body), std::string(reason)});
  }
  std::int64_t count() override { return static_cast<std::int64_t>(entries.size()); }

  struct Entry {
    std::int32_t shard;
    std::string body;
    std::string reason;
  };
  int failures = 0;
  std::vector<Entry> entries;  // read after finish()
};

/// Gives each of its batches once, with unreadable messages, and remembers what was in quarantine
/// when it was acknowledged.
class SourceWithUnreadable final : public queue::OrderSource {
 public:
  explicit SourceWithUnreadable(const MemoryQuarantine& quarantine) : quarantine_(&quarantine) {}
  bool receive(std::vector<queue::Message>& batch, std::size_t) override {
    if (messages.empty() && unreadable_.empty()) return false;
    batch = std::exchange(messages, {});
    return true;
  }
  void acknowledge() override {
    unreadable_.clear();
    acknowledged_with = quarantine_->entries.size();
  }
  void stall(bool) override {}
  std::span<const queue::UnreadableMessage> unreadable() const override { return unreadable_; }

  std::vector<queue::Message> messages;
  std::size_t acknowledged_with = 0;

 private:
  const MemoryQuarantine* quarantine_;
  std::vector<queue::UnreadableMessage> unreadable_{{"hello", "no batch"}, {"", "0 bytes"}};
};

class OrderConsumerTest : public testing::Test {
 protected:
  OrderConsumerTest() {
    memory_.add_sale({.id = SaleId{1}, .product = ProductId{1}, .quantity = 10});
    lease_ = *memory_.grant(SaleId{1}, 10, {});
  }

  void start() { start(queue_, &quarantine_); }
  void start(queue::OrderSource& source, repositories::Quarantine* quarantine) {
    consumer_.emplace(
        source, services::orders::OrderWriter(store_, 0),
        OrderConsumer::DeadLetters{.shard = 3, .quarantine = quarantine},
        OrderConsumer::Listener{[this](std::span<const Order> orders) {
                                  told_.insert(told_.end(), orders.begin(), orders.end());
                                },
                                [this](std::span<const LeaseId> leases) {
                                  closed_.insert(closed_.end(), leases.begin(), leases.end());
                                },
                                [this](std::span<const Purchase> purchases) {
                                  for (const Purchase& each : purchases) {
                                    quarantined_.push_back(each.buyer.value);
                                  }
                                }},
        OrderConsumer::Options{.batch = 10,
                               .retry = {.first = milliseconds{1}, .last = milliseconds{4}}});
  }
  /// Publishes these and the marker, and waits until all are consumed.
  void consume(std::initializer_list<std::int64_t> buyers) {
    for (const auto buyer : buyers) {
      ASSERT_EQ(queue_.publish(purchase(buyer)), queue::Published::kQueued);
    }
    queue_.publish(queue::CloseMarker{lease_});
    queue_.shut();
    start();
    ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  }
  std::vector<std::int64_t> told_buyers() const {
    std::vector<std::int64_t> buyers;
    for (const Order& order : told_) buyers.push_back(order.buyer.value);
    return buyers;
  }
  Purchase purchase(std::int64_t buyer) const {
    return {.sale = SaleId{1},
            .buyer = UserId{buyer},
            .intent = *IdempotencyKey::parse("0123456789abcdef"),
            .lease = lease_,
            .created_at = {}};
  }

  MemoryStore memory_;
  FaultyStore store_{memory_};
  MemoryQuarantine quarantine_;
  LeaseId lease_;
  queue::local::LocalQueue queue_{100};
  std::vector<Order> told_;  // read after finish()
  std::vector<LeaseId> closed_;
  std::vector<std::int64_t> quarantined_;  // buyers
  std::optional<OrderConsumer> consumer_;
};

TEST_F(OrderConsumerTest, WritesThenTells) {
  start();
  ASSERT_EQ(queue_.publish(purchase(1)), queue::Published::kQueued);
  queue_.publish(queue::CloseMarker{lease_});
  queue_.shut();
  ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  ASSERT_EQ(told_.size(), 1);
  EXPECT_TRUE(told_[0].active());
  EXPECT_THAT(closed_, testing::ElementsAre(lease_));
  EXPECT_EQ(consumer_->statistics().orders.value(), 1);
}

TEST_F(OrderConsumerTest, ADatabaseThatIsAwayLosesNothingAndDoublesNothing) {
  store_.failures = 4;
  start();
  ASSERT_EQ(queue_.publish(purchase(1)), queue::Published::kQueued);
  for (int i = 0; i < 5; ++i) store_.tried.acquire();  // four failures and the last, good try
  queue_.shut();
  ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  ASSERT_EQ(told_.size(), 1);
  EXPECT_TRUE(told_[0].active());
  EXPECT_EQ(memory_.state().orders.size(), 1);
  EXPECT_EQ(consumer_->statistics().retries.value(), 4);
  EXPECT_TRUE(consumer_->healthy());
}

TEST_F(OrderConsumerTest, WhileTheDatabaseIsAwayNothingNewIsTaken) {
  store_.failures = 1'000'000;
  start();
  ASSERT_EQ(queue_.publish(purchase(1)), queue::Published::kQueued);
  for (int i = 0; i < 3; ++i) store_.tried.acquire();  // it failed twice for certain
  EXPECT_EQ(queue_.publish(purchase(2)), queue::Published::kRefused);
  EXPECT_FALSE(consumer_->healthy());
  queue_.shut();
  EXPECT_FALSE(consumer_->finish(milliseconds{0})) << "the purchase was not written";
  consumer_.reset();
  EXPECT_TRUE(told_.empty());
  EXPECT_TRUE(memory_.state().orders.empty());
}

TEST_F(OrderConsumerTest, AMessageThatCannotBeWrittenIsPutAsideAndTheOthersKeepTheirOrder) {
  store_.refused = [](const Order& order) {
    if (order.buyer == UserId{3}) throw StorageError(StorageError::Kind::kRefused, "no such buyer");
    if (order.buyer == UserId{5}) throw std::logic_error("not to be written");
  };
  consume({1, 2, 3, 4, 5, 6, 7});
  EXPECT_THAT(told_buyers(), testing::ElementsAre(1, 2, 4, 6, 7));
  EXPECT_TRUE(std::ranges::all_of(told_, &Order::active)) << "none came behind the marker";
  EXPECT_THAT(closed_, testing::ElementsAre(lease_));
  ASSERT_EQ(quarantine_.entries.size(), 2);
  EXPECT_EQ(quarantine_.entries[0].shard, 3);
  EXPECT_EQ(quarantine_.entries[0].reason, "no such buyer");
  const queue::Message message = purchase(3);
  EXPECT_EQ(quarantine_.entries[0].body, queue::encode({&message, 1}));
  EXPECT_EQ(quarantine_.entries[1].reason, "not to be written");
  EXPECT_EQ(consumer_->statistics().quarantined.value(), 2);
  EXPECT_TRUE(repositories::memory::broken_invariants(memory_.state()).empty());
}

class DatabaseAway : public OrderConsumerTest,
                     public testing::WithParamInterface<StorageError::Kind> {};

TEST_P(DatabaseAway, PutsNothingAside) {
  auto failures = std::make_shared<int>(3);
  store_.refused = [failures](const Order&) {
    if ((*failures)-- > 0) throw StorageError(GetParam(), "away");
  };
  consume({1, 2});
  EXPECT_THAT(told_buyers(), testing::ElementsAre(1, 2));
  EXPECT_TRUE(quarantine_.entries.empty());
  EXPECT_EQ(consumer_->statistics().retries.value(), 3);
}

INSTANTIATE_TEST_SUITE_P(Kinds, DatabaseAway,
                         testing::Values(StorageError::Kind::kBusy, StorageError::Kind::kFull,
                                         StorageError::Kind::kUnreachable,
                                         StorageError::Kind::kOutcomeUnknown,
                                         StorageError::Kind::kNewerSchema));

TEST_F(OrderConsumerTest, ABuyerThatWaitsForAPurchaseInQuarantineIsTold) {
  store_.refused = [](const Order& order) {
    if (order.buyer == UserId{2}) throw StorageError(StorageError::Kind::kRefused, "no such buyer");
  };
  quarantine_.failures = 1;
  consume({1, 2, 3});
  EXPECT_THAT(told_buyers(), testing::ElementsAre(1, 3));
  EXPECT_THAT(quarantined_, testing::ElementsAre(2));
}

TEST_F(OrderConsumerTest, WhatCannotBePutAsideIsTriedUntilItCan) {
  store_.refused = [](const Order& order) {
    if (order.buyer == UserId{1}) throw StorageError(StorageError::Kind::kRefused, "no such buyer");
  };
  quarantine_.failures = 3;
  consume({1, 2});
  EXPECT_THAT(told_buyers(), testing::ElementsAre(2));
  EXPECT_EQ(quarantine_.entries.size(), 1);
  EXPECT_EQ(consumer_->statistics().retries.value(), 3);
  EXPECT_TRUE(consumer_->healthy());
}

TEST_F(OrderConsumerTest, WithoutAQuarantineNothingIsDropped) {
  store_.refused = [](const Order& order) {
    if (order.buyer == UserId{2}) throw StorageError(StorageError::Kind::kRefused, "no such buyer");
  };
  for (const int buyer : {1, 2, 3}) {
    ASSERT_EQ(queue_.publish(purchase(buyer)), queue::Published::kQueued);
  }
  start(queue_, nullptr);
  for (int i = 0; i < 10; ++i) store_.tried.acquire();
  EXPECT_FALSE(consumer_->healthy());
  EXPECT_FALSE(consumer_->finish(milliseconds{0}));
  consumer_.reset();
  EXPECT_THAT(told_buyers(), testing::ElementsAre(1)) << "what came before it is written";
}

TEST_F(OrderConsumerTest, UnreadableMessagesArePutAsideBeforeTheyAreAcknowledged) {
  SourceWithUnreadable source(quarantine_);
  source.messages.push_back(purchase(1));
  quarantine_.failures = 2;
  start(source, &quarantine_);
  ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  EXPECT_EQ(source.acknowledged_with, 2);
  ASSERT_EQ(quarantine_.entries.size(), 2);
  EXPECT_EQ(quarantine_.entries[0].body, "hello");
  EXPECT_EQ(quarantine_.entries[0].reason, "no batch");
  EXPECT_THAT(told_buyers(), testing::ElementsAre(1));
}

TEST_F(OrderConsumerTest, ABatchOfUnreadableMessagesAloneIsNotWritten) {
  SourceWithUnreadable source(quarantine_);
  start(source, &quarantine_);
  ASSERT_TRUE(consumer_->finish(std::chrono::seconds{10}));
  EXPECT_EQ(quarantine_.entries.size(), 2);
  EXPECT_EQ(consumer_->statistics().batches.value(), 0);
}

}  // namespace
}  // namespace stampede::consumers

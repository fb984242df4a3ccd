#include "services/orders/order_writer.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include "repositories/memory/broken_invariants.h"

namespace stampede::services::orders {
namespace {

using queue::CloseMarker;
using queue::Message;
using repositories::memory::MemoryStore;

constexpr SaleId kSale{1};

IdempotencyKey key(std::int64_t n) {
  const std::string digits = std::to_string(n);
  return *IdempotencyKey::parse("key-" + std::string(16 - digits.size(), '0') + digits);
}

class OrderWriterTest : public testing::Test {
 protected:
  explicit OrderWriterTest(std::int32_t limit = 1) {
    store_.add_sale(
        {.id = kSale, .product = ProductId{1}, .quantity = 10, .per_buyer_limit = limit});
    lease_ = *store_.grant(kSale, 3, {});
  }

  Purchase purchase(std::int64_t buyer, std::int64_t intent) const {
    return {.sale = kSale,
            .buyer = UserId{buyer},
            .intent = key(intent),
            .lease = lease_,
            .created_at = {}};
  }
  std::vector<Order> write(std::vector<Message> batch) {
    auto orders = writer_.write(batch).orders;
    EXPECT_THAT(broken_invariants(store_.state()), testing::IsEmpty());
    return orders;
  }

  MemoryStore store_;
  LeaseId lease_;
  OrderWriter writer_{store_, 0};
};

TEST_F(OrderWriterTest, NumbersOrdersInQueueOrder) {
  const auto orders = write({purchase(7, 1), purchase(5, 1)});
  ASSERT_EQ(orders.size(), 2);
  EXPECT_TRUE(orders[0].active());
  EXPECT_EQ(orders[0].number, OrderNumber{1});
  EXPECT_EQ(orders[0].buyer, UserId{7});
  EXPECT_EQ(orders[0].slot, 1);
  EXPECT_EQ(orders[1].number, OrderNumber{2});
  EXPECT_EQ(store_.state().leases.at(lease_).sold, 2);
}

TEST_F(OrderWriterTest, ARepeatedIntentIsTheSameOrder) {
  const auto first = write({purchase(1, 1), purchase(1, 1)});
  EXPECT_EQ(first[1].number, first[0].number);
  const auto again = write({purchase(1, 1)});
  EXPECT_EQ(again[0].number, first[0].number);
  EXPECT_EQ(store_.state().orders.size(), 1);
  EXPECT_EQ(store_.state().leases.at(lease_).sold, 1);
}

TEST_F(OrderWriterTest, AnIntentOfAnotherSaleOfTheProductIsThatSalesOrder) {
  store_.add_sale({.id = SaleId{2}, .product = ProductId{1}, .quantity = 5});
  const LeaseId next = *store_.grant(SaleId{2}, 5, {});
  const auto in_next = [&](std::int64_t buyer, std::int64_t intent) {
    Purchase repeated = purchase(buyer, intent);
    repeated.sale = SaleId{2};
    repeated.lease = next;
    return repeated;
  };
  const auto first = write({purchase(1, 1)});
  const auto again = write({in_next(1, 1), in_next(1, 2), in_next(2, 1)});
  EXPECT_EQ(again[0].number, first[0].number);
  EXPECT_EQ(again[0].sale, kSale);
  EXPECT_TRUE(again[1].active()) << "another intent of that buyer";
  EXPECT_TRUE(again[2].active()) << "the same key of another buyer is another intent";
  const auto together = write({purchase(3, 3), in_next(3, 3)});
  EXPECT_EQ(together[1].number, together[0].number) << "both in one batch";
  const auto backwards = write({in_next(4, 4), purchase(4, 4)});
  EXPECT_EQ(backwards[1].number, backwards[0].number) << "the earlier sale's message comes last";
  EXPECT_EQ(store_.state().leases.at(next).sold, 3);
}

TEST_F(OrderWriterTest, AFailedIntentOfAnotherSaleStaysFailed) {
  store_.add_sale({.id = SaleId{2}, .product = ProductId{1}, .quantity = 5});
  Purchase repeated = purchase(1, 1);
  repeated.sale = SaleId{2};
  repeated.lease = *store_.grant(SaleId{2}, 5, {});
  const auto first = write({CloseMarker{lease_}, purchase(1, 1)});
  ASSERT_EQ(first.at(0).reason, FailureReason::kTooLate);
  EXPECT_EQ(write({repeated}).at(0).number, first[0].number) << "its buyer was told no";
}

TEST_F(OrderWriterTest, AnotherProductsSalesAreNotLookedAt) {
  store_.add_sale({.id = SaleId{2}, .product = ProductId{2}, .quantity = 5});
  Purchase other = purchase(1, 1);
  other.sale = SaleId{2};
  other.lease = *store_.grant(SaleId{2}, 5, {});
  write({purchase(1, 1)});
  EXPECT_TRUE(write({other}).at(0).active());
}

TEST_F(OrderWriterTest, ASecondIntentOverTheLimitFailsAndChargesNothing) {
  const auto orders = write({purchase(1, 1), purchase(1, 2)});
  EXPECT_EQ(orders[1].reason, FailureReason::kLimitReached);
  EXPECT_FALSE(orders[1].slot);
  EXPECT_EQ(store_.state().leases.at(lease_).sold, 1);
  EXPECT_EQ(write({purchase(1, 3)})[0].reason, FailureReason::kLimitReached);
}

TEST_F(OrderWriterTest, MoreThanGrantedFails) {
  const auto orders = write({purchase(1, 1), purchase(2, 1), purchase(3, 1), purchase(4, 1)});
  EXPECT_TRUE(orders[2].active());
  EXPECT_EQ(orders[3].reason, FailureReason::kNoUnit);
}

TEST_F(OrderWriterTest, AnUnknownLeaseOrAnotherSalesFails) {
  Purchase unknown = purchase(1, 1);
  unknown.lease = LeaseId{99};
  Purchase foreign = purchase(2, 1);
  foreign.sale = SaleId{2};
  const auto orders = write({unknown});
  EXPECT_EQ(orders[0].reason, FailureReason::kNoUnit);
  store_.add_sale({.id = SaleId{2}, .product = ProductId{2}, .quantity = 5});
  EXPECT_EQ(write({foreign})[0].reason, FailureReason::kNoUnit);
}

TEST_F(OrderWriterTest, WhatComesAfterTheMarkerIsTooLateInOneBatchToo) {
  const auto written = writer_.write(std::vector<Message>{purchase(1, 1), CloseMarker{lease_},
                                                          purchase(2, 1), CloseMarker{lease_}});
  EXPECT_TRUE(written.orders[0].active());
  EXPECT_EQ(written.orders[1].reason, FailureReason::kTooLate);
  EXPECT_EQ(store_.state().sales.at(kSale).unleased, 9) << "7 never leased and 2 returned";
  EXPECT_EQ(write({purchase(3, 1)})[0].reason, FailureReason::kTooLate);
  write({CloseMarker{lease_}});
  EXPECT_EQ(store_.state().sales.at(kSale).unleased, 9) << "a second marker does nothing";
}

TEST_F(OrderWriterTest, AMarkerOfAnUnknownLeaseDoesNothing) {
  EXPECT_THAT(writer_.write(std::vector<Message>{CloseMarker{LeaseId{99}}}).closed,
              testing::IsEmpty());
}

class LimitOfThree : public OrderWriterTest {
 protected:
  LimitOfThree() : OrderWriterTest(3) {}
};

TEST_F(LimitOfThree, SlotsFillFromTheLowest) {
  const auto orders = write({purchase(1, 1), purchase(1, 2)});
  EXPECT_EQ(orders[0].slot, 1);
  EXPECT_EQ(orders[1].slot, 2);
  EXPECT_EQ(write({purchase(1, 3)})[0].slot, 3);
}

// Method: random batches of purchases (few buyers, few intents, right and wrong leases), markers
// and repeats, each batch sometimes written twice (a commit whose answer was lost). After every
// batch I1, I2, I5 hold, no order is charged to a lease closed before it (I8), and a repeated batch
// gives the same orders.
TEST(OrderWriterProperty, InvariantsHoldForAnyBatches) {
  EXPECT_TRUE(rc::check("invariants after every batch", [] {
    MemoryStore store;
    const auto limit = *rc::gen::inRange(1, 4);
    store.add_sale(
        {.id = kSale, .product = ProductId{1}, .quantity = 12, .per_buyer_limit = limit});
    std::vector<LeaseId> leases;
    for (int i = 0; i < 3; ++i) leases.push_back(*store.grant(kSale, *rc::gen::inRange(1, 5), {}));
    OrderWriter writer(store, 0);
    for (int round = *rc::gen::inRange(1, 12); round > 0; --round) {
      std::vector<Message> batch;
      for (int i = *rc::gen::inRange(1, 10); i > 0; --i) {
        const LeaseId lease = leases[*rc::gen::inRange<std::size_t>(0, leases.size())];
        if (*rc::gen::inRange(0, 8) == 0) {
          batch.emplace_back(CloseMarker{lease});
        } else {
          batch.emplace_back(Purchase{.sale = kSale,
                                      .buyer = UserId{*rc::gen::inRange(1, 5)},
                                      .intent = key(*rc::gen::inRange(1, 5)),
                                      .lease = lease,
                                      .created_at = {}});
        }
      }
      const auto before = store.state();
      const auto written = writer.write(batch);
      RC_ASSERT(broken_invariants(store.state()).empty());
      for (const Order& order : written.orders) {
        const auto& lease = before.leases.at(order.lease);
        const bool fresh = order.seq > before.shards[0].seq;
        RC_ASSERT(!(fresh && order.active() && lease.state == LeaseState::kClosed));
      }
      if (*rc::gen::inRange(0, 3) == 0) {
        const auto again = writer.write(batch);
        RC_ASSERT(again.orders.size() == written.orders.size());
        for (std::size_t i = 0; i < again.orders.size(); ++i) {
          RC_ASSERT(again.orders[i].number == written.orders[i].number);
          RC_ASSERT(again.orders[i].reason == written.orders[i].reason);
        }
        RC_ASSERT(broken_invariants(store.state()).empty());
      }
    }
  }));
}

}  // namespace
}  // namespace stampede::services::orders

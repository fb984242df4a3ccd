#include "services/orders/order_changes.h"

#include <gmock/gmock.h>

#include "repositories/memory/memory_store.h"
#include "services/orders/order_writer.h"

namespace stampede::services::orders {
namespace {

using repositories::memory::MemoryStore;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr SaleId kSale{1};
constexpr Instant kNow{std::chrono::seconds{1'800'000'000}};

IdempotencyKey key(std::int64_t n) {
  return *IdempotencyKey::parse("key-of-the-purchase-" + std::to_string(n));
}

/// A sale of ten units, two for each buyer; three of them are in a lease.
class OrderChangesTest : public testing::Test {
 protected:
  OrderChangesTest() {
    store_.add_sale({.id = kSale, .product = ProductId{1}, .quantity = 10, .per_buyer_limit = 2});
    lease_ = *store_.grant(kSale, 3, {});
  }
  Order buy(std::int64_t buyer, std::int64_t intent) {
    const Purchase purchase{.sale = kSale,
                            .buyer = UserId{buyer},
                            .intent = key(intent),
                            .lease = lease_,
                            .created_at = kNow};
    const queue::Message message = purchase;
    return writer_.write({&message, 1}).orders.at(0);
  }
  auto cancel(OrderNumber number, const std::string& reason = "") {
    auto done = changes_.cancel(number, "cli:olga", reason, kNow);
    EXPECT_THAT(broken_invariants(store_.state()), IsEmpty());
    return done;
  }
  std::int64_t unleased() { return store_.state().sales.at(kSale).unleased; }

  MemoryStore store_;
  LeaseId lease_;
  OrderWriter writer_{store_, 0};
  OrderChanges changes_{store_};
};

TEST_F(OrderChangesTest, ACancelledOrdersUnitGoesBackOnce) {
  const Order bought = buy(1, 1);
  const auto done = cancel(bought.number, "double payment");
  ASSERT_TRUE(done) << done.error();
  EXPECT_EQ(done->result.status, OrderStatus::kCancelled);
  EXPECT_FALSE(done->before);
  EXPECT_EQ(unleased(), 8);
  const auto again = cancel(bought.number);
  ASSERT_TRUE(again);
  EXPECT_TRUE(again->before);
  EXPECT_EQ(unleased(), 8);
  const auto events = changes_.of_order(bought.number);
  ASSERT_EQ(events.size(), 1U);
  EXPECT_EQ(events[0].actor, "cli:olga");
  EXPECT_EQ(events[0].reason, "double payment");
  EXPECT_EQ(events[0].at, kNow);
}

/// Whoever follows a shard hears of the order first, and then of what happened to it.
TEST_F(OrderChangesTest, AnEventFollowsTheOrdersOfItsShard) {
  const Order first = buy(1, 1);
  cancel(first.number);
  const Order second = buy(2, 2);
  EXPECT_EQ(second.number, OrderNumber{3}) << "the event has the number between them";
  const auto told = store_.since(0, 0, 10);
  ASSERT_EQ(told.size(), 3U);
  EXPECT_TRUE(told[0].active());
  EXPECT_EQ(told[1].number, first.number);
  EXPECT_EQ(told[1].status, OrderStatus::kCancelled);
  EXPECT_EQ(told[1].seq, 2);
  EXPECT_EQ(told[2].number, second.number);
  EXPECT_EQ(store_.changed(0, 0, 10).size(), 1U);
  EXPECT_THAT(store_.changed(0, 2, 10), IsEmpty());
}

TEST_F(OrderChangesTest, ACancelledOrderCountsNoMoreAgainstTheLimit) {
  const Order first = buy(1, 1);
  buy(1, 2);
  EXPECT_EQ(buy(1, 3).reason, FailureReason::kLimitReached);
  cancel(first.number);
  const Order third = buy(1, 4);
  EXPECT_TRUE(third.active());
  EXPECT_EQ(third.slot, 3) << "the slot of a cancelled order is not used again";
  EXPECT_EQ(buy(1, 5).reason, FailureReason::kLimitReached);
}

TEST_F(OrderChangesTest, AnIntentStaysTheOrderThatWasCancelled) {
  const Order bought = buy(1, 1);
  cancel(bought.number);
  const Order repeated = buy(1, 1);
  EXPECT_EQ(repeated.number, bought.number);
  EXPECT_EQ(repeated.status, OrderStatus::kCancelled);
  EXPECT_EQ(store_.state().orders.size(), 1U);
}

TEST_F(OrderChangesTest, OnlyAnActiveOrderCanBeCancelled) {
  EXPECT_THAT(cancel(OrderNumber{99}).error(), HasSubstr("there is no order 99"));
  buy(1, 1);
  buy(1, 2);
  const Order failed = buy(1, 3);
  ASSERT_FALSE(failed.active());
  EXPECT_THAT(cancel(failed.number).error(), HasSubstr("expected an active one"));
}

TEST_F(OrderChangesTest, AReasonIsOneLineOfText) {
  const Order bought = buy(1, 1);
  EXPECT_THAT(cancel(bought.number, std::string(201, 'x')).error(), HasSubstr("201 bytes"));
  EXPECT_THAT(cancel(bought.number, "two\nlines").error(), HasSubstr("expected text of one line"));
  EXPECT_THAT(cancel(bought.number, "\xff").error(), HasSubstr("UTF-8"));
  EXPECT_EQ(unleased(), 7);
}

}  // namespace
}  // namespace stampede::services::orders

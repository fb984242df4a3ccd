#include "services/orders/order_changes.h"

#include <gmock/gmock.h>

#include "repositories/memory/broken_invariants.h"
#include "repositories/storage_error.h"
#include "services/orders/hold_expiry.h"
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
  EXPECT_THAT(cancel(bought.number, "two\nlines").error(),
              HasSubstr("expected text without control characters"));
  EXPECT_THAT(cancel(bought.number, "\xff").error(), HasSubstr("UTF-8"));
  EXPECT_EQ(unleased(), 7);
}

constexpr std::chrono::seconds kHold{600};
constexpr Instant kDue = kNow + kHold + Sale::kPaymentGrace;

/// A sale of five units at 19.00, one for each buyer, which are held for ten minutes.
class PaymentTest : public testing::Test {
 protected:
  PaymentTest() {
    store_.add_sale({.id = kSale,
                     .product = ProductId{1},
                     .price_cents = 1'900,
                     .quantity = 5,
                     .per_buyer_limit = 1,
                     .hold = kHold});
    store_.set_clock(kNow);
    lease_ = *store_.grant(kSale, 5, {});
  }
  ~PaymentTest() override { EXPECT_THAT(broken_invariants(store_.state()), IsEmpty()); }

  Order buy(std::int64_t buyer, std::int64_t intent) {
    const Purchase purchase{.sale = kSale,
                            .buyer = UserId{buyer},
                            .intent = key(intent),
                            .lease = lease_,
                            .created_at = kNow - std::chrono::hours{1}};
    const queue::Message message = purchase;
    return writer_.write({&message, 1}).orders.at(0);
  }
  Payment pay(OrderNumber number, const std::string& reference, std::int64_t cents = 1'900) {
    const auto paid = changes_.pay(number, {reference, cents}, "demo", kNow);
    EXPECT_TRUE(paid) << paid.error();
    return paid ? paid->result : Payment{};
  }
  std::string refusal(OrderNumber number, const CapturedPayment& captured) {
    const auto paid = changes_.pay(number, captured, "demo", kNow);
    return paid ? "accepted" : paid.error();
  }
  Order now(const Order& order) { return store_.find(order.number)->order; }
  /// One more for the buyer of that order, whatever the limit is.
  void hold_another(Order order) {
    const auto transaction = store_.begin();
    transaction->lock_leases({&lease_, 1});
    ShardEnd end = transaction->lock_shard(0).end;
    order.seq = end.seq + 1;
    order.number = OrderNumber{order.seq};
    order.intent = key(order.seq);
    order.slot = *order.slot + 1;
    order.lease = lease_;
    end.add(order);
    transaction->insert({&order, 1});
    transaction->charge({lease_, 1});
    transaction->advance_shard(0, end);
    transaction->commit();
  }
  std::int64_t expire_at(Instant time) {
    store_.set_clock(time);
    return expiry_.step();
  }
  std::int64_t unleased() { return store_.state().sales.at(kSale).unleased; }

  MemoryStore store_;
  LeaseId lease_;
  OrderWriter writer_{store_, 0};
  OrderChanges changes_{store_};
  HoldExpiry expiry_{store_};
};

TEST_F(PaymentTest, AnOrderIsHeldFromItsCommitOn) {
  const Order held = buy(1, 1);
  EXPECT_EQ(held.status, OrderStatus::kHeld);
  EXPECT_EQ(held.pay_by, kNow + kHold) << "the purchase waited in the queue for an hour";
  EXPECT_TRUE(held.active());
  EXPECT_EQ(buy(1, 2).reason, FailureReason::kLimitReached) << "a hold counts";
}

TEST_F(PaymentTest, APaymentKeepsItsOrderForGood) {
  const Order held = buy(1, 1);
  const Payment kept = pay(held.number, "demo:1");
  EXPECT_EQ(kept.state, PaymentState::kKept);
  EXPECT_EQ(now(held).status, OrderStatus::kPaid);
  EXPECT_EQ(expire_at(kDue), 0);
  EXPECT_EQ(now(held).status, OrderStatus::kPaid);
  const auto happened = changes_.of_order(held.number);
  ASSERT_EQ(happened.size(), 1U);
  EXPECT_EQ(happened[0].amount_cents, 1'900);
  EXPECT_EQ(happened[0].actor, "demo");
}

TEST_F(PaymentTest, AHoldExpiresAfterTheGraceAndNotBefore) {
  const Order held = buy(1, 1);
  EXPECT_EQ(expire_at(kDue - std::chrono::milliseconds{1}), 0);
  EXPECT_EQ(now(held).status, OrderStatus::kHeld);
  EXPECT_EQ(expire_at(kDue), 1);
  EXPECT_EQ(now(held).status, OrderStatus::kExpired);
  EXPECT_EQ(now(held).reason, FailureReason::kExpired);
  EXPECT_EQ(unleased(), 1);
  EXPECT_EQ(expire_at(kDue + std::chrono::hours{1}), 0);
  EXPECT_EQ(unleased(), 1) << "once";
  EXPECT_EQ(changes_.of_order(held.number).at(0).actor, OrderEvent::kClock);
  const auto told = store_.since(0, 0, 10);
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[0].status, OrderStatus::kHeld);
  EXPECT_EQ(told[1].status, OrderStatus::kExpired);
}

/// Or one buyer could hold a unit without paying for as long as the sale goes on.
TEST_F(PaymentTest, AHoldThatExpiredCountsForTheRestOfTheSale) {
  const Order held = buy(1, 1);
  ASSERT_EQ(expire_at(kDue), 1);
  lease_ = *store_.grant(kSale, 1, {});
  EXPECT_EQ(buy(1, 2).reason, FailureReason::kLimitReached);
  EXPECT_EQ(buy(2, 3).status, OrderStatus::kHeld) << "another buyer has the unit";
  EXPECT_EQ(now(held).status, OrderStatus::kExpired);
}

TEST_F(PaymentTest, HoldsExpireInTheOrderOfTheirCommits) {
  std::vector<Order> held;
  for (std::int64_t i = 1; i <= 4; ++i) {
    held.push_back(buy(i, i));
    store_.set_clock(kNow + std::chrono::seconds{i});
  }
  pay(held[1].number, "demo:1");
  EXPECT_EQ(expire_at(kDue + std::chrono::seconds{2}), 2) << "of the first three, one is paid";
  EXPECT_EQ(expire_at(kDue + std::chrono::seconds{3}), 1);
}

/// Whose expiry the storage refuses for one sale.
class OneSaleFails final : public MemoryStore {
 public:
  repositories::ExpiredHolds expire(const repositories::HoldsOf& holds, Instant due, Instant now,
                                    std::size_t most) override {
    if (holds.sale == kSale) {
      throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "locked");
    }
    ++others;
    return MemoryStore::expire(holds, due, now, most);
  }
  int others = 0;
};

TEST(HoldExpiryTest, ASaleWhoseRowIsLockedKeepsNoOtherWaiting) {
  OneSaleFails store;
  for (const SaleId sale : {kSale, SaleId{2}}) {
    store.add_sale({.id = sale, .product = ProductId{1}, .quantity = 5, .hold = kHold});
  }
  HoldExpiry expiry(store);
  EXPECT_THROW(expiry.step(), repositories::StorageError);
  EXPECT_EQ(store.others, 1);
}

TEST_F(PaymentTest, ALatePaymentTakesTheUnitAgainIfItIsThere) {
  const Order held = buy(1, 1);
  ASSERT_EQ(expire_at(kDue), 1);
  EXPECT_EQ(pay(held.number, "demo:1").state, PaymentState::kKept);
  EXPECT_EQ(now(held).status, OrderStatus::kPaid);
  EXPECT_EQ(now(held).reason, FailureReason::kNone);
  EXPECT_EQ(unleased(), 0);
}

TEST_F(PaymentTest, ALatePaymentGoesBackWhereTheUnitIsGone) {
  const Order held = buy(1, 1);
  ASSERT_EQ(expire_at(kDue), 1);
  lease_ = *store_.grant(kSale, 1, {});
  buy(2, 2);
  const Payment late = pay(held.number, "demo:1");
  EXPECT_EQ(late.state, PaymentState::kRefundDue);
  EXPECT_EQ(late.reason, "no-unit-free");
  EXPECT_EQ(now(held).status, OrderStatus::kExpired);
}

/// The consumer of an earlier release did not count the order that expired.
TEST_F(PaymentTest, ALatePaymentGoesBackWhereTheBuyerHasAnotherOrder) {
  const Order held = buy(1, 1);
  ASSERT_EQ(expire_at(kDue), 1);
  lease_ = *store_.grant(kSale, 1, {});
  hold_another(held);
  store_.add_stock(kSale, 1);
  EXPECT_EQ(pay(held.number, "demo:1").reason, "limit-reached");
}

TEST_F(PaymentTest, NoPaymentIsLostAndNoneIsKeptTwice) {
  const Order held = buy(1, 1);
  EXPECT_EQ(pay(held.number, "demo:1", 1'899).reason, "wrong-amount");
  EXPECT_EQ(now(held).status, OrderStatus::kHeld);
  EXPECT_EQ(pay(held.number, "demo:2").state, PaymentState::kKept);
  EXPECT_EQ(pay(held.number, "demo:2").state, PaymentState::kKept) << "the same, told again";
  EXPECT_EQ(pay(held.number, "demo:3").reason, "paid-already");
  EXPECT_EQ(changes_.payments_of(held.number).size(), 3U);
  EXPECT_EQ(changes_.of_order(held.number).size(), 1U);
  EXPECT_THAT(refusal(held.number, {"demo:2", 1'800}), HasSubstr("is known as a payment of 1900"));
  EXPECT_THAT(refusal(buy(2, 2).number, {"demo:2", 1'900}), HasSubstr("for order 1;"));
}

/// The first look at a payment finds none: it is recorded right afterwards.
class SeesAMomentLater final : public MemoryStore {
 public:
  std::optional<Payment> payment(const std::string& reference) override {
    return std::exchange(first_, false) ? std::nullopt : MemoryStore::payment(reference);
  }

 private:
  bool first_ = true;
};

TEST(PaymentAtOnceTest, OneReferenceOfTwoOrdersIsRefusedInWords) {
  SeesAMomentLater store;
  store.add_sale({.id = kSale, .price_cents = 1'900, .quantity = 10, .hold = kHold});
  const LeaseId lease = *store.grant(kSale, 2, {});
  OrderWriter writer(store, 0);
  std::vector<queue::Message> purchases;
  for (const std::int64_t buyer : {1, 2}) {
    purchases.push_back(Purchase{.sale = kSale,
                                 .buyer = UserId{buyer},
                                 .intent = key(buyer),
                                 .lease = lease,
                                 .created_at = kNow});
  }
  const auto orders = writer.write(purchases).orders;
  store.change(orders[0].number, [&](const repositories::OrderFacts*) {
    return repositories::OrderDecision{
        .payments = {{.order = orders[0].number, .reference = "demo:1", .amount_cents = 1'900}}};
  });
  OrderChanges changes(store);
  const auto paid = changes.pay(orders[1].number, {"demo:1", 1'900}, "demo", kNow);
  ASSERT_FALSE(paid);
  EXPECT_THAT(paid.error(), HasSubstr("is known as a payment of 1900 cents for order 1;"));
}

TEST_F(PaymentTest, ACancelledOrdersMoneyGoesBack) {
  const Order held = buy(1, 1);
  pay(held.number, "demo:1");
  ASSERT_TRUE(changes_.cancel(held.number, "cli:olga", "", kNow));
  EXPECT_EQ(now(held).status, OrderStatus::kRefundDue);
  EXPECT_FALSE(now(held).active());
  EXPECT_EQ(unleased(), 1);
  EXPECT_EQ(pay(held.number, "demo:2").reason, "cancelled-before");
  EXPECT_TRUE(changes_.cancel(held.number, "cli:olga", "", kNow)->before);
  const auto second = changes_.refund("demo:2", "cli:olga", kNow);
  EXPECT_EQ(second->result.state, PaymentState::kRefunded);
  EXPECT_EQ(now(held).status, OrderStatus::kRefundDue) << "its own money is still here";
  EXPECT_FALSE(changes_.refund("demo:1", "cli:olga", kNow)->before);
  EXPECT_TRUE(changes_.refund("demo:1", "cli:olga", kNow)->before);
  EXPECT_EQ(now(held).status, OrderStatus::kRefunded);
  EXPECT_EQ(changes_.of_order(held.number).back().kind, OrderEventKind::kRefunded);
}

TEST_F(PaymentTest, AHeldOrderThatIsCancelledOwesNothing) {
  const Order held = buy(1, 1);
  ASSERT_TRUE(changes_.cancel(held.number, "cli:olga", "", kNow));
  EXPECT_EQ(now(held).status, OrderStatus::kCancelled);
  EXPECT_EQ(expire_at(kDue), 0);
  EXPECT_EQ(unleased(), 1);
}

TEST_F(PaymentTest, WhatIsWrongIsNamed) {
  const Order held = buy(1, 1);
  EXPECT_THAT(refusal(OrderNumber{99}, {"demo:1", 1'900}), HasSubstr("there is no order 99"));
  EXPECT_THAT(refusal(held.number, {"", 1'900}), HasSubstr("reference: expected 1 to 128"));
  EXPECT_THAT(refusal(held.number, {"a b", 1'900}), HasSubstr("visible ASCII"));
  EXPECT_THAT(refusal(held.number, {std::string(129, 'x'), 1'900}), HasSubstr("1 to 128"));
  EXPECT_THAT(refusal(held.number, {"demo:1", 0}), HasSubstr("amount: it is 0 cents"));
  EXPECT_THAT(changes_.refund("demo:9", "cli:olga", kNow).error(), HasSubstr("no payment demo:9"));
  pay(held.number, "demo:1");
  EXPECT_THAT(changes_.refund("demo:1", "cli:olga", kNow).error(),
              HasSubstr("is kept by order 1; expected one that is due to go back"));
  ASSERT_TRUE(expire_at(kDue) == 0);
  EXPECT_THAT(changes_.cancel(OrderNumber{99}, "cli:olga", "", kNow).error(),
              HasSubstr("there is no order 99"));
}

TEST_F(PaymentTest, AnExpiredOrderCannotBeCancelled) {
  const Order held = buy(1, 1);
  ASSERT_EQ(expire_at(kDue), 1);
  EXPECT_THAT(changes_.cancel(held.number, "cli:olga", "", kNow).error(),
              HasSubstr("has expired and holds no unit"));
}

}  // namespace
}  // namespace stampede::services::orders

#include "schedules/order_loading.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "model/retention.h"
#include "queue/local/local_queue.h"
#include "repositories/memory/memory_store.h"
#include "schedules/order_changes_feed.h"
#include "tests/support/test_ring.h"

namespace stampede::schedules {
namespace {

using services::purchase::Checkout;
using std::chrono::hours;
using std::chrono::seconds;

constexpr ProductId kProduct{1};
constexpr ProductId kSmallProduct{2};
constexpr SaleId kSale{1};
constexpr SaleId kSmallSale{2};
constexpr Instant kStart{seconds{1'800'000'000}};
constexpr Now kNow{kStart + hours{1}, Tick{seconds{1'000}}};

IdempotencyKey key(std::int64_t n) {
  const std::string digits = std::to_string(n);
  return *IdempotencyKey::parse("key-" + std::string(16 - digits.size(), '0') + digits);
}

/// Ten orders from before: buyers 1 to 9 have one of the running sale each, with the key of their
/// number, buyer 10 the only unit of another.
class OrderLoadingTest : public testing::Test {
 protected:
  OrderLoadingTest() {
    for (const Sale& sale : sales_) store_.add_sale(sale);
    const LeaseId before = *store_.grant(kSale, 9, kStart);
    const LeaseId small = *store_.grant(kSmallSale, 1, kStart);
    store_.set_clock(kStart);
    for (std::int64_t buyer = 1; buyer <= 9; ++buyer) {
      write({kSale, UserId{buyer}, key(buyer), before, kStart});
    }
    write({kSmallSale, UserId{10}, key(10), small, kStart});
    close(before);
    close(small);
    checkout_.load_sales(sales_);
    for (const SalePosition& position : store_.stock(kStart)) {
      checkout_.catalog().note_position(position, kNow);
    }
    checkout_.catalog().add_lease(kSale, *store_.grant(kSale, 5, kStart), 5, kNow);
  }

  /// As the consumer would.
  Order write(const Purchase& purchase) {
    const auto transaction = store_.begin();
    const std::int64_t seq = transaction->lock_shard(0).end.seq + 1;
    const Order order{.number = {seq},
                      .sale = purchase.sale,
                      .buyer = purchase.buyer,
                      .intent = purchase.intent,
                      .slot = 1,
                      .lease = purchase.lease,
                      .seq = seq,
                      .created_at = purchase.created_at};
    EXPECT_TRUE(transaction->charge({purchase.lease, 1}));
    transaction->insert({&order, 1});
    transaction->advance_shard(0, {.seq = seq});
    transaction->commit();
    return order;
  }
  void close(LeaseId lease) {
    const auto transaction = store_.begin();
    transaction->close(lease);
    transaction->commit();
  }
  /// The answer at once, or else what becomes of the purchase.
  Answer buy(std::int64_t buyer, std::int64_t intent, ProductId product = kProduct) {
    std::optional<Answer> told;
    const auto answer = checkout_.attempt({UserId{buyer}, product, key(intent), {}, kNow}, [&] {
      return services::purchase::Waiter{&post_, [&](Answer&& later) { told = later; }};
    });
    if (answer) return *answer;
    std::vector<queue::Message> batch;
    EXPECT_TRUE(queue_.receive(batch, 1));
    checkout_.settle(std::vector{write(std::get<Purchase>(batch.at(0)))});
    return told.value_or(Answer{.verdict = Verdict::kPending});
  }

  const std::vector<Sale> sales_{
      {.id = kSale, .product = kProduct, .quantity = 100, .starts_at = kStart, .captcha = false},
      {.id = kSmallSale,
       .product = kSmallProduct,
       .quantity = 1,
       .starts_at = kStart,
       .captcha = false}};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  services::admission::Blacklist blacklist_;
  queue::local::LocalQueue queue_{100};
  repositories::memory::MemoryStore store_;
  Checkout checkout_{{.check_rate = 0}, {captcha_, queue_, blacklist_}};
  OrderLoading loading_{store_, checkout_, 4};
  const services::purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST_F(OrderLoadingTest, GoesStepByStep) {
  EXPECT_FALSE(loading_.progress().complete);
  loading_.step(kNow);
  EXPECT_EQ(loading_.progress().known, 4);
  EXPECT_EQ(loading_.progress().left, 6);
  EXPECT_EQ(checkout_.statistics().known_buyers, 4U);
  loading_.step(kNow);
  EXPECT_FALSE(loading_.progress().complete);
  loading_.step(kNow);
  EXPECT_EQ(loading_.progress().known, 10);
  EXPECT_EQ(loading_.progress().left, 0);
  EXPECT_TRUE(loading_.progress().complete);
  loading_.step(kNow);
  EXPECT_EQ(checkout_.statistics().known_buyers, 10U);
}

TEST_F(OrderLoadingTest, UntilAllIsKnownItSellsAndSaysNoNo) {
  for (const bool begun : {false, true}) {
    if (begun) loading_.step(kNow);
    EXPECT_EQ(buy(100 + begun, 1).verdict, Verdict::kSold);
    EXPECT_EQ(buy(10, 10, kSmallProduct).verdict, Verdict::kUnavailable)
        << "sold out, or its order";
    EXPECT_EQ(buy(11, 11, ProductId{3}).verdict, Verdict::kUnavailable) << "no such product";
  }
  while (!loading_.progress().complete) loading_.step(kNow);
  EXPECT_EQ(buy(10, 10, kSmallProduct).verdict, Verdict::kSoldAlready);
  EXPECT_EQ(buy(12, 12, kSmallProduct).verdict, Verdict::kSoldOut);
  EXPECT_EQ(buy(11, 11, ProductId{3}).verdict, Verdict::kUnknownProduct);
  EXPECT_EQ(buy(1, 99).verdict, Verdict::kLimitReached);
}

TEST_F(OrderLoadingTest, ABuyerThatWaitsForAnOrderIsToldWhenItIsLoaded) {
  std::optional<Answer> told;
  ASSERT_FALSE(checkout_.attempt({UserId{1}, kProduct, key(1), {}, kNow}, [&] {
    return services::purchase::Waiter{&post_, [&](Answer&& answer) { told = answer; }};
  }));
  loading_.step(kNow);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->order, OrderNumber{1});
}

/// Cancelled before its order is loaded, and after.
TEST_F(OrderLoadingTest, ACancelledOrderIsHeardOfWhileOrdersAreLoaded) {
  const auto cancel = [&](std::int64_t number) {
    store_.change(OrderNumber{number}, [&](const repositories::OrderFacts* facts) {
      return repositories::OrderDecision{
          .event = OrderEvent{
              .order = facts->order.number, .actor = "cli:olga", .reason = "", .at = kStart}};
    });
  };
  OrderChangesFeed feed{store_, checkout_, 0, store_.newest().at(0).seq};
  cancel(9);
  feed.step();
  EXPECT_EQ(buy(9, 9).reason, FailureReason::kCancelled);
  while (!loading_.progress().complete) loading_.step(kNow);
  EXPECT_EQ(buy(9, 9).reason, FailureReason::kCancelled);
  EXPECT_EQ(buy(1, 1).verdict, Verdict::kSoldAlready);
  cancel(1);
  EXPECT_EQ(buy(1, 1).verdict, Verdict::kSoldAlready) << "not heard of yet";
  feed.step();
  feed.step();
  EXPECT_EQ(buy(1, 1).reason, FailureReason::kCancelled);
  EXPECT_EQ(buy(2, 2).verdict, Verdict::kSoldAlready);
}

TEST_F(OrderLoadingTest, SalesThatHaveLongBeenOverAreLeftOut) {
  const Now next_day{kStart + kRetention, kNow.tick};
  while (!loading_.progress().complete) loading_.step(next_day);
  EXPECT_EQ(loading_.progress().known, 9) << "the other sale is sold out since a day";
  // Units are added, and sold: it is settled no more.
  checkout_.catalog().note_position({.sale = {.id = kSmallSale}}, next_day);
  EXPECT_EQ(buy(10, 10, kSmallProduct).verdict, Verdict::kKeyForgotten) << "not: sold out";
}

/// An order that expires gives its unit back: its sale sells again.
TEST_F(OrderLoadingTest, ASaleIsOverOnceItsHoldsHaveRunOut) {
  const seconds hold{hours{48}};
  auto sales = sales_;
  for (Sale& sale : sales) sale.hold = hold;
  auto state = store_.state();
  for (auto& [id, sale] : state.sales) sale.hold = hold;
  store_.restore(std::move(state));
  const auto recent = [this](Instant now) {
    return store_.recent_sales(now - kRetention).sales.size();
  };
  EXPECT_EQ(recent(kStart + kRetention + hold - seconds{1}), 2);
  EXPECT_EQ(recent(kStart + kRetention + hold), 1) << "one is sold out and has no lease";
  checkout_.load_sales(sales);
  const auto forgotten = [this](Instant now) {
    return checkout_.catalog().snapshot()->find(kSmallSale)->forgotten(now);
  };
  EXPECT_FALSE(forgotten(kStart + kRetention + hold - seconds{1}));
  EXPECT_TRUE(forgotten(kStart + kRetention + hold));
}

}  // namespace
}  // namespace stampede::schedules

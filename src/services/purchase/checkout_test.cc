#include "services/purchase/checkout.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <malloc.h>

#include <atomic>
#include <thread>

#include "queue/local/local_queue.h"
#include "tests/support/test_ring.h"

namespace stampede::services::purchase {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{11};
constexpr LeaseId kLease{21};
constexpr Instant kStart{seconds{1'800'000'000}};

IdempotencyKey key(std::int64_t n) {
  const std::string digits = std::to_string(n);
  return *IdempotencyKey::parse("key-" + std::string(16 - digits.size(), '0') + digits);
}

/// A checkout in front of a real local queue that nobody empties but the test.
class CheckoutTest : public testing::Test {
 protected:
  CheckoutTest() { open(Rules{}); }

  void open(const Rules& rules, std::size_t queue = 1'000) {
    checkout_.reset();
    queue_ = std::make_unique<queue::local::LocalQueue>(queue);
    checkout_ = std::make_unique<Checkout>(rules, Checkout::Parts{captcha_, *queue_, blacklist_});
    load();
    checkout_->catalog().add_lease(kSale, kLease, 5, at(milliseconds{0}));
  }

  void load() { checkout_->load_sales(std::vector{sale_}); }

  static Now at(milliseconds since_start) {
    return {kStart + since_start, read_clocks().tick + since_start};
  }

  /// The answer at once, or nullopt while it waits; later answers arrive in told_.
  std::optional<Answer> buy(std::int64_t buyer, std::int64_t intent,
                            milliseconds when = milliseconds{0}, std::string_view pass = {},
                            ProductId product = kProduct, SaleId sale = {}) {
    const auto wait = [this] {
      return Waiter{&post_, [this](Answer&& answer) { told_.push_back(std::move(answer)); }};
    };
    return checkout_->attempt({UserId{buyer}, product, key(intent), pass, at(when), sale}, wait);
  }
  std::optional<Answer> buy_in(SaleId sale, std::int64_t buyer, std::int64_t intent,
                               milliseconds when) {
    return buy(buyer, intent, when, {}, kProduct, sale);
  }
  Verdict verdict(std::int64_t buyer, std::int64_t intent, milliseconds when = milliseconds{0}) {
    const auto answer = buy(buyer, intent, when);
    EXPECT_TRUE(answer) << "it waits";
    return answer ? answer->verdict : Verdict::kSold;
  }

  Order order(std::int64_t buyer, std::int64_t intent, std::int64_t number,
              FailureReason reason = FailureReason::kNone) {
    return {.number = OrderNumber{number},
            .sale = kSale,
            .buyer = UserId{buyer},
            .intent = key(intent),
            .slot = reason == FailureReason::kNone ? std::optional(1) : std::nullopt,
            .lease = kLease,
            .status = reason == FailureReason::kNone        ? OrderStatus::kSuccess
                      : reason == FailureReason::kCancelled ? OrderStatus::kCancelled
                                                            : OrderStatus::kFailed,
            .reason = reason,
            .seq = number,
            .created_at = kStart};
  }
  void settle(const Order& order) { checkout_->settle(std::vector{order}); }
  void note_settled(std::optional<Instant> settled_at) {
    checkout_->catalog().note_position(
        {.sale = {.id = kSale}, .leased = settled_at ? 0 : 1, .settled_at = settled_at},
        at(milliseconds{0}));
  }

  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  admission::Blacklist blacklist_;
  Sale sale_{.id = kSale,
             .product = kProduct,
             .price_cents = 100,
             .quantity = 5,
             .per_buyer_limit = 1,
             .starts_at = kStart,
             .ends_at = kStart + std::chrono::hours{1},
             .captcha = false};
  std::unique_ptr<queue::local::LocalQueue> queue_;
  std::unique_ptr<Checkout> checkout_;
  const Post post_ = [](std::move_only_function<void()> task) { task(); };
  std::vector<Answer> told_;
};

TEST_F(CheckoutTest, AYesComesOnlyAfterTheCommit) {
  ASSERT_FALSE(buy(1, 1));
  EXPECT_EQ(queue_->depth(), 1);
  EXPECT_TRUE(told_.empty());
  settle(order(1, 1, 77));
  ASSERT_EQ(told_.size(), 1);
  EXPECT_EQ(told_[0].verdict, Verdict::kSold);
  EXPECT_EQ(told_[0].order, OrderNumber{77});
}

TEST_F(CheckoutTest, TheSameIntentIsOnePurchaseAndOneAnswer) {
  ASSERT_FALSE(buy(1, 1));
  ASSERT_FALSE(buy(1, 1)) << "in parallel: it waits too";
  EXPECT_EQ(queue_->depth(), 1);
  settle(order(1, 1, 77));
  ASSERT_EQ(told_.size(), 2);
  EXPECT_EQ(told_[1].order, OrderNumber{77});
  const auto again = buy(1, 1);
  EXPECT_EQ(again->verdict, Verdict::kSoldAlready);
  EXPECT_EQ(again->order, OrderNumber{77});
  EXPECT_EQ(buy(1, 1, std::chrono::hours{2})->verdict, Verdict::kSoldAlready) << "after the end";
}

TEST_F(CheckoutTest, ARetryAfterARestartFindsItsOrder) {
  open(Rules{});
  settle(order(1, 1, 77));
  EXPECT_EQ(buy(1, 1)->order, OrderNumber{77});
  EXPECT_EQ(verdict(1, 2), Verdict::kLimitReached);
}

TEST_F(CheckoutTest, AFailedIntentSaysWhyForEver) {
  ASSERT_FALSE(buy(1, 1));
  settle(order(1, 1, 77, FailureReason::kTooLate));
  EXPECT_EQ(told_[0].verdict, Verdict::kPurchaseFailed);
  const auto again = buy(1, 1);
  EXPECT_EQ(again->verdict, Verdict::kPurchaseFailed);
  EXPECT_EQ(again->reason, FailureReason::kTooLate);
  EXPECT_FALSE(buy(1, 2, seconds{10})) << "a new key begins anew";
}

TEST_F(CheckoutTest, AKeyOfAnotherProductIsRefused) {
  Sale other = sale_;
  other.id = SaleId{12};
  other.product = ProductId{2};
  checkout_->load_sales(std::vector{sale_, other});
  ASSERT_FALSE(buy(1, 1));
  EXPECT_EQ(buy(1, 1, {}, {}, ProductId{2})->verdict, Verdict::kKeyReused);
}

TEST_F(CheckoutTest, UnknownProduct) {
  EXPECT_EQ(buy(1, 1, {}, {}, ProductId{99})->verdict, Verdict::kUnknownProduct);
}

TEST_F(CheckoutTest, TheWindowIsKept) {
  const auto early = buy(1, 1, -seconds{1});
  EXPECT_EQ(early->verdict, Verdict::kNotStarted);
  EXPECT_EQ(early->starts_at, kStart);
  EXPECT_EQ(verdict(1, 1, std::chrono::hours{1}), Verdict::kSaleEnded);
  EXPECT_FALSE(buy(1, 1)) << "a refusal charged something";
}

TEST_F(CheckoutTest, TenEarlyAttemptsBlacklistForTenMinutes) {
  for (int i = 0; i < 10; ++i) EXPECT_EQ(verdict(1, i, -seconds{30}), Verdict::kNotStarted);
  EXPECT_EQ(verdict(1, 1), Verdict::kBlacklisted);
  EXPECT_EQ(verdict(1, 1, minutes{9}), Verdict::kBlacklisted);
  EXPECT_FALSE(buy(1, 1, minutes{10}));
  EXPECT_EQ(blacklist_.take_unsaved().size(), 1);
}

TEST_F(CheckoutTest, TheBlacklistComesBeforeTheWindowAndAfterKnownIntents) {
  settle(order(1, 1, 77));
  blacklist_.load(std::vector{BlacklistEntry{.user = UserId{1}, .reason = "ban"}});
  EXPECT_EQ(verdict(1, 2, -seconds{1}), Verdict::kBlacklisted);
  EXPECT_EQ(verdict(1, 1), Verdict::kSoldAlready);
}

TEST_F(CheckoutTest, SoldOutIsSaidForTwoSecondsAfterItsSnapshot) {
  const Now asked = at(seconds{1});
  checkout_->catalog().note_position({.sale = {.id = kSale}}, asked);
  EXPECT_EQ(verdict(1, 1, seconds{2}), Verdict::kSoldOut);
  EXPECT_EQ(checkout_->catalog().view(kProduct, at(seconds{2}))->status, SaleStatus::kSoldOut);
  EXPECT_FALSE(buy(1, 1, seconds{4})) << "the flag has expired";
  checkout_->catalog().note_position({.sale = {.id = kSale}}, at(seconds{4}));
  checkout_->catalog().note_position({.sale = {.id = kSale}, .leased = 1}, at(seconds{5}));
  EXPECT_FALSE(buy(2, 1, seconds{5})) << "reopened";
}

TEST_F(CheckoutTest, UnitsTakenButNotSettledAreNotSoldOut) {
  for (int buyer = 1; buyer <= 5; ++buyer) ASSERT_FALSE(buy(buyer, 1));
  const auto answer = buy(6, 1);
  EXPECT_EQ(answer->verdict, Verdict::kUnavailable);
  EXPECT_GT(answer->retry_after, milliseconds{0});
  EXPECT_EQ(queue_->depth(), 6) << "five purchases and the close marker of the drained lease";
  checkout_->catalog().add_lease(kSale, LeaseId{22}, 1, at(milliseconds{0}));
  EXPECT_FALSE(buy(6, 1)) << "a 503 gave the attempt back and forgot the key";
}

TEST_F(CheckoutTest, AFullQueueReturnsTheUnit) {
  open(Rules{}, 1);
  ASSERT_FALSE(buy(1, 1));
  EXPECT_EQ(verdict(2, 1), Verdict::kUnavailable);
  std::vector<queue::Message> batch;
  ASSERT_TRUE(queue_->receive(batch, 10));
  for (int buyer = 2; buyer <= 5; ++buyer) {
    ASSERT_FALSE(buy(buyer, 1)) << buyer;
    ASSERT_TRUE(queue_->receive(batch, 10));
  }
  EXPECT_EQ(verdict(6, 1), Verdict::kUnavailable) << "five units, five purchases";
}

TEST_F(CheckoutTest, TheLimitNamesTheOrdersHeld) {
  settle(order(1, 1, 77));
  const auto answer = buy(1, 2);
  EXPECT_EQ(answer->verdict, Verdict::kLimitReached);
  EXPECT_THAT(answer->held, testing::ElementsAre(OrderNumber{77}));
}

TEST_F(CheckoutTest, ACancelledOrderCountsNoMoreAndItsKeySaysSo) {
  settle(order(1, 1, 77));
  ASSERT_EQ(verdict(1, 2), Verdict::kLimitReached);
  settle(order(1, 1, 77, FailureReason::kCancelled));
  const auto answer = buy(1, 1);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Verdict::kPurchaseFailed);
  EXPECT_EQ(answer->reason, FailureReason::kCancelled);
  EXPECT_FALSE(buy(1, 2)) << "it may have another";
}

/// Or one buyer could hold a unit without paying for as long as the sale goes on.
TEST_F(CheckoutTest, AHoldThatExpiredCountsForTheRestOfTheSale) {
  sale_.per_buyer_limit = 2;
  load();
  Order expired = order(1, 1, 77, FailureReason::kExpired);
  expired.status = OrderStatus::kExpired;
  settle(expired);
  ASSERT_FALSE(buy(1, 2)) << "it is one of two";
  settle(order(1, 2, 78));
  const auto answer = buy(1, 3);
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Verdict::kLimitReached);
  EXPECT_THAT(answer->held, testing::ElementsAre(OrderNumber{78}));
  EXPECT_THAT(answer->expired, testing::ElementsAre(OrderNumber{77}));
}

/// Loaded, or told by the consumer, after the event was heard of.
TEST_F(CheckoutTest, AnOrderAsItWasBeforeChangesNothing) {
  settle(order(1, 1, 77, FailureReason::kCancelled));
  settle(order(1, 1, 77));
  EXPECT_EQ(verdict(1, 1), Verdict::kPurchaseFailed);
  checkout_->doubt_outcomes();  // the database may have lost that it was cancelled
  settle(order(1, 1, 77));
  EXPECT_EQ(verdict(1, 1), Verdict::kSoldAlready);
}

/// Whichever thread tells the checkout first.
TEST_F(CheckoutTest, WhatIsKnownOfAnOrderNeverGoesBack) {
  const auto told = [&](OrderStatus status, FailureReason reason = FailureReason::kNone) {
    Order as = order(1, 1, 77, reason);
    as.status = status;
    return as;
  };
  const std::vector<Order> in_turn = {
      told(OrderStatus::kHeld), told(OrderStatus::kExpired, FailureReason::kExpired),
      told(OrderStatus::kPaid), told(OrderStatus::kRefundDue, FailureReason::kCancelled)};
  const std::array verdicts = {Verdict::kHeldAlready, Verdict::kPurchaseFailed,
                               Verdict::kSoldAlready, Verdict::kPurchaseFailed};
  for (std::size_t now = 0; now < in_turn.size(); ++now) {
    settle(in_turn[now]);
    for (std::size_t before = 0; before <= now; ++before) {
      settle(in_turn[before]);
      EXPECT_EQ(verdict(1, 1), verdicts[now]) << before << " behind " << now;
    }
  }
}

TEST_F(CheckoutTest, AnUndecidedPurchaseIsNoReasonForANo) {
  ASSERT_FALSE(buy(1, 1));
  EXPECT_EQ(verdict(1, 2, seconds{20}), Verdict::kTooSoon);
  settle(order(1, 1, 77, FailureReason::kTooLate));
  EXPECT_FALSE(buy(1, 2, seconds{20}));
}

TEST_F(CheckoutTest, OneAttemptPerInterval) {
  sale_.per_buyer_limit = 3;
  load();
  ASSERT_FALSE(buy(1, 1));
  const auto early = buy(1, 2, milliseconds{9'900});
  ASSERT_TRUE(early);
  EXPECT_EQ(early->verdict, Verdict::kTooSoon);
  EXPECT_LE(early->retry_after, milliseconds{200});
  EXPECT_FALSE(buy(1, 2, milliseconds{10'100}));
  EXPECT_FALSE(buy(2, 1, milliseconds{10'100})) << "another buyer";
}

TEST_F(CheckoutTest, ClocksReadOutOfOrderForgiveNothing) {
  sale_.per_buyer_limit = 3;
  load();
  const Now base = at(milliseconds{0});
  const auto buy_at = [&](std::int64_t intent, milliseconds when) {
    return checkout_->attempt(
        {UserId{1}, kProduct, key(intent), {}, {base.wall + when, base.tick + when}}, [this] {
          return Waiter{&post_, [](Answer&&) {}};
        });
  };
  ASSERT_FALSE(buy_at(1, milliseconds{100}));
  EXPECT_EQ(buy_at(2, milliseconds{99})->verdict, Verdict::kTooSoon);
  checkout_->sweep({base.wall + milliseconds{98}, base.tick + milliseconds{98}});
  EXPECT_EQ(buy_at(2, milliseconds{101})->verdict, Verdict::kTooSoon);
}

TEST_F(CheckoutTest, AClockReadBeforeASweepForgivesNothing) {
  sale_.per_buyer_limit = 3;
  load();
  const Now base = at(milliseconds{0});
  const auto buy_at = [&](std::int64_t intent, milliseconds when) {
    return checkout_->attempt(
        {UserId{1}, kProduct, key(intent), {}, {base.wall + when, base.tick + when}}, [this] {
          return Waiter{&post_, [](Answer&&) {}};
        });
  };
  const auto sweep_at = [&](milliseconds when) {
    checkout_->sweep({base.wall + when, base.tick + when});
  };
  ASSERT_FALSE(buy_at(1, milliseconds{100}));
  sweep_at(milliseconds{10'100});
  EXPECT_EQ(buy_at(2, milliseconds{100})->verdict, Verdict::kTooSoon);
  sweep_at(minutes{1});
  EXPECT_EQ(buy_at(2, milliseconds{100})->verdict, Verdict::kUnavailable)
      << "whether its buyer has taken a unit within the interval is forgotten";
  EXPECT_FALSE(buy_at(2, minutes{1})) << "sent again";
}

TEST_F(CheckoutTest, TheCaptchaPassIsDemandedAndBound) {
  sale_.captcha = true;
  load();
  EXPECT_EQ(verdict(1, 1), Verdict::kCaptchaRequired);
  const auto pass = [&](std::int64_t buyer, ProductId product, std::int64_t intent) {
    return captcha_.seal_pass({UserId{buyer}, product, key(intent)}, kStart);
  };
  EXPECT_EQ(buy(1, 1, {}, pass(2, kProduct, 1))->verdict, Verdict::kCaptchaRequired);
  EXPECT_EQ(buy(1, 1, {}, pass(1, ProductId{2}, 1))->verdict, Verdict::kCaptchaRequired);
  EXPECT_EQ(buy(1, 1, {}, pass(1, kProduct, 2))->verdict, Verdict::kCaptchaRequired);
  EXPECT_EQ(buy(1, 1, seconds{121}, pass(1, kProduct, 1))->verdict, Verdict::kCaptchaRequired);
  EXPECT_FALSE(buy(1, 1, {}, pass(1, kProduct, 1)));
}

TEST_F(CheckoutTest, TheBucketIsAskedLast) {
  open({.check_rate = 1, .check_burst = 1});
  sale_.captcha = true;
  load();
  for (int i = 0; i < 5; ++i) EXPECT_EQ(verdict(1, 1), Verdict::kCaptchaRequired);
  sale_.captcha = false;
  load();
  ASSERT_FALSE(buy(1, 1)) << "refusals took the token";
  const auto busy = buy(2, 1);
  EXPECT_EQ(busy->verdict, Verdict::kBusy);
  EXPECT_GT(busy->retry_after, milliseconds{0});
}

TEST_F(CheckoutTest, ABuyerThatWaitsTooLongIsToldPending) {
  ASSERT_FALSE(buy(1, 1));
  checkout_->expire_waits(at(milliseconds{1'100}).tick);
  EXPECT_TRUE(told_.empty());
  checkout_->expire_waits(at(milliseconds{1'300}).tick);
  ASSERT_EQ(told_.size(), 1);
  EXPECT_EQ(told_[0].verdict, Verdict::kPending);
  EXPECT_EQ(told_[0].sale, kSale);
  EXPECT_EQ(told_[0].lease, kLease);
  settle(order(1, 1, 77));
  EXPECT_EQ(told_.size(), 1) << "nobody waits any more";
  EXPECT_EQ(verdict(1, 1), Verdict::kSoldAlready);
}

TEST_F(CheckoutTest, ABuyerIsNeverToldPendingAfterTheKeyMayHaveBeenAnOrder) {
  ASSERT_FALSE(buy(1, 1));
  checkout_->expire_waits(at(milliseconds{1'300}).tick);
  ASSERT_EQ(told_.size(), 1);
  ASSERT_FALSE(buy(1, 1, milliseconds{2'200})) << "it may be committed, and /purchases/ said so";
  checkout_->expire_waits(at(milliseconds{3'300}).tick);
  EXPECT_EQ(told_.size(), 1) << "it has waited for less than 1.2 s";
  checkout_->expire_waits(at(milliseconds{3'500}).tick);
  ASSERT_EQ(told_.size(), 2);
  EXPECT_EQ(told_[1].verdict, Verdict::kUnavailable);
  EXPECT_GT(told_[1].retry_after, milliseconds{0});
  ASSERT_FALSE(buy(1, 1, milliseconds{5'000}));
  settle(order(1, 1, 77));
  ASSERT_EQ(told_.size(), 3);
  EXPECT_EQ(told_[2].order, OrderNumber{77});
}

TEST_F(CheckoutTest, AnEndedSaleGivesItsUnitsBack) {
  checkout_->catalog().close_ended(kStart + minutes{59});
  EXPECT_EQ(queue_->depth(), 0);
  sale_.ends_at = kStart;
  load();
  checkout_->catalog().close_ended(kStart);
  EXPECT_EQ(queue_->depth(), 1) << "the close marker";
  EXPECT_FALSE(checkout_->catalog().add_lease(kSale, LeaseId{22}, 1, at(milliseconds{0})));
}

TEST_F(CheckoutTest, SweepForgetsWhatNobodyMayAskAnyMore) {
  ASSERT_FALSE(buy(1, 1));
  settle(order(1, 1, 77));
  checkout_->sweep(at(std::chrono::hours{24}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 1);
  checkout_->sweep(at(std::chrono::hours{25}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 0);
}

TEST_F(CheckoutTest, SweepForgetsTheBuyersOfASaleWithoutAnEndThatHasLongBeenSettled) {
  sale_.ends_at.reset();
  load();
  settle(order(1, 1, 77));
  checkout_->sweep(at(std::chrono::hours{1'000}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 1) << "it may still sell";
  note_settled(kStart + std::chrono::hours{1});
  checkout_->sweep(at(std::chrono::hours{24}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 1);
  note_settled(std::nullopt);  // stock was added
  checkout_->sweep(at(std::chrono::hours{25}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 1);
  note_settled(kStart + std::chrono::hours{1});
  checkout_->sweep(at(std::chrono::hours{25}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 0);
}

TEST_F(CheckoutTest, AKeyThatWasForgottenIsNotToldNo) {
  settle(order(1, 1, 77));
  const auto last_known = std::chrono::hours{25} - minutes{2};
  EXPECT_EQ(verdict(1, 1, last_known), Verdict::kSoldAlready);
  EXPECT_EQ(verdict(2, 1, last_known), Verdict::kSaleEnded) << "nobody has forgotten that key";
  const std::chrono::hours later{25};
  checkout_->sweep(at(later));
  EXPECT_EQ(verdict(1, 1, later), Verdict::kKeyForgotten) << "it was sold";
  blacklist_.load(std::vector{BlacklistEntry{.user = UserId{1}, .reason = "ban"}});
  EXPECT_EQ(verdict(1, 1, later), Verdict::kKeyForgotten);
}

TEST_F(CheckoutTest, KeysThatWereForgottenStaySoWhenUnitsAreAdded) {
  sale_.ends_at.reset();
  load();
  settle(order(1, 1, 77));
  note_settled(kStart);
  checkout_->sweep(at(std::chrono::hours{24}));
  note_settled(std::nullopt);
  checkout_->catalog().note_position({.sale = {.id = kSale}}, at(std::chrono::hours{30}));
  EXPECT_EQ(verdict(1, 1, std::chrono::hours{30}), Verdict::kKeyForgotten) << "not: sold out";
}

/// A process that began after the sale was settled for a day has loaded none of its buyers.
TEST_F(CheckoutTest, KeysThatWereNeverLoadedStayForgottenWhenUnitsAreAdded) {
  sale_.ends_at.reset();
  load();
  const std::chrono::hours later{24};
  checkout_->catalog().note_position({.sale = {.id = kSale}, .settled_at = kStart}, at(later));
  note_settled(std::nullopt);
  checkout_->catalog().note_position({.sale = {.id = kSale}}, at(later));
  EXPECT_EQ(verdict(1, 1, later), Verdict::kKeyForgotten) << "not: sold out";
}

TEST_F(CheckoutTest, AKeyThatMayHaveBeenForgottenIsNotToldPending) {
  sale_.ends_at.reset();
  load();
  checkout_->catalog().note_position({.sale = {.id = kSale}, .settled_at = kStart},
                                     at(std::chrono::hours{24}));
  note_settled(std::nullopt);
  ASSERT_FALSE(buy(1, 1)) << "there are units again";
  checkout_->note_orders_known(at(minutes{1}).tick, kLease);
  EXPECT_TRUE(told_.empty()) << "an order of long ago is brought by no heartbeat";
  checkout_->expire_waits(at(minutes{1}).tick);
  ASSERT_EQ(told_.size(), 1);
  EXPECT_EQ(told_[0].verdict, Verdict::kUnavailable) << "it may have bought: a yes came before";
}

TEST_F(CheckoutTest, APurchaseInQuarantineIsForgottenAndItsLeaseIsToClose) {
  ASSERT_FALSE(buy(1, 1));
  ASSERT_FALSE(buy(2, 1));
  checkout_->expire_waits(at(milliseconds{2'100}).tick);
  ASSERT_EQ(told_.size(), 2U);
  std::vector<queue::Message> batch;
  ASSERT_TRUE(queue_->receive(batch, 10));
  checkout_->note_refused(std::vector{std::get<Purchase>(batch.at(0))});
  EXPECT_EQ(checkout_->statistics().waiting, 1) << "the other one's";
  ASSERT_EQ(queue_->depth(), 1) << "a buyer who was told \"pending\" waits for the lease to close";
  ASSERT_TRUE(queue_->receive(batch, 10));
  EXPECT_EQ(std::get<queue::CloseMarker>(batch.at(0)).lease, kLease);
}

TEST_F(CheckoutTest, SweepKeepsAPendingIntent) {
  ASSERT_FALSE(buy(1, 1));
  checkout_->sweep(at(std::chrono::hours{48}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 1);
  settle(order(1, 1, 77));
  EXPECT_EQ(told_.size(), 1);
}

/// The sale, and the next one of the same product, which begins when it ends.
class NextSaleTest : public CheckoutTest {
 protected:
  NextSaleTest() {
    next_.id = kNext;
    next_.starts_at = *sale_.ends_at;
    next_.ends_at = std::nullopt;
    checkout_->load_sales(std::vector{sale_, next_});
    checkout_->catalog().add_lease(kNext, LeaseId{31}, 5, at(kBegins));
  }
  /// What the stock is like, and all orders are known.
  void look(std::vector<SaleId> leased, milliseconds when = kBegins) {
    checkout_->catalog().note_leased(leased, at(when).wall);
  }

  static constexpr SaleId kNext{12};
  static constexpr milliseconds kBegins = std::chrono::hours{1};
  Sale next_ = sale_;
};

TEST_F(NextSaleTest, AKeyOfTheEarlierSaleKeepsItsAnswer) {
  ASSERT_FALSE(buy(1, 1));
  ASSERT_FALSE(buy(1, 1, kBegins)) << "undecided still: it waits, and buys nothing";
  ASSERT_FALSE(buy_in(kNext, 1, 1, kBegins));
  EXPECT_EQ(queue_->depth(), 1);
  settle(order(1, 1, 77));
  for (const SaleId sale : {SaleId{}, kSale, kNext}) {
    EXPECT_EQ(buy_in(sale, 1, 1, kBegins)->order, OrderNumber{77}) << sale.value;
  }
}

TEST_F(NextSaleTest, AnUnknownKeyWithoutASaleWaitsUntilTheEarlierSaleIsSettled) {
  EXPECT_EQ(verdict(1, 1, kBegins), Verdict::kUnavailable) << "nobody has looked";
  look({}, kBegins - seconds{1});
  EXPECT_EQ(verdict(1, 1, kBegins), Verdict::kUnavailable) << "it was on then";
  look({kSale, kNext});
  EXPECT_EQ(verdict(1, 1, kBegins), Verdict::kUnavailable) << "a lease of it is open";
  checkout_->load_sales(std::vector{sale_, next_});
  EXPECT_EQ(verdict(1, 1, kBegins), Verdict::kUnavailable);
  look({kNext});
  EXPECT_FALSE(buy(1, 1, kBegins));
  checkout_->load_sales(std::vector{sale_, next_});
  EXPECT_FALSE(buy(2, 1, kBegins)) << "a reload forgets nothing";
}

TEST_F(NextSaleTest, AKeyOfTheNamedSaleNeedNotWait) { EXPECT_FALSE(buy_in(kNext, 1, 1, kBegins)); }

TEST_F(NextSaleTest, AnUnknownKeyOfASaleThatIsOverIsRefusedOnceThatIsSettled) {
  EXPECT_EQ(buy_in(kSale, 1, 1, kBegins)->verdict, Verdict::kUnavailable);
  look({kSale});
  EXPECT_EQ(buy_in(kSale, 1, 1, kBegins)->verdict, Verdict::kUnavailable);
  look({});
  EXPECT_EQ(buy_in(kSale, 1, 1, kBegins)->verdict, Verdict::kSaleEnded);
  EXPECT_EQ(queue_->depth(), 0) << "never a unit of the other sale";
}

TEST_F(NextSaleTest, TheNamedSaleIsOneOfTheProducts) {
  const auto unknown = buy_in(SaleId{99}, 1, 1, kBegins);
  EXPECT_EQ(unknown->verdict, Verdict::kUnknownProduct);
  EXPECT_EQ(unknown->sale, SaleId{99});
  EXPECT_EQ(buy(1, 1, kBegins, {}, ProductId{2}, kNext)->verdict, Verdict::kUnknownProduct);
  EXPECT_EQ(buy_in(kNext, 1, 1, milliseconds{0})->verdict, Verdict::kNotStarted);
  EXPECT_FALSE(buy_in(kNext, 1, 1, kBegins));
}

TEST_F(NextSaleTest, AnOrderOfAnotherSaleTakesTheIntentThere) {
  next_.per_buyer_limit = 2;
  checkout_->load_sales(std::vector{sale_, next_});
  ASSERT_FALSE(buy_in(kNext, 1, 1, kBegins));
  settle(order(1, 1, 77));  // the consumer found the key in the earlier sale
  ASSERT_EQ(told_.size(), 1);
  EXPECT_EQ(told_[0].order, OrderNumber{77});
  EXPECT_FALSE(buy_in(kNext, 1, 2, kBegins + seconds{10}));
  EXPECT_FALSE(buy_in(kNext, 1, 3, kBegins + seconds{20})) << "it holds one order of this sale";
}

#ifndef STAMPEDE_FOREIGN_ALLOCATOR  // a sanitizer's heap does not answer mallinfo2()
TEST_F(CheckoutTest, AMillionKnownBuyersCostAtMostAHundredMegabytes) {
  const auto in_use = [] {
    const auto info = mallinfo2();
    return info.uordblks + info.hblkhd;
  };
  const std::size_t before = in_use();
  for (std::int64_t buyer = 1; buyer <= 1'000'000; ++buyer) settle(order(buyer, 1, buyer));
  const std::size_t used = in_use() - before;
  RecordProperty("megabytes", std::to_string(used / 1'000'000));
  EXPECT_EQ(checkout_->statistics().known_buyers, 1'000'000);
  EXPECT_GT(used, 10'000'000) << "the allocator was not watched";
  EXPECT_LE(used, 100'000'000);
  checkout_->sweep(at(std::chrono::hours{25}));
  EXPECT_EQ(checkout_->statistics().known_buyers, 0);
  EXPECT_LE(in_use(), before + used / 100) << "the memory of forgotten buyers was kept";
}
#endif

// Method: buyers race with two keys each from several threads while another thread settles what the
// queue holds, as the consumer would. Every unit is sold once, nobody twice, every waiter is told
// exactly once. Run under TSan by ./test.
TEST(CheckoutThreads, NothingOversoldNobodyForgotten) {
  constexpr int kBuyers = 2'000;
  constexpr int kUnits = 500;
  const test::TestRing ring;
  const captcha::Tokens captcha(ring.ring());
  admission::Blacklist blacklist;
  queue::local::LocalQueue queue(100'000);
  Checkout checkout({.check_rate = 0}, {captcha, queue, blacklist});
  const Now now = read_clocks();
  checkout.load_sales(std::vector{Sale{.id = kSale,
                                       .product = kProduct,
                                       .quantity = kUnits,
                                       .starts_at = now.wall,
                                       .captcha = false}});
  checkout.catalog().add_lease(kSale, kLease, kUnits, now);

  std::atomic<int> sold{0};
  std::atomic<int> answered{0};
  std::jthread consumer([&] {
    std::vector<queue::Message> batch;
    std::int64_t number = 0;
    while (queue.receive(batch, 100)) {
      std::vector<Order> orders;
      for (const auto& message : batch) {
        if (const auto* purchase = std::get_if<Purchase>(&message)) {
          orders.push_back({.number = OrderNumber{++number},
                            .sale = purchase->sale,
                            .buyer = purchase->buyer,
                            .intent = purchase->intent,
                            .lease = purchase->lease,
                            .created_at = {}});
        }
      }
      checkout.settle(orders);
    }
    EXPECT_EQ(number, kUnits);
  });
  const Post post = [](std::move_only_function<void()> task) { task(); };
  {
    std::vector<std::jthread> threads;
    for (int t = 0; t < 4; ++t) {
      threads.emplace_back([&, t] {
        for (int i = 0; i < kBuyers; ++i) {
          const auto take = [&](Answer&& answer) {
            ++answered;
            if (answer.verdict == Verdict::kSold) ++sold;
          };
          if (auto answer =
                  checkout.attempt({UserId{1 + i}, kProduct, key(t), {}, read_clocks()}, [&] {
                    return Waiter{&post, take};
                  })) {
            take(std::move(*answer));
          }
        }
      });
    }
  }
  queue.shut();
  consumer.join();
  EXPECT_EQ(sold, kUnits);
  EXPECT_EQ(answered, 4 * kBuyers);
}

}  // namespace
}  // namespace stampede::services::purchase

// The checkout of a validator: behind a queue that confirms later, and as one of several owners.

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/purchase/checkout.h"
#include "tests/support/test_ring.h"

namespace stampede::services::purchase {
namespace {

using queue::Published;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{11};
constexpr LeaseId kLease{21};
constexpr Instant kStart{seconds{1'800'000'000}};

/// A broker whose word the test gives.
class PatientQueue final : public queue::OrderQueue {
 public:
  Published publish(const Purchase& purchase) override {
    if (refuses) return Published::kRefused;
    sent.push_back(purchase);
    return Published::kSent;
  }
  void publish(const queue::CloseMarker& marker) override { markers.push_back(marker.lease); }

  bool refuses = false;
  std::vector<Purchase> sent;
  std::vector<LeaseId> markers;
};

class CheckoutClusterTest : public testing::Test {
 protected:
  CheckoutClusterTest() {
    checkout_.load_sales(std::vector{sale_});
    checkout_.catalog().add_lease(kSale, kLease, 2, at(seconds{0}));
  }

  static Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }
  static IdempotencyKey key(int n) {
    return *IdempotencyKey::parse("intent-number-" + std::to_string(100 + n));
  }
  std::optional<Answer> buy(std::int64_t buyer, int intent, Now now) {
    return checkout_.attempt({UserId{buyer}, kProduct, key(intent), {}, now}, [this] {
      return Waiter{&post_, [this](Answer&& answer) { told_.push_back(std::move(answer)); }};
    });
  }
  std::int64_t units() {
    return checkout_.catalog().snapshot()->find(kSale)->units->stock.available();
  }
  Order order(const Purchase& purchase, FailureReason reason = FailureReason::kNone) {
    const bool active = reason == FailureReason::kNone;
    return {.number = OrderNumber{5},
            .sale = kSale,
            .buyer = purchase.buyer,
            .intent = purchase.intent,
            .slot = active ? std::optional(1) : std::nullopt,
            .lease = purchase.lease,
            .status = active ? OrderStatus::kSuccess : OrderStatus::kFailed,
            .reason = reason};
  }
  /// Node "a" owns everybody; `newly_owned_range` is what it does not know all of.
  void own(std::vector<std::string> nodes,
           std::vector<routing::Ownership::NewlyOwned> newly_owned = {}) {
    auto ownership = std::make_shared<routing::Ownership>();
    ownership->ring = ring_of(std::move(nodes));
    ownership->node = "a";
    ownership->newly_owned = std::move(newly_owned);
    checkout_.load_ownership(ownership);
  }
  static std::shared_ptr<const routing::Ring> ring_of(std::vector<std::string> nodes) {
    std::vector<Member> members;
    for (auto& node : nodes) members.push_back({.node = node, .address = "", .incarnation = ""});
    return std::make_shared<const routing::Ring>(1, routing::HashKey{}, members);
  }

  const Sale sale_{.id = kSale,
                   .product = kProduct,
                   .quantity = 2,
                   .starts_at = kStart,
                   .ends_at = kStart + seconds{600},
                   .captcha = false};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  admission::Blacklist blacklist_;
  PatientQueue queue_;
  Checkout checkout_{{.check_rate = 0}, {captcha_, queue_, blacklist_}};
  const Post post_ = [](std::move_only_function<void()> task) { task(); };
  std::vector<Answer> told_;
};

/// What is heard of an order later stands, also where it is read once more as it was created.
TEST_F(CheckoutClusterTest, AnOrderIsHeldUntilItIsPaidOrExpires) {
  const Instant pay_by = kStart + seconds{300};
  Order held = order({.sale = kSale, .buyer = UserId{1}, .intent = key(1), .lease = LeaseId{1}});
  held.status = OrderStatus::kHeld;
  held.pay_by = pay_by;
  Order expired = held;
  expired.status = OrderStatus::kExpired;
  expired.reason = FailureReason::kExpired;
  // As a validator is told of one that is paid.
  Order paid = held;
  paid.status = OrderStatus::kSuccess;
  paid.pay_by.reset();
  const auto answer_after = [&](const Order& told) {
    checkout_.settle({&told, 1});
    return buy(1, 1, at(seconds{0})).value();
  };
  const Answer first = answer_after(held);
  EXPECT_EQ(first.verdict, Verdict::kHeldAlready);
  EXPECT_EQ(first.pay_by, pay_by);
  EXPECT_EQ(answer_after(expired).reason, FailureReason::kExpired);
  EXPECT_EQ(answer_after(held).reason, FailureReason::kExpired) << "read late";
  EXPECT_EQ(answer_after(paid).verdict, Verdict::kSoldAlready) << "paid late";
  EXPECT_EQ(answer_after(held).verdict, Verdict::kSoldAlready) << "read late";
  paid.status = OrderStatus::kPaid;  // as `serve` reads it
  EXPECT_EQ(answer_after(paid).verdict, Verdict::kSoldAlready);
  EXPECT_EQ(answer_after(expired).verdict, Verdict::kSoldAlready) << "read late";
}

TEST_F(CheckoutClusterTest, PendingIsSaidOnceTheQueueHasIt) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  EXPECT_THAT(told_, IsEmpty());
  checkout_.note_queued(queue_.sent);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].verdict, Verdict::kPending);
  EXPECT_EQ(told_[0].sale, kSale);
  EXPECT_EQ(told_[0].lease, kLease);
  checkout_.settle(std::array{order(queue_.sent[0])});
  EXPECT_EQ(buy(1, 1, at(seconds{1}))->verdict, Verdict::kSoldAlready);
}

TEST_F(CheckoutClusterTest, ABuyerIsToldPendingOnceTheKeyIsKnownToHaveBeenNoOrder) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  ASSERT_FALSE(buy(1, 1, at(seconds{1})));
  EXPECT_THAT(queue_.sent, SizeIs(1));
  checkout_.note_queued(queue_.sent);
  ASSERT_THAT(told_, SizeIs(1)) << "the first; the second may have been told yes meanwhile";
  checkout_.note_orders_known(at(seconds{1}).tick, kLease);
  EXPECT_THAT(told_, SizeIs(1)) << "it may have become an order just before the second came";
  checkout_.note_orders_known(at(milliseconds{1'001}).tick, kLease);
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_EQ(told_[1].verdict, Verdict::kPending);
  EXPECT_EQ(told_[1].sale, kSale);
  EXPECT_EQ(told_[1].lease, kLease);
}

TEST_F(CheckoutClusterTest, APurchaseWaitsForTheBrokersConfirm) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.note_orders_known(at(seconds{1}).tick, kLease);
  EXPECT_THAT(told_, SizeIs(1)) << "the second";
  checkout_.note_queued(queue_.sent);
  EXPECT_THAT(told_, SizeIs(2));
}

TEST_F(CheckoutClusterTest, ABuyerThatAsksAgainIsToldYesByAnOrderThatHasJustArrived) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.note_queued(queue_.sent);
  ASSERT_FALSE(buy(1, 1, at(seconds{1})));
  checkout_.settle(std::array{order(queue_.sent[0])});
  checkout_.note_orders_known(at(seconds{2}).tick, kLease);
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_EQ(told_[1].verdict, Verdict::kSold);
}

TEST_F(CheckoutClusterTest, ABuyerThatAsksAgainWhileNobodyCanTellIsToldSo) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.note_queued(queue_.sent);
  ASSERT_FALSE(buy(1, 1, at(seconds{1})));
  checkout_.expire_waits(at(seconds{2}).tick);
  EXPECT_THAT(told_, SizeIs(1));
  checkout_.expire_waits(at(seconds{3}).tick);
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_EQ(told_[1].verdict, Verdict::kUnavailable);
}

/// The owner before may have sold with that key, and its buyer been told so.
TEST_F(CheckoutClusterTest, AValidatorThatIsNotSureOfABuyerSaysPendingOnlyOnceItKnows) {
  own({"a"}, {{.before = nullptr, .newest_lease = LeaseId{1}}});
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.note_queued(queue_.sent);
  EXPECT_THAT(told_, IsEmpty());
  checkout_.note_orders_known(at(milliseconds{1}).tick, kLease);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].verdict, Verdict::kPending);
  own({"a"});
  checkout_.doubt_from(at(seconds{0}).tick);
  ASSERT_FALSE(buy(2, 2, at(seconds{1})));
  checkout_.note_queued(queue_.sent);
  EXPECT_THAT(told_, SizeIs(1));
  checkout_.expire_waits(at(seconds{3}).tick);
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_EQ(told_[1].verdict, Verdict::kUnavailable);
}

TEST_F(CheckoutClusterTest, ARefusalNeverClearsALaterAttempt) {
  Sale sale = sale_;
  sale.per_buyer_limit = 3;
  checkout_.load_sales(std::array{sale});
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  ASSERT_FALSE(buy(1, 2, at(seconds{11})));
  checkout_.note_refused(std::array{queue_.sent[0]});
  const auto third = buy(1, 3, at(seconds{12}));
  ASSERT_TRUE(third) << "the second attempt is one second old";
  EXPECT_EQ(third->verdict, Verdict::kTooSoon);
  checkout_.note_refused(std::array{queue_.sent[1]});
  EXPECT_FALSE(buy(1, 3, at(seconds{12})));
}

TEST_F(CheckoutClusterTest, TheMarkerFollowsTheLastConfirm) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  ASSERT_FALSE(buy(2, 2, at(seconds{0})));
  EXPECT_THAT(queue_.markers, IsEmpty());
  checkout_.note_queued(std::array{queue_.sent[1]});
  EXPECT_THAT(queue_.markers, IsEmpty()) << "one purchase may yet be published again";
  checkout_.note_queued(std::array{queue_.sent[0]});
  EXPECT_THAT(queue_.markers, ElementsAre(kLease));
}

TEST_F(CheckoutClusterTest, ARefusedPurchaseGivesAllBack) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  EXPECT_EQ(units(), 1);
  checkout_.note_refused(queue_.sent);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].verdict, Verdict::kUnavailable);
  EXPECT_EQ(units(), 2);
  ASSERT_FALSE(buy(1, 1, at(seconds{0}))) << "neither interval nor key stand in the way";
}

TEST_F(CheckoutClusterTest, ARefusalAfterPendingSendsItsLeaseBack) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.expire_waits(at(seconds{3}).tick);
  ASSERT_EQ(told_.at(0).verdict, Verdict::kPending);
  checkout_.note_refused(queue_.sent);
  EXPECT_THAT(queue_.markers, ElementsAre(kLease)) << "until it closes, the buyer sees pending";
  EXPECT_EQ(units(), 0);
}

TEST_F(CheckoutClusterTest, AnUnconfirmedUnitNeverComesBackByWaiting) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.expire_waits(at(seconds{3}).tick);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].verdict, Verdict::kPending);
  checkout_.note_orders_known(at(seconds{4}).tick, LeaseId{kLease.value + 1});
  EXPECT_EQ(units(), 1);
  EXPECT_FALSE(buy(1, 1, at(seconds{4}))) << "it is known still";
  EXPECT_THAT(queue_.sent, SizeIs(1));
}

TEST_F(CheckoutClusterTest, AnOrderBeforeItsConfirmUsesTheUnitUp) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.settle(std::array{order(queue_.sent[0])});
  EXPECT_EQ(units(), 1);
  ASSERT_THAT(told_, SizeIs(1));
  EXPECT_EQ(told_[0].verdict, Verdict::kSold);
  checkout_.note_queued(queue_.sent);
  checkout_.note_refused(queue_.sent);
  EXPECT_EQ(units(), 1);
}

TEST_F(CheckoutClusterTest, WhatAClosedLeaseLeftUndecidedMayBeTriedAgain) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.note_queued(queue_.sent);
  checkout_.note_orders_known(at(seconds{19}).tick, kLease);
  EXPECT_FALSE(buy(1, 1, at(seconds{20})));
  EXPECT_THAT(queue_.sent, SizeIs(1)) << "its lease is open";
  checkout_.note_orders_known(at(seconds{21}).tick, LeaseId{kLease.value + 1});
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_EQ(told_[1].verdict, Verdict::kUnavailable) << "a buyer who waits asks again";
  EXPECT_FALSE(buy(1, 1, at(seconds{21})));
  EXPECT_THAT(queue_.sent, SizeIs(2));
}

/// The database refused the purchase; a lease that is older stays open for as long as it is sold
/// from.
TEST_F(CheckoutClusterTest, ALeaseThatIsClosedBeforeAnOlderOneLeavesItsPurchasesUndecidedToo) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.note_queued(queue_.sent);
  const std::array another{LeaseId{kLease.value + 1}};
  checkout_.note_orders_known(at(seconds{19}).tick, kLease, another);
  EXPECT_FALSE(buy(1, 1, at(seconds{20})));
  EXPECT_THAT(queue_.sent, SizeIs(1)) << "its lease is open";
  checkout_.note_orders_known(at(seconds{21}).tick, kLease, std::array{kLease});
  ASSERT_THAT(told_, SizeIs(2));
  EXPECT_EQ(told_[1].verdict, Verdict::kUnavailable);
  EXPECT_FALSE(buy(1, 1, at(seconds{21})));
  EXPECT_THAT(queue_.sent, SizeIs(2));
}

TEST_F(CheckoutClusterTest, AnothersBuyerIsToldNothing) {
  own({"b"});
  EXPECT_EQ(buy(1, 1, at(seconds{0}))->verdict, Verdict::kUnavailable);
  EXPECT_THAT(queue_.sent, IsEmpty());
  own({"a"});
  EXPECT_FALSE(buy(1, 1, at(seconds{0})));
}

TEST_F(CheckoutClusterTest, ANewOwnerSaysNoOnlyWhenItKnowsAll) {
  const auto no = [&] { return buy(1, 1, at(seconds{0}))->verdict; };
  checkout_.catalog().note_position({.sale = {.id = kSale}}, at(seconds{0}));
  own({"a"}, {{.before = ring_of({"b"}), .newest_lease = kLease}});
  EXPECT_EQ(no(), Verdict::kUnavailable);
  own({"a"}, {{.before = nullptr, .newest_lease = kLease}});
  EXPECT_EQ(no(), Verdict::kUnavailable);
  own({"a"}, {{.before = ring_of({"a"}), .newest_lease = kLease}});
  EXPECT_EQ(no(), Verdict::kSoldOut) << "it owned this buyer before";
  own({"a"});
  EXPECT_EQ(no(), Verdict::kSoldOut);
}

TEST_F(CheckoutClusterTest, AValidatorThatMayHaveLostItsBuyersRefusesNoUnknownIntent) {
  ASSERT_FALSE(buy(1, 1, at(seconds{0})));
  checkout_.settle(std::array{order(queue_.sent[0])});
  const auto ended = seconds{600};
  checkout_.doubt_from(at(ended + seconds{2}).tick);
  EXPECT_EQ(buy(2, 2, at(ended + milliseconds{1'999}))->verdict, Verdict::kSaleEnded);
  EXPECT_EQ(buy(2, 2, at(ended + seconds{2}))->verdict, Verdict::kUnavailable);
  EXPECT_EQ(buy(1, 1, at(ended + seconds{2}))->verdict, Verdict::kSoldAlready) << "for ever";
}

TEST_F(CheckoutClusterTest, AnEndedSaleIsNoNoWhileAnothersBuyersAreUnknown) {
  const auto ended = at(seconds{600});
  checkout_.catalog().note_leased({}, ended.wall);
  const auto ask = [&] {
    return checkout_.attempt({UserId{1}, kProduct, key(1), {}, ended, kSale}, {})->verdict;
  };
  EXPECT_EQ(ask(), Verdict::kSaleEnded);
  own({"a"}, {{.before = ring_of({"b"}), .newest_lease = kLease}});
  EXPECT_EQ(ask(), Verdict::kUnavailable);
  own({"a"});
  checkout_.doubt_from(ended.tick);
  EXPECT_EQ(ask(), Verdict::kUnavailable);
}

TEST_F(CheckoutClusterTest, ANewOwnerWaitsForTheOneBeforeIfItLives) {
  const auto ring = ring_of({"a", "b"});
  std::vector<std::int64_t> mine;
  for (std::int64_t buyer = 1; mine.size() < 2; ++buyer) {
    if (ring->owner(UserId{buyer})->node == "a") mine.push_back(buyer);
  }
  const auto gain_from = [&](std::shared_ptr<const routing::Ring> before) {
    return std::vector{routing::Ownership::NewlyOwned{
        .before = std::move(before), .newest_lease = {}, .decides_from = at(seconds{2}).tick}};
  };
  const auto soon = at(milliseconds{1'999});
  own({"a", "b"}, gain_from(ring_of({"b"})));
  EXPECT_EQ(buy(mine[0], 1, soon)->verdict, Verdict::kUnavailable);
  EXPECT_FALSE(buy(mine[0], 1, at(seconds{2})));
  checkout_.note_queued(queue_.sent);
  own({"a", "b"}, gain_from(nullptr));
  EXPECT_FALSE(buy(mine[0], 1, soon)) << "a known intent";
  EXPECT_EQ(buy(mine[1], 2, soon)->verdict, Verdict::kUnavailable) << "it may have been any";
  own({"a", "b"}, gain_from(ring_of({"a", "b"})));
  EXPECT_FALSE(buy(mine[1], 2, soon)) << "it was this one";
  checkout_.note_refused(std::array{queue_.sent.back()});
  own({"a"}, gain_from(ring_of({"b"})));
  EXPECT_FALSE(buy(mine[1], 3, soon)) << "it is off the ring";
}

TEST_F(CheckoutClusterTest, ANewOwnerMaySell) {
  own({"a"}, {{.before = nullptr, .newest_lease = LeaseId{1}}});
  EXPECT_FALSE(buy(1, 1, at(seconds{0})));
  EXPECT_THAT(queue_.sent, SizeIs(1));
}

TEST_F(CheckoutClusterTest, AWantedLeaseIsToldOnce) {
  std::vector<SaleId> low;
  Checkout checkout({.check_rate = 0},
                    {captcha_, queue_, blacklist_, [&](SaleId sale) { low.push_back(sale); }});
  checkout.load_sales(std::vector{sale_});
  const auto try_one = [&](int buyer) {
    return checkout.attempt({UserId{buyer}, kProduct, key(buyer), {}, at(seconds{0})}, [this] {
      return Waiter{&post_, [](Answer&&) {}};
    });
  };
  EXPECT_EQ(try_one(1)->verdict, Verdict::kUnavailable);
  EXPECT_EQ(try_one(2)->verdict, Verdict::kUnavailable);
  EXPECT_THAT(low, ElementsAre(kSale));
  checkout.catalog().add_lease(kSale, kLease, 6, at(seconds{0}));
  for (int buyer = 1; buyer <= 3; ++buyer) ASSERT_FALSE(try_one(buyer));
  EXPECT_THAT(low, SizeIs(1));
  ASSERT_FALSE(try_one(4));
  EXPECT_THAT(low, SizeIs(2)) << "a third is left";
}

}  // namespace
}  // namespace stampede::services::purchase

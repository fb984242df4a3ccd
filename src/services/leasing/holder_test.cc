#include "services/leasing/holder.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/local/local_queue.h"
#include "tests/support/test_ring.h"

namespace stampede::services::leasing {
namespace {

using peers::LeaseAsk;
using peers::LeaseReply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};
constexpr Instant kStart{seconds{1'800'000'000}};

class HolderTest : public testing::Test {
 protected:
  HolderTest() {
    checkout_.load_sales(std::vector{sale_});
    holder_.note_ring(1, "first");
  }

  /// Before the sale starts where `since` is negative.
  static Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

  /// A lease granted to the next request.
  LeaseAsk grant(LeaseId id, std::int64_t units, Now now) {
    const auto asks = holder_.wanted(now);
    EXPECT_EQ(asks.size(), 1);
    holder_.note_answer(asks.at(0), reply(id, units), now.tick, now);
    return asks[0];
  }
  /// To the second one; leases up to `newest` were granted before it.
  void change_ring(LeaseId newest) {
    holder_.give_back(newest);
    holder_.note_ring(2, "second");
  }
  static LeaseReply reply(LeaseId id, std::int64_t units) {
    return {.lease = StockLease{.id = id, .sale = kSale, .granted = units, .holder = "a/1"}};
  }
  static LeaseReply refusal(LeaseReply::Refusal why) { return {.lease = {}, .refusal = why}; }

  /// Whether a buyer could take a unit now.
  bool buys(std::int64_t buyer, Now now) {
    const auto answer = checkout_.attempt(
        {UserId{buyer}, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, now}, [this] {
          return purchase::Waiter{&post_, [](Answer&&) {}};
        });
    return !answer;
  }
  std::vector<LeaseId> markers() {
    std::vector<LeaseId> leases;
    std::vector<queue::Message> batch;
    if (queue_.depth() == 0 || !queue_.receive(batch, 100)) return leases;
    for (const auto& message : batch) {
      if (const auto* marker = std::get_if<queue::CloseMarker>(&message)) {
        leases.push_back(marker->lease);
      }
    }
    return leases;
  }

  const Sale sale_{.id = kSale,
                   .product = kProduct,
                   .quantity = 100,
                   .starts_at = kStart,
                   .ends_at = kStart + seconds{600},
                   .captcha = false};
  const LeaseTimes times_;
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  admission::Blacklist blacklist_;
  queue::local::LocalQueue queue_{1'000};
  purchase::Checkout checkout_{{.check_rate = 0}, {captcha_, queue_, blacklist_}};
  std::vector<LeaseId> stuck_;
  Holder holder_{{.holder = "a/1",
                  .checkout = checkout_,
                  .queue = queue_,
                  .stuck = [this](Tick) { return stuck_; }},
                 times_};
  const purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST_F(HolderTest, AsksShortlyBeforeTheStartAndOnce) {
  EXPECT_THAT(holder_.wanted(at(-times_.ahead - milliseconds{1})), IsEmpty());
  EXPECT_EQ(holder_.wanted(at(-times_.ahead)).size(), 1);
  EXPECT_THAT(holder_.wanted(at(-times_.ahead)), IsEmpty()) << "one is under way";
}

TEST_F(HolderTest, GivesUpLeasesOfAShardThatIsUnusable) {
  Holder holder({.holder = "a/1",
                 .checkout = checkout_,
                 .queue = queue_,
                 .stuck = [this](Tick) { return stuck_; },
                 .shard_usable = [](LeaseId lease) { return lease != LeaseId{2}; }},
                times_);
  checkout_.catalog().add_lease(kSale, LeaseId{2}, 10, at(seconds{0}), at(seconds{5}).tick);
  checkout_.catalog().add_lease(kSale, LeaseId{3}, 1, at(seconds{0}), at(seconds{5}).tick);
  holder.review(at(seconds{0}));
  EXPECT_THAT(holder.to_renew(at(seconds{0}).tick), ElementsAre(LeaseId{3}));
  EXPECT_TRUE(buys(1, at(seconds{0})));
  EXPECT_FALSE(buys(2, at(seconds{0}))) << "from the lease that was given up";
  EXPECT_THAT(markers(), ElementsAre(LeaseId{2}, LeaseId{3}));
}

TEST_F(HolderTest, AsksForNothingWhileTheTermsMayChange) {
  EXPECT_LT(times_.ahead, Sale::kTermsFixed);
}

TEST_F(HolderTest, AsksAgainOnceStockIsAddedToASaleThatWasSoldOut) {
  grant(LeaseId{1}, 1, at(-seconds{1}));
  ASSERT_TRUE(buys(1, at(seconds{0})));
  const auto ask = holder_.wanted(at(seconds{0})).at(0);
  holder_.note_answer(ask, refusal(LeaseReply::Refusal::kNoUnits), at(seconds{0}).tick,
                      at(seconds{0}));
  checkout_.catalog().note_position({.sale = {.id = kSale}}, at(seconds{1}));
  ASSERT_FALSE(buys(2, at(seconds{1})));
  ASSERT_THAT(holder_.wanted(at(seconds{1})), IsEmpty()) << "it is sold out";
  checkout_.catalog().note_position({.sale = {.id = kSale}, .leased = 1},
                                    at(seconds{2}));  // by the next heartbeat
  EXPECT_FALSE(buys(3, at(seconds{2}))) << "a further buyer makes it ask";
  grant(LeaseId{2}, 1, at(seconds{2}));
  EXPECT_TRUE(buys(4, at(seconds{2})));
}

TEST_F(HolderTest, AsksForTheNextWhenAThirdIsLeft) {
  grant(LeaseId{1}, 6, at(-seconds{1}));
  for (int buyer = 1; buyer <= 3; ++buyer) ASSERT_TRUE(buys(buyer, at(seconds{0})));
  EXPECT_THAT(holder_.wanted(at(seconds{0})), IsEmpty());
  ASSERT_TRUE(buys(4, at(seconds{0})));
  EXPECT_EQ(holder_.wanted(at(seconds{0})).size(), 1);
}

TEST_F(HolderTest, AsksWithoutARingForNothing) {
  Holder fresh({.holder = "a/1", .checkout = checkout_, .queue = queue_, .stuck = {}}, times_);
  EXPECT_THAT(fresh.wanted(at(seconds{0})), IsEmpty());
}

TEST_F(HolderTest, TheDeadlineCountsFromBeforeItAsked) {
  const auto ask = holder_.wanted(at(-seconds{2})).at(0);
  holder_.note_answer(ask, reply(LeaseId{1}, 5), at(-seconds{2}).tick, at(-seconds{1}));
  EXPECT_TRUE(buys(1, at(seconds{3} - milliseconds{1})));
  EXPECT_FALSE(buys(2, at(seconds{3})));
}

TEST_F(HolderTest, RenewalMovesTheDeadline) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  EXPECT_THAT(holder_.to_renew(at(seconds{2}).tick), ElementsAre(LeaseId{1}));
  holder_.note_renewed(std::array{LeaseId{1}}, at(seconds{2}).tick);
  EXPECT_TRUE(buys(1, at(seconds{7} - milliseconds{1})));
  EXPECT_FALSE(buys(2, at(seconds{7})));
}

TEST_F(HolderTest, WhatIsPastItsDeadlineIsGivenUpAndNeverRenewed) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  EXPECT_THAT(holder_.to_renew(at(seconds{4}).tick), IsEmpty());
  holder_.review(at(seconds{4}));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{1}));
  holder_.note_renewed(std::array{LeaseId{1}}, at(seconds{4}).tick);
  EXPECT_FALSE(buys(1, at(seconds{4})));
}

TEST_F(HolderTest, AStuckPublishKeepsItsLeaseFromBeingRenewed) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  stuck_ = {LeaseId{1}};
  EXPECT_THAT(holder_.to_renew(at(seconds{1}).tick), IsEmpty());
}

TEST_F(HolderTest, AnUndecidedPurchaseDoesNotKeepItsLeaseForEver) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  ASSERT_TRUE(buys(1, at(seconds{0})));
  const auto later = at(times_.undecided + milliseconds{1});
  holder_.note_renewed(std::array{LeaseId{1}}, at(times_.undecided).tick);
  EXPECT_THAT(holder_.to_renew(at(times_.undecided).tick), ElementsAre(LeaseId{1}));
  EXPECT_THAT(holder_.to_renew(later.tick), IsEmpty());
}

TEST_F(HolderTest, AHolderThatCannotPublishRenewsNothing) {
  bool connected = true;
  Holder holder({.holder = "a/1",
                 .checkout = checkout_,
                 .queue = queue_,
                 .stuck = [](Tick) { return std::vector<LeaseId>{}; },
                 .can_publish = [&] { return connected; }},
                times_);
  grant(LeaseId{1}, 5, at(-seconds{1}));
  EXPECT_THAT(holder.to_renew(at(seconds{1}).tick), ElementsAre(LeaseId{1}));
  connected = false;
  EXPECT_THAT(holder.to_renew(at(seconds{1}).tick), IsEmpty());
}

TEST_F(HolderTest, AReplyThatComesTooLateIsGivenBackUnsold) {
  const auto ask = holder_.wanted(at(-seconds{2})).at(0);
  holder_.note_answer(ask, reply(LeaseId{1}, 5), at(-seconds{2}).tick, at(seconds{3}));
  EXPECT_FALSE(buys(1, at(seconds{3})));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{1}));
}

TEST_F(HolderTest, AnUnansweredRequestIsMadeAgainAsTheSame) {
  const auto first = holder_.wanted(at(-seconds{2})).at(0);
  holder_.note_no_answer(first, at(-seconds{1}).tick);
  EXPECT_THAT(holder_.wanted(at(-seconds{1})), IsEmpty()) << "not at once";
  const auto again = holder_.wanted(at(-seconds{1} + times_.ask_again)).at(0);
  EXPECT_EQ(again.number, first.number);
}

TEST_F(HolderTest, ASecondAnswerToOneRequestIsIgnored) {
  const auto ask = grant(LeaseId{1}, 1, at(-seconds{1}));
  ASSERT_TRUE(buys(1, at(seconds{0})));
  ASSERT_THAT(markers(), ElementsAre(LeaseId{1})) << "sold whole and closed";
  holder_.note_answer(ask, reply(LeaseId{1}, 1), at(-seconds{1}).tick, at(seconds{0}));
  EXPECT_FALSE(buys(2, at(seconds{0})));
}

TEST_F(HolderTest, ASaleThatIsOnAlreadyGetsItsFirstLeaseWithoutABuyer) {
  EXPECT_EQ(holder_.wanted(at(seconds{1})).size(), 1);
}

TEST_F(HolderTest, WithoutUnitsItAsksAgainOnlyForABuyer) {
  const auto ask = holder_.wanted(at(seconds{0})).at(0);
  holder_.note_answer(ask, refusal(LeaseReply::Refusal::kNoUnits), at(seconds{0}).tick,
                      at(seconds{0}));
  EXPECT_THAT(holder_.wanted(at(seconds{1})), IsEmpty());
  ASSERT_FALSE(buys(2, at(seconds{1})));
  EXPECT_EQ(holder_.wanted(at(seconds{1})).size(), 1);
}

/// By which it sells: quantity control grants nothing by others.
TEST_F(HolderTest, ARequestNamesTheTermsThatItKnows) {
  const auto ask = holder_.wanted(at(-seconds{1})).at(0);
  ASSERT_TRUE(ask.known);
  EXPECT_EQ(ask.known->ends_at, sale_.ends_at);
  holder_.note_answer(ask, refusal(LeaseReply::Refusal::kOtherTerms), at(-seconds{1}).tick,
                      at(-seconds{1}));
  Sale changed = sale_;
  changed.per_buyer_limit = 3;
  checkout_.load_sales(std::vector{changed});
  const auto next = holder_.wanted(at(-milliseconds{500})).at(0);
  EXPECT_NE(next.number, ask.number);
  EXPECT_EQ(next.known->per_buyer_limit, 3);
}

/// The units that it waits for are there.
TEST_F(HolderTest, AHolderThatWasRefusedForOtherTermsStillWantsUnits) {
  holder_.note_answer(holder_.wanted(at(seconds{0})).at(0), refusal(LeaseReply::Refusal::kNoUnits),
                      at(seconds{0}).tick, at(seconds{0}));
  ASSERT_FALSE(buys(2, at(seconds{1})));
  holder_.note_answer(holder_.wanted(at(seconds{1})).at(0),
                      refusal(LeaseReply::Refusal::kOtherTerms), at(seconds{1}).tick,
                      at(seconds{1}));
  EXPECT_EQ(holder_.wanted(at(seconds{2})).size(), 1);
}

TEST_F(HolderTest, ANewRingSendsEarlierLeasesBack) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  change_ring(LeaseId{1});
  EXPECT_FALSE(buys(1, at(seconds{0})));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{1}));
  const auto ask = grant(LeaseId{2}, 5, at(seconds{0}));
  EXPECT_EQ(ask.ring_epoch, 2);
  EXPECT_EQ(ask.ring_nonce, "second");
  EXPECT_TRUE(buys(1, at(seconds{0})));
}

TEST_F(HolderTest, ALeaseGrantedForTheRingBeforeIsNotSoldFrom) {
  const auto ask = holder_.wanted(at(-seconds{1})).at(0);
  change_ring(LeaseId{5});
  holder_.note_answer(ask, reply(LeaseId{5}, 5), at(-seconds{1}).tick, at(-seconds{1}));
  EXPECT_FALSE(buys(1, at(seconds{0})));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{5}));
}

/// While the checkout gets the new ring.
TEST_F(HolderTest, BetweenTwoRingsNothingIsAskedForOrTaken) {
  const auto ask = holder_.wanted(at(-seconds{1})).at(0);
  holder_.give_back(LeaseId{5});
  holder_.note_answer(ask, reply(LeaseId{6}, 5), at(-seconds{1}).tick, at(-seconds{1}));
  EXPECT_FALSE(buys(1, at(seconds{0})));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{6}));
  EXPECT_THAT(holder_.wanted(at(seconds{0})), IsEmpty());
  holder_.note_ring(2, "second");
  EXPECT_EQ(holder_.wanted(at(seconds{0})).size(), 1);
}

/// Granted by a database that has lost the new ring.
TEST_F(HolderTest, ANewRingSendsALeaseBackThatIsNewerThanTheChange) {
  grant(LeaseId{6}, 5, at(-seconds{1}));
  change_ring(LeaseId{5});
  EXPECT_FALSE(buys(1, at(seconds{0})));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{6}));
}

/// The database has lost the ring of now, and grants by the one before.
TEST_F(HolderTest, ANewerLeaseGrantedForTheRingBeforeIsNotSoldFromEither) {
  const auto ask = holder_.wanted(at(-seconds{1})).at(0);
  change_ring(LeaseId{5});
  holder_.note_answer(ask, reply(LeaseId{6}, 5), at(-seconds{1}).tick, at(-seconds{1}));
  EXPECT_FALSE(buys(1, at(seconds{0})));
  EXPECT_THAT(markers(), ElementsAre(LeaseId{6}));
}

TEST_F(HolderTest, OnlyIdleLeasesAreRecalled) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  ASSERT_TRUE(buys(1, at(seconds{1})));
  holder_.recall(std::array{kSale}, at(seconds{1} + times_.idle - milliseconds{1}).tick);
  EXPECT_THAT(markers(), IsEmpty());
  holder_.recall(std::array{kSale}, at(seconds{1} + times_.idle).tick);
  EXPECT_THAT(markers(), ElementsAre(LeaseId{1}));
}

TEST_F(HolderTest, TheEndOfASaleSendsItsLeasesBack) {
  grant(LeaseId{1}, 5, at(-seconds{1}));
  holder_.review({kStart + seconds{600}, at(seconds{1}).tick});
  EXPECT_THAT(markers(), ElementsAre(LeaseId{1}));
}

}  // namespace
}  // namespace stampede::services::leasing

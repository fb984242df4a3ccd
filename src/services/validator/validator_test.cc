#include "services/validator/validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/validator/test_validator.h"

namespace stampede::services::validator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ValidatorTest, BeforeTheFirstReplyNothingIsDecided) {
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "not: unknown product";
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_epoch, 0);
}

TEST_F(ValidatorTest, AsksOnlyForWhatItDoesNotKnow) {
  apply(first_reply({"a"}));
  const auto next = validator_.compose(at(seconds{1}));
  EXPECT_EQ(next.ring_epoch, 1);
  EXPECT_EQ(next.catalog_revision, 4);
  EXPECT_EQ(next.blacklist_revision, 5);
  EXPECT_THAT(next.cursors, ElementsAre(1, 2, 3, 4));
  const auto ring = validator_.routes().ring();
  EXPECT_EQ(ring->epoch(), 1);
  apply(reply(1, {"a"}));
  EXPECT_EQ(validator_.routes().ring(), ring) << "the same ring";
}

/// Also where the revision is the same: the database may have lost a change.
TEST_F(ValidatorTest, AValidatorThatKnowsOtherTermsThanTheDatabaseIsToldAllSalesAgain) {
  apply(first_reply({"a"}));
  for (const auto& ask : validator_.wanted(at(seconds{0}))) {
    EXPECT_EQ(ask.known->starts_at, kStart);
    validator_.answered(ask, peers::LeaseReply{.refusal = peers::LeaseReply::Refusal::kOtherTerms},
                        at(seconds{0}), at(seconds{0}));
  }
  EXPECT_EQ(validator_.compose(at(seconds{1})).catalog_revision, 0) << "and not -1: it may wait";
  EXPECT_EQ(validator_.compose(at(seconds{2})).catalog_revision, 4) << "it asks again if need be";
}

/// The database failed a part of the reply: to ask again at once makes it no better.
TEST_F(ValidatorTest, AReplyFromWhichAPartWasLeftOutIsNotFollowedAtOnce) {
  EXPECT_FALSE(apply(first_reply({"a"})));
  auto partial = reply(1, {"a"});
  partial.more = true;
  EXPECT_FALSE(apply(partial));
  EXPECT_FALSE(validator_.loading());
  partial.orders = {order(7, *IdempotencyKey::parse("0123456789abcdef"))};
  EXPECT_TRUE(apply(partial));
  EXPECT_TRUE(validator_.loading());
}

TEST_F(ValidatorTest, WhatTheSalesAreIsAskedAgainWhereTheAnswerWasLost) {
  apply(first_reply({"a"}));
  for (const auto& ask : validator_.wanted(at(seconds{0}))) {
    validator_.answered(ask, peers::LeaseReply{.refusal = peers::LeaseReply::Refusal::kOtherTerms},
                        at(seconds{0}), at(seconds{0}));
  }
  validator_.unanswered(validator_.compose(at(seconds{1})));
  EXPECT_EQ(validator_.compose(at(seconds{2})).catalog_revision, 0);
}

TEST_F(ValidatorTest, TellsTheLeaderAndTheLastOrdersAsItWasTold) {
  auto first = first_reply({"a"});
  first.leader_epoch = 3;
  first.order_digests = {"1:a", "2:b", "", ""};
  apply(first);
  const auto next = validator_.compose(at(seconds{1}));
  EXPECT_EQ(next.leader_epoch, 3);
  EXPECT_EQ(next.order_digests, first.order_digests);
}

TEST_F(ValidatorTest, SoldOutCountsFromBeforeItAsked) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = {.id = kSale}}};
  apply(first, at(seconds{0}));
  EXPECT_EQ(verdict(at(milliseconds{1'999})), Verdict::kSoldOut);
  EXPECT_EQ(verdict(at(seconds{2})), Verdict::kUnavailable);
  first.stock[0].leased = 1;
  apply(first, at(seconds{2}));
  EXPECT_EQ(verdict(at(seconds{2})), Verdict::kUnavailable);
}

TEST_F(ValidatorTest, SoldOutOfALateReplyCountsFromBeforeItAsked) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = {.id = kSale}}};
  apply_late(first);
  const auto status = [&](milliseconds since) {
    return validator_.checkout().catalog().view(kProduct, at(since))->status;
  };
  EXPECT_EQ(status(milliseconds{1'999}), SaleStatus::kSoldOut);
  EXPECT_EQ(status(milliseconds{2'000}), SaleStatus::kOn) << "not 2 s after the reply";
}

TEST_F(ValidatorTest, ARenewalInALateReplyCountsFromBeforeItAsked) {
  apply(first_reply({"a"}));
  const LeaseId lease{3};
  ASSERT_TRUE(validator_.checkout().catalog().add_lease(kSale, lease, 1, at(seconds{0}),
                                                        at(seconds{1}).tick));
  auto renewal = reply(1, {"a"});
  renewal.renewed = {lease};
  apply_late(renewal);
  const auto held = validator_.checkout().catalog().snapshot()->find(kSale)->units->stock.held();
  ASSERT_EQ(held.size(), 1);
  EXPECT_EQ(held[0].deadline, at(seconds{5}).tick) << "not 5 s after the reply";
}

/// One of them may have been ended early.
TEST_F(ValidatorTest, AValidatorThatKnowsOnlyThatTheSalesHaveChangedSellsUntilItsLeasesRunOut) {
  apply(first_reply({"a"}));
  const Tick until = at(seconds{1}).tick;
  ASSERT_TRUE(
      validator_.checkout().catalog().add_lease(kSale, LeaseId{3}, 1, at(seconds{0}), until));
  const auto deadline = [this] {
    return validator_.checkout().catalog().snapshot()->find(kSale)->units->stock.held()[0].deadline;
  };
  auto renewal = reply(1, {"a"});
  renewal.renewed = {LeaseId{3}};
  renewal.catalog_revision = 5;  // and its sales could not be read
  apply(renewal);
  EXPECT_EQ(deadline(), until);
  renewal.sales = std::vector{sale_};
  apply(renewal);
  EXPECT_EQ(deadline(), at(seconds{5}).tick);
}

TEST_F(ValidatorTest, AfterALateReplyNoIsSaidUntilTwoSecondsAfterItAsked) {
  apply_late(first_reply({"a"}));
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return validator_.attempt({kBuyer, ProductId{99}, key, {}, at(since)}, {})->verdict;
  };
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnknownProduct);
  EXPECT_EQ(no(milliseconds{2'000}), Verdict::kUnavailable) << "not 2 s after the reply";
}

TEST_F(ValidatorTest, AnEarlierSaleIsOpenUntilItsUnitsAreBackAndItsOrdersHaveArrived) {
  Sale earlier = sale_;
  earlier.id = SaleId{2};
  earlier.starts_at = kStart - seconds{60};
  earlier.ends_at = kStart;
  auto joined = first_reply({"a"});
  joined.sales = std::vector{earlier, sale_};
  joined.stock = {{.sale = {.id = earlier.id}, .leased = 1}, {.sale = {.id = kSale}}};
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "a lease is open";
  joined.stock[0] = {.sale = {.id = earlier.id, .unleased = 1}};
  joined.more = true;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "orders are missing";
  joined.more = false;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kSoldOut);
}

TEST_F(ValidatorTest, ABuyerThatAsksAgainBeforeAHeartbeatWithAllOrdersIsToldPending) {
  apply(first_reply({"a"}));
  ASSERT_TRUE(validator_.checkout().catalog().add_lease(kSale, LeaseId{1'001}, 5, at(seconds{0})));
  std::vector<Verdict> told;
  const auto ask = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    const auto wait = [&] {
      return purchase::Waiter{&post_, [&told](Answer&& answer) { told.push_back(answer.verdict); }};
    };
    return validator_.attempt({kBuyer, kProduct, key, {}, at(since)}, wait);
  };
  ASSERT_FALSE(ask(seconds{0}));
  ASSERT_FALSE(ask(seconds{1}));
  auto next = reply(1, {"a"});
  next.more = true;
  apply(next, at(seconds{2}));
  EXPECT_THAT(told, IsEmpty()) << "its order may be among the missing";
  next.more = false;
  apply(next, at(seconds{2}));
  EXPECT_THAT(told, ElementsAre(Verdict::kPending, Verdict::kPending));
}

/// Its order may have been committed after the reply was asked for, and been told as a yes.
TEST_F(ValidatorTest, ARequestThatCameWhileTheHeartbeatWasUnderWayIsNotToldPending) {
  apply(first_reply({"a"}));
  ASSERT_TRUE(validator_.checkout().catalog().add_lease(kSale, LeaseId{1'001}, 5, at(seconds{0})));
  std::vector<milliseconds> told;
  for (const milliseconds since : {milliseconds{0}, milliseconds{400}, milliseconds{600}}) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    const auto wait = [&] {
      return purchase::Waiter{&post_, [&told, since](Answer&&) { told.push_back(since); }};
    };
    ASSERT_FALSE(validator_.attempt({kBuyer, kProduct, key, {}, at(since)}, wait));
  }
  ASSERT_TRUE(validator_.apply(reply(1, {"a"}), at(milliseconds{500}), at(milliseconds{1'000})));
  EXPECT_THAT(told, ElementsAre(milliseconds{0}, milliseconds{400}));
}

/// The database may have refused the purchase: no order of it comes.
TEST_F(ValidatorTest, AKeyWithoutAnOutcomeMayBeTriedAgainOnceItsLeaseIsClosed) {
  apply(first_reply({"a"}));
  ASSERT_TRUE(validator_.checkout().catalog().add_lease(kSale, LeaseId{1'001}, 5, at(seconds{0})));
  ASSERT_EQ(verdict(), Verdict::kPending);
  EXPECT_THAT(validator_.compose(at(seconds{4})).undecided, IsEmpty());
  EXPECT_THAT(validator_.compose(at(seconds{6})).undecided, ElementsAre(LeaseId{1'001}));
  auto next = reply(1, {"a"});
  next.closed = {LeaseId{1'001}};
  next.more = true;
  apply(next, at(seconds{11}));
  verdict(at(seconds{11}));
  EXPECT_EQ(queue_.depth(), 1) << "its order may be among the missing";
  next.more = false;
  apply(next, at(seconds{11}));
  EXPECT_EQ(verdict(at(seconds{11})), Verdict::kPending);
  EXPECT_EQ(queue_.depth(), 2);
}

TEST_F(ValidatorTest, AGainIsSettledWhenLeasesBeforeItAreClosedAndTheirOrdersKnown) {
  auto joined = first_reply({"a"});
  joined.newest_lease = LeaseId{9};
  joined.oldest_open = LeaseId{9};
  joined.stock = {{.sale = {.id = kSale}}};
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable);
  joined.oldest_open = LeaseId{10};
  joined.more = true;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "orders are missing";
  joined.more = false;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kSoldOut);
}

TEST_F(ValidatorTest, AutomaticBlacklistEntriesAreToldUntilAnswered) {
  apply(first_reply({"a"}));
  for (int i = 0; i < 10; ++i) EXPECT_EQ(verdict(at(-seconds{30})), Verdict::kNotStarted);
  auto sent = validator_.compose(at(seconds{0}));
  ASSERT_EQ(sent.blacklisted.size(), 1);
  validator_.unanswered(std::move(sent));
  EXPECT_EQ(validator_.compose(at(seconds{0})).blacklisted.size(), 1);
  EXPECT_THAT(validator_.compose(at(seconds{0})).blacklisted, IsEmpty());
}

TEST_F(ValidatorTest, ARaisedSessionEpochEndsSessions) {
  const std::string cookie = sessions_.issue(kBuyer, 3, kStart);
  ASSERT_TRUE(sessions_.authenticate(cookie, kStart));
  auto news = first_reply({"a"});
  news.epochs = {{kBuyer, 4}};
  apply(news);
  EXPECT_FALSE(sessions_.authenticate(cookie, kStart));
}

// The leader.

TEST_F(ValidatorTest, BuyersOfASettledSaleWithoutAnEndAreForgottenADayLater) {
  auto first = first_reply({"a"});
  first.orders = {order(1, *IdempotencyKey::parse("0123456789abcdef"))};
  first.stock = {{.sale = {.id = kSale}, .settled_at = kStart + seconds{5}}};
  apply(first);
  const auto known_after = [&](milliseconds since) {
    validator_.sweep(at(since));
    return validator_.checkout().statistics().known_buyers;
  };
  EXPECT_EQ(known_after(std::chrono::hours{24}), 1);
  EXPECT_EQ(known_after(std::chrono::hours{24} + seconds{5}), 0);
}

TEST_F(ValidatorTest, ItSellsBeforeAllOrdersAreThereAndSaysNoToNobody) {
  auto joined = first_reply({"a"});
  joined.more = true;
  joined.orders = {order(1, *IdempotencyKey::parse("the-first-intent-of"))};
  EXPECT_FALSE(validator_.ready());
  EXPECT_TRUE(apply(joined));
  EXPECT_TRUE(validator_.ready());
  EXPECT_TRUE(validator_.loading());
  EXPECT_EQ(validator_.orders_told(), 1);
  grant(1, 9);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "limit reached; but not all is known";
  EXPECT_EQ(no(at(seconds{0}), UserId{8}), Verdict::kUnavailable);
  const auto other = validator_.attempt(
      {UserId{8}, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, at(seconds{0})},
      [this] {
        return purchase::Waiter{&post_, [](Answer&&) {}};
      });
  EXPECT_FALSE(other) << "sold, and waits for the queue";
  apply(reply(1, {"a"}));
  EXPECT_FALSE(validator_.loading());
  EXPECT_EQ(verdict(), Verdict::kLimitReached);
}

/// Quantity control is not sure which ring stands.
TEST_F(ValidatorTest, AReplyWithoutARingRenewsLeasesAndGivesNoWordForANo) {
  apply(first_reply({"a"}));
  grant(1, 9);
  auto without = reply(0, {});
  without.renewed = {LeaseId{1}};
  apply(without, at(milliseconds{1'500}));
  EXPECT_EQ(validator_.compose(at(milliseconds{1'500})).ring_epoch, 1);
  EXPECT_EQ(no(at(milliseconds{1'999})), Verdict::kUnknownProduct);
  EXPECT_EQ(no(at(milliseconds{2'000})), Verdict::kUnavailable);
  validator_.review(at(milliseconds{6'499}));
  EXPECT_EQ(units(), 9) << "it is renewed";
}

TEST_F(ValidatorTest, SessionsAreAskedForByRevision) {
  auto news = first_reply({"a"});
  news.sessions_revision = 12;
  EXPECT_EQ(validator_.compose(at(seconds{0})).sessions_revision, -1);
  apply(news);
  EXPECT_EQ(validator_.compose(at(seconds{0})).sessions_revision, 12);
  apply(reply(1, {"a"}));
  EXPECT_EQ(validator_.compose(at(seconds{0})).sessions_revision, 12) << "an older peer tells none";
}

// Clocks.

}  // namespace
}  // namespace stampede::services::validator

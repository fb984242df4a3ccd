#include "services/validator/validator.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/local/local_queue.h"
#include "services/leasing/order_news.h"
#include "tests/support/test_ring.h"

namespace stampede::services::validator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};
constexpr UserId kBuyer{7};
constexpr Instant kStart{seconds{1'800'000'000}};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

class ValidatorTest : public testing::Test {
 protected:
  static peers::HeartbeatReply reply(std::int64_t epoch, std::vector<std::string> nodes) {
    peers::HeartbeatReply reply{.ring_epoch = epoch,
                                .hash_key = "000102030405060708090a0b0c0d0e0f",
                                .oldest_open = LeaseId{1'000},
                                .catalog_revision = 4};
    for (const auto& node : nodes) {
      reply.members.push_back({.node = node, .address = "", .incarnation = "1"});
    }
    return reply;
  }
  /// The same with the catalog.
  peers::HeartbeatReply first_reply(std::vector<std::string> nodes) {
    auto first = reply(1, std::move(nodes));
    first.sales = std::vector{sale_};
    first.blacklist = std::vector<BlacklistEntry>{};
    first.blacklist_revision = 5;
    first.cursors = {1, 2, 3, 4};
    return first;
  }
  bool apply(const peers::HeartbeatReply& reply, Now asked = at(seconds{0})) {
    const auto applied = validator_.apply(reply, asked, asked);
    EXPECT_TRUE(applied) << applied.error();
    return applied.value_or(false);
  }
  /// Why it is not believed.
  std::string disbelief(const peers::HeartbeatReply& reply, Now asked = at(seconds{0})) {
    const auto applied = validator_.apply(reply, asked, asked);
    return applied ? "believed" : applied.error();
  }
  /// What a buyer who wants something that is not there is told.
  Verdict no(Now now, UserId buyer = kBuyer) {
    const auto key = *IdempotencyKey::parse("nobodys-intent-at-all");
    return validator_.attempt({buyer, ProductId{99}, key, {}, now}, {})->verdict;
  }
  /// A lease as quantity control grants it.
  void grant(std::int64_t lease, std::int64_t units, Now now = at(seconds{0})) {
    for (const auto& ask : validator_.wanted(now)) {
      const StockLease granted{
          .id = LeaseId{lease}, .sale = kSale, .granted = units, .holder = ask.holder};
      validator_.answered(ask, peers::LeaseReply{.lease = granted}, now, now);
    }
  }
  std::int64_t units() {
    return validator_.checkout().catalog().snapshot()->find(kSale)->units->stock.available();
  }
  static Order order(std::int64_t number, const IdempotencyKey& intent, UserId buyer = kBuyer) {
    Order order{.intent = intent};
    order.number = OrderNumber{number};
    order.sale = kSale;
    order.buyer = buyer;
    order.slot = 1;
    order.lease = LeaseId{1};
    order.seq = number;
    return order;
  }
  /// Of a reply to what was asked at 0 s, and that came 1.5 s later.
  void apply_late(const peers::HeartbeatReply& reply) {
    EXPECT_TRUE(validator_.apply(reply, at(seconds{0}), at(milliseconds{1'500})));
  }
  Verdict verdict(Now now = at(seconds{0})) {
    const auto answer = validator_.attempt(
        {kBuyer, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, now}, [this] {
          return purchase::Waiter{&post_, [](Answer&&) {}};
        });
    return answer ? answer->verdict : Verdict::kPending;
  }

  const Sale sale_{
      .id = kSale, .product = kProduct, .quantity = 9, .starts_at = kStart, .captcha = false};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  accounts::Sessions sessions_{ring_.ring()};
  queue::local::LocalQueue queue_{100};
  Validator validator_{{.member = {.node = "a", .address = "", .incarnation = "1"},
                        .rules = {.check_rate = 0},
                        .captcha = captcha_,
                        .sessions = sessions_,
                        .queue = queue_,
                        .stuck = [](Tick) { return std::vector<LeaseId>{}; }}};
  const purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

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
TEST_F(ValidatorTest, WhoKnowsOtherTermsThanTheDatabaseIsToldAllSalesAgain) {
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
TEST_F(ValidatorTest, WhoKnowsThatTheSalesHaveChangedAndNotHowSellsUntilItsLeasesRunOut) {
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

TEST_F(ValidatorTest, WhoAskedAgainBeforeAHeartbeatWithAllOrdersIsToldPending) {
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

TEST_F(ValidatorTest, WhoMissedARingKnowsNothingForSure) {
  auto next = first_reply({"a"});
  next.oldest_open = LeaseId{5};
  apply(next);
  next.ring_epoch = 2;
  next.stock = {{.sale = {.id = kSale}}};
  next.newest_lease = LeaseId{9};
  apply(next);
  EXPECT_EQ(verdict(), Verdict::kSoldOut) << "it owned everybody in ring 1 and does in ring 2";
  next.ring_epoch = 4;
  apply(next);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "in ring 3 it may have owned nobody";
}

TEST_F(ValidatorTest, WithoutAHeartbeatNoIsNotSaidForLong) {
  apply(first_reply({"a"}));
  const ProductId unknown{99};
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return validator_.attempt({kBuyer, unknown, key, {}, at(since)}, {})->verdict;
  };
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnknownProduct);
  EXPECT_EQ(no(seconds{2}), Verdict::kUnavailable) << "the ring may be another by now";
  apply(reply(1, {"a"}), at(seconds{2}));
  EXPECT_EQ(no(seconds{2}), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, BuyersOfAnOwnerThatLivesAreGainedLater) {
  const auto keyed = reply(1, {});
  const routing::Ring ring(1, *routing::parse_hash_key(keyed.hash_key),
                           first_reply({"a", "b"}).members);
  UserId mine{1};
  while (ring.owner(mine)->node != "a") ++mine.value;
  apply(first_reply({"a", "b"}));
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return validator_.attempt({mine, ProductId{99}, key, {}, at(since)}, {})->verdict;
  };
  apply(reply(1, {"a", "b"}), at(milliseconds{1'000}));
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnavailable);
  apply(reply(1, {"a", "b"}), at(milliseconds{2'000}));
  EXPECT_EQ(no(milliseconds{2'000}), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, WhoLeavesSaysNoToNobody) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = {.id = kSale}}};
  apply(first);
  ASSERT_EQ(verdict(), Verdict::kSoldOut);
  validator_.leave();
  EXPECT_EQ(verdict(), Verdict::kUnavailable);
  apply(first);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "a reply does not change that";
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

TEST_F(ValidatorTest, AnOlderRingIsNotGoneBackTo) {
  auto newer = first_reply({"a"});
  newer.ring_epoch = 6;
  apply(newer);
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto older = reply(5, {"a", "b"});
  older.renewed = {LeaseId{1}};
  EXPECT_THAT(disbelief(older), testing::HasSubstr("its ring is older"));
  EXPECT_EQ(validator_.routes().ring()->epoch(), 6);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_epoch, 6);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "another may decide by the older ring";
  apply(reply(6, {"a"}));
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, TheSameEpochWithAnotherNonceIsAMissedRing) {
  auto first = first_reply({"a"});
  first.ring_nonce = "one";
  first.oldest_open = LeaseId{9};
  apply(first);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_nonce, "one");
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto other = reply(1, {"a"});
  other.ring_nonce = "two";
  other.newest_lease = LeaseId{9};
  other.oldest_open = LeaseId{9};
  apply(other);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_nonce, "two");
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable)
      << "another validator may have decided in the other ring";
  other.oldest_open = LeaseId{10};
  apply(other);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

/// In between, a quantity control of an earlier release led, and told none.
TEST_F(ValidatorTest, ANonceIsNotForgotten) {
  auto told = first_reply({"a"});
  told.ring_nonce = "one";
  apply(told);
  told.ring_nonce.clear();
  apply(told);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_nonce, "one");
  told.ring_nonce = "two";
  told.newest_lease = told.oldest_open;
  apply(told);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "it is another ring";
}

TEST_F(ValidatorTest, TheSameEpochWithOtherMembersIsAMissedRing) {
  apply(first_reply({"a"}));
  auto other = reply(1, {"a", "b"});
  apply(other);
  EXPECT_EQ(validator_.routes().ring()->members().size(), 2);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable);
}

TEST_F(ValidatorTest, ALeaderBeforeTheLastIsNotBelieved) {
  auto first = first_reply({"a"});
  first.leader_epoch = 3;
  apply(first);
  grant(1, 9);
  auto old = reply(2, {"a"});
  old.leader_epoch = 2;
  old.renewed = {LeaseId{1}};
  EXPECT_THAT(disbelief(old, at(seconds{4})), testing::HasSubstr("leads no more"));
  old.leader_epoch = 0;
  EXPECT_THAT(disbelief(old, at(seconds{4})), testing::HasSubstr("leads no more"));
  EXPECT_EQ(validator_.routes().ring()->epoch(), 1);
  validator_.review(at(seconds{5}));
  EXPECT_EQ(units(), 0) << "it renewed nothing";
  old.leader_epoch = 4;
  apply(old, at(seconds{5}));
  EXPECT_EQ(validator_.routes().ring()->epoch(), 2);
}

TEST_F(ValidatorTest, TheRingIsDrawnWithQuantityControlsVirtualNodes) {
  auto first = first_reply({"a", "b"});
  first.virtual_nodes = 1;
  apply(first);
  const routing::Ring expected(1, *routing::parse_hash_key(first.hash_key), first.members, 1);
  EXPECT_EQ(validator_.routes().ring()->shares(), expected.shares());
}

// Orders.

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

TEST_F(ValidatorTest, ADatabaseThatLostItsTailIsLearntAgain) {
  auto first = first_reply({"a"});
  first.newest_lease = LeaseId{3};
  first.sessions_revision = 7;
  const auto lost = *IdempotencyKey::parse("the-order-that-is-lost");
  const auto kept = *IdempotencyKey::parse("the-order-that-is-kept");
  first.orders = {order(1, kept, UserId{1}), order(2, lost, UserId{2})};
  apply(first);
  const auto ask = [&](UserId buyer, const IdempotencyKey& key) {
    const auto answer = validator_.attempt({buyer, kProduct, key, {}, at(seconds{20})}, [this] {
      return purchase::Waiter{&post_, [](Answer&&) {}};
    });
    return answer ? answer->verdict : Verdict::kPending;
  };
  grant(4, 9, at(seconds{20}));
  ASSERT_EQ(ask(UserId{2}, lost), Verdict::kSoldAlready);

  auto over = reply(1, {"a"});
  over.start_over = true;
  over.newest_lease = LeaseId{3};
  EXPECT_TRUE(apply(over, at(seconds{20}))) << "asks again at once";
  EXPECT_EQ(units(), 0) << "another may be granted the same lease";
  const auto next = validator_.compose(at(seconds{20}));
  EXPECT_THAT(next.cursors, IsEmpty());
  EXPECT_EQ(validator_.start_overs(), 1);
  EXPECT_EQ(next.catalog_revision, -1);
  EXPECT_EQ(next.blacklist_revision, -1);
  EXPECT_EQ(next.sessions_revision, -1);
  EXPECT_TRUE(validator_.loading());
  EXPECT_EQ(no(at(seconds{20})), Verdict::kUnavailable);
  EXPECT_EQ(ask(UserId{1}, kept), Verdict::kUnavailable);
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kUnavailable);

  auto again = reply(1, {"a"});
  again.orders = {order(1, kept, UserId{1})};
  again.more = true;
  apply(again, at(seconds{20}));
  EXPECT_EQ(ask(UserId{1}, kept), Verdict::kSoldAlready);
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kUnavailable) << "it may still come";
  again.orders.clear();
  again.more = false;
  apply(again, at(seconds{20}));
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kUnavailable) << "nothing to sell; a lease is wanted";
  grant(5, 9, at(seconds{20}));
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kPending) << "its yes becomes true again";
  EXPECT_EQ(no(at(seconds{20})), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, AfterAStartOverItsOwnLeasesMustCloseBeforeANo) {
  apply(first_reply({"a"}));
  grant(1'500, 9);
  auto over = reply(1, {"a"});
  over.start_over = true;
  apply(over);
  apply(reply(1, {"a"}));  // the oldest open lease is 1,000
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "its purchases may still become orders";
  auto closed = reply(1, {"a"});
  closed.oldest_open = LeaseId{1'501};
  apply(closed);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

/// The database has lost that it was closed, and no order that this validator knows.
TEST_F(ValidatorTest, ALeaseThatIsOpenAgainStartsOver) {
  auto first = first_reply({"a"});
  first.newest_lease = LeaseId{7};
  apply(first);
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto nothing = reply(1, {"a"});
  nothing.oldest_open = leasing::kNoneClosed;
  EXPECT_FALSE(apply(nothing)) << "that part was left out of the reply";
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);

  auto again = reply(1, {"a"});
  again.oldest_open = LeaseId{6};
  EXPECT_TRUE(apply(again)) << "asks again at once";
  EXPECT_THAT(validator_.compose(at(seconds{0})).cursors, IsEmpty());
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable);
  EXPECT_FALSE(apply(again)) << "once";
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "its purchases may become orders";
  again.oldest_open = LeaseId{8};
  apply(again);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

/// The closing may be lost with the order by which the loss was noticed.
TEST_F(ValidatorTest, AfterAStartOverALeaseThatIsOpenIsNoNews) {
  apply(first_reply({"a"}));
  auto over = reply(1, {"a"});
  over.start_over = true;
  over.oldest_open = leasing::kNoneClosed;
  EXPECT_TRUE(apply(over));
  auto again = reply(1, {"a"});
  again.oldest_open = LeaseId{6};
  again.cursors = {1, 2, 3, 4};
  EXPECT_FALSE(apply(again));
  EXPECT_THAT(validator_.compose(at(seconds{0})).cursors, ElementsAre(1, 2, 3, 4));
}

TEST_F(ValidatorTest, TheNewestLeaseThatItHasHeardOfIsTold) {
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{});
  auto first = first_reply({"a"});
  first.newest_lease = LeaseId{3};
  first.orders = {order(1, *IdempotencyKey::parse("the-first-intent-of"))};
  first.orders[0].lease = LeaseId{4};
  apply(first);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{4}) << "of an order";
  grant(5, 9);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{5});
  auto next = reply(2, {"a"});
  next.newest_lease = LeaseId{6};
  apply(next);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{6}) << "of the ring";
  next.start_over = true;
  next.newest_lease = LeaseId{2};
  apply(next);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{6}) << "the database lost it";
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

TEST_F(ValidatorTest, ByAWrongClockNobodyIsToldNoOrNotYet) {
  auto first = first_reply({"a"});
  first.sales->front().ends_at = kStart + seconds{600};
  first.oldest_open = LeaseId{1};
  first.database_time = kStart + seconds{10};
  const auto wrong = [](milliseconds ahead) {
    return Now{kStart + seconds{10} + ahead, at(seconds{10}).tick};
  };
  for (const milliseconds ahead : {milliseconds{3'600'000}, -milliseconds{3'600'000}}) {
    apply(first, wrong(ahead));
    grant(1, 9, wrong(ahead));
    EXPECT_EQ(no(wrong(ahead)), Verdict::kUnavailable);
    EXPECT_EQ(verdict(wrong(ahead)), Verdict::kPending) << "by the database's time the sale is on";
    EXPECT_NE(validator_.clocks().problem(wrong(ahead)), "");
  }
  first.database_time = kStart - seconds{10};
  apply(first, wrong(seconds{0}));
  EXPECT_EQ(verdict(wrong(seconds{0})), Verdict::kPending) << "the same intent";
  const auto early = validator_.attempt(
      {UserId{8}, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, wrong({})}, {});
  EXPECT_EQ(early->verdict, Verdict::kUnavailable) << "not: not started";
  first.database_time = kStart + seconds{10};
  apply(first, wrong(seconds{0}));
  EXPECT_EQ(no(wrong(seconds{0})), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, AWrongClockBlacklistsNobodyForComingEarly) {
  auto first = first_reply({"a"});
  first.database_time = kStart - seconds{30};
  const Now now = at(-seconds{40});
  apply(first, now);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verdict(now), Verdict::kUnavailable);
  EXPECT_THAT(validator_.compose(now).blacklisted, IsEmpty());
}

TEST_F(ValidatorTest, AfterAJumpNothingIsDecidedUntilTheNextReply) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  grant(1, 9);
  const Now jumped{kStart + milliseconds{2'101}, at(milliseconds{100}).tick};
  EXPECT_EQ(verdict(jumped), Verdict::kUnavailable) << "its leases may be over";
  EXPECT_EQ(no(jumped), Verdict::kUnavailable);
  EXPECT_EQ(verdict(at(milliseconds{100})), Verdict::kPending) << "it was a wrong reading";
}

TEST_F(ValidatorTest, WhereTheTickStoodStillOnlyRenewedLeasesAreSoldFrom) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  grant(1, 9);
  const Now awake{kStart + seconds{4}, at(milliseconds{100}).tick};  // 3.9 s were not counted
  auto next = reply(1, {"a"});
  next.database_time = awake.wall;
  next.renewed = {LeaseId{1}};
  apply(next, awake);
  EXPECT_EQ(units(), 9) << "it is renewed";
  next.database_time = awake.wall + seconds{4};
  next.renewed = {};
  apply(next, {awake.wall + seconds{4}, awake.tick});
  EXPECT_EQ(units(), 0) << "quantity control may have given it up";
}

/// That it is sold out was counted by that tick; this reply does not tell it.
TEST_F(ValidatorTest, WhereTheTickStoodStillNothingIsSoldOut) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  first.stock = {{.sale = {.id = kSale}}};
  apply(first);
  ASSERT_EQ(verdict(at(milliseconds{100})), Verdict::kSoldOut);
  const Now awake{kStart + seconds{9}, at(milliseconds{100}).tick};
  auto without = reply(1, {"a"});
  without.database_time = awake.wall;
  apply(without, awake);
  EXPECT_EQ(verdict(awake), Verdict::kUnavailable);
  without.stock = first.stock;
  apply(without, awake);
  EXPECT_EQ(verdict(awake), Verdict::kSoldOut);
}

/// Its word for a *no* was counted by that tick; this reply gives none.
TEST_F(ValidatorTest, WhereTheTickStoodStillAReplyWithoutARingEndsTheWordBefore) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  EXPECT_EQ(no(at(milliseconds{100})), Verdict::kUnknownProduct);
  const Now awake{kStart + seconds{9}, at(milliseconds{100}).tick};
  auto without = reply(0, {});
  without.database_time = awake.wall;
  apply(without, awake);
  EXPECT_EQ(no(awake), Verdict::kUnavailable);
  auto next = reply(1, {"a"});
  next.database_time = awake.wall;
  apply(next, awake);
  EXPECT_EQ(no(awake), Verdict::kUnknownProduct) << "this one gives its word";
}

TEST_F(ValidatorTest, AReplyOrALeaseDuringWhichAClockJumpedIsNotCountedFromItsRequest) {
  apply(first_reply({"a"}));
  const Now after{kStart + seconds{10}, at(milliseconds{10}).tick};
  auto next = reply(2, {"a"});
  const auto applied = validator_.apply(next, at(seconds{0}), after);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error(), testing::HasSubstr("jumped"));
  const auto asks = validator_.wanted(at(seconds{0}));
  ASSERT_EQ(asks.size(), 1);
  const StockLease lease{.id = LeaseId{1}, .sale = kSale, .granted = 5, .holder = asks[0].holder};
  validator_.answered(asks[0], peers::LeaseReply{.lease = lease}, at(seconds{0}), after);
  EXPECT_EQ(units(), 0);
  const auto again = validator_.wanted(at(seconds{1}));
  ASSERT_EQ(again.size(), 1);
  EXPECT_EQ(again[0].number, asks[0].number) << "it is the same request";
}

TEST_F(ValidatorTest, ASuspendedMachineWakesUpWithItsLeasesOver) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  grant(1, 9);
  const Now awake = at(seconds{30});  // both clocks count the suspension
  EXPECT_EQ(verdict(awake), Verdict::kUnavailable);
  EXPECT_EQ(no(awake), Verdict::kUnavailable);
  validator_.review(awake);
  EXPECT_EQ(units(), 0);
}

TEST_F(ValidatorTest, ARingWithoutAProperKeyIsRefused) {
  auto odd = first_reply({"a"});
  odd.hash_key = "0011";
  EXPECT_THROW(apply(odd), std::invalid_argument);
}

}  // namespace
}  // namespace stampede::services::validator

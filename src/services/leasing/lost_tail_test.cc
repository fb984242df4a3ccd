// Quantity control on a database that failed over and lost its last commits, and on one of which
// parts fail.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "repositories/storage_error.h"
#include "services/leasing/quantity_control.h"
#include "tests/support/fakes/changed_leases.h"
#include "tests/support/fakes/fake_quantity.h"

namespace stampede::services::leasing {
namespace {

using std::chrono::seconds;
using test_support::FakeQuantity;
using test_support::heartbeat_of;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr Now kNow{Instant{seconds{1'800'000'000}}, Tick{seconds{1'000}}};

/// The lease of that number, counted from the beginning of a term that was taken at kNow.
constexpr LeaseId lease_of_term(std::int64_t number) {
  return {kNow.wall.time_since_epoch() / std::chrono::milliseconds{1} * 100 + number};
}

/// Parts of the database that can be read, or not.
class Flaky final : public repositories::Orders, public test_support::ChangedLeases {
 public:
  explicit Flaky(repositories::memory::MemoryStore& store) : ChangedLeases(store), store_(&store) {}
  bool orders_fail = false;
  bool newest_fails = false;
  bool leases_fail = false;
  bool stock_fails = false;
  bool numbers_fail = false;
  std::function<void()> before_orders;

  repositories::PurchaseSnapshot purchase(SaleId sale, UserId buyer, const IdempotencyKey& intent,
                                          LeaseId lease) override {
    return store_->purchase(sale, buyer, intent, lease);
  }
  std::vector<repositories::OrderLine> of_buyer(UserId buyer, OrderNumber before,
                                                std::size_t limit) override {
    return store_->of_buyer(buyer, before, limit);
  }
  std::optional<repositories::OrderLine> find(OrderNumber number) override {
    return store_->find(number);
  }
  std::vector<Order> since(std::int32_t shard, std::int64_t after, std::size_t most) override {
    fail_if(orders_fail);
    if (before_orders) before_orders();
    return store_->since(shard, after, most);
  }
  std::vector<ShardEnd> newest() override {
    fail_if(newest_fails);
    return store_->newest();
  }
  std::vector<std::int64_t> cursors_before_recent(Instant ended_after) override {
    return store_->cursors_before_recent(ended_after);
  }
  repositories::RecentSales recent_sales(Instant over_after) override {
    return store_->recent_sales(over_after);
  }
  std::vector<Order> numbered(OrderNumber first, OrderNumber last, std::size_t most) override {
    return store_->numbered(first, last, most);
  }

  void continue_behind(const repositories::Term& term, LeaseId lease, Instant now) override {
    fail_if(numbers_fail);
    ChangedLeases::continue_behind(term, lease, now);
  }
  std::vector<StockLease> not_closed() override {
    fail_if(leases_fail);
    return store_->not_closed();
  }
  std::vector<SalePosition> stock(Instant ended_after) override {
    fail_if(stock_fails);
    return store_->stock(ended_after);
  }

 private:
  static void fail_if(bool fails) {
    if (!fails) return;
    throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "locked");
  }
  repositories::memory::MemoryStore* store_;
};

class LostTailTest : public testing::Test {
 protected:
  LostTailTest() { shop_.lead(control_, kNow); }

  QuantityControl::Parts parts() {
    auto whole = shop_.parts("quantity/1");
    return {.holder = whole.holder,
            .leadership = whole.leadership,
            .leases = flaky_,
            .grants = flaky_,
            .members = whole.members,
            .orders = flaky_,
            .catalog = whole.catalog,
            .blacklist = whole.blacklist,
            .accounts = whole.accounts,
            .changes = whole.changes,
            .markers = whole.markers};
  }
  peers::HeartbeatReply beat(const peers::Heartbeat& heartbeat) {
    const auto reply = control_.beat(heartbeat, kNow);
    EXPECT_TRUE(reply) << reply.error().words;
    return reply.value_or(peers::HeartbeatReply{});
  }
  /// What a validator says next that has heard that reply.
  static peers::Heartbeat after(const peers::HeartbeatReply& reply) {
    auto heartbeat = heartbeat_of("a");
    heartbeat.ring_epoch = reply.ring_epoch;
    heartbeat.ring_nonce = reply.ring_nonce;
    heartbeat.catalog_revision = reply.catalog_revision;
    heartbeat.blacklist_revision = reply.blacklist_revision;
    heartbeat.sessions_revision = reply.sessions_revision;
    heartbeat.cursors = reply.cursors;
    heartbeat.order_digests = reply.order_digests;
    heartbeat.leader_epoch = reply.leader_epoch;
    return heartbeat;
  }
  peers::LeaseReply ask(std::int64_t number, std::int64_t ring_epoch) {
    return *control_.ask({.holder = heartbeat_of("a").member.holder(),
                          .number = number,
                          .sale = FakeQuantity::kSale,
                          .ring_epoch = ring_epoch},
                         kNow);
  }
  LeaseId grant_first() {
    beat(heartbeat_of("a"));
    return grant(1, 1);
  }
  LeaseId grant(std::int64_t number, std::int64_t ring_epoch) {
    return ask(number, ring_epoch).lease->id;
  }
  /// An order, of the buyer of that number unless another one is named.
  void sell(LeaseId lease, std::int64_t seq, std::int64_t buyer = 0) {
    const auto transaction = shop_.store.begin();
    ASSERT_TRUE(transaction->charge({lease, 1}));
    const Order order = order_of(lease, seq, buyer != 0 ? buyer : seq);
    append(*transaction, order);
  }

  /// A purchase whose lease is not there.
  void fail(LeaseId lease, std::int64_t seq) {
    const auto transaction = shop_.store.begin();
    Order order = order_of(lease, seq, seq);
    order.slot.reset();
    order.status = OrderStatus::kFailed;
    order.reason = FailureReason::kNoUnit;
    append(*transaction, order);
  }
  static void append(repositories::OrderTransaction& transaction, const Order& order) {
    ShardEnd end = transaction.lock_shard(0).end;
    end.add(order);
    transaction.insert({&order, 1});
    transaction.advance_shard(0, end);
    transaction.commit();
  }
  static Order order_of(LeaseId lease, std::int64_t seq, std::int64_t buyer) {
    return {.number = {seq},
            .sale = FakeQuantity::kSale,
            .buyer = {buyer},
            .intent = *IdempotencyKey::parse("0123456789abcdef"),
            .slot = 1,
            .lease = lease,
            .seq = seq};
  }

  FakeQuantity shop_{
      {kNow.wall - seconds{1}, kNow.tick}};  // its control led before, by the same name
  Flaky flaky_{shop_.store};
  QuantityControl control_{parts(), {.lead = std::chrono::hours{1'000'000}}};
};

TEST_F(LostTailTest, AReplyTellsWhoLeadsAndWhichRingItIs) {
  const auto reply = beat(heartbeat_of("a"));
  EXPECT_EQ(reply.leader_epoch, control_.leader_epoch());
  EXPECT_EQ(reply.database_time, kNow.wall);
  EXPECT_EQ(reply.virtual_nodes, 150);
  EXPECT_EQ(reply.ring_nonce, shop_.store.state().ring.nonce);
  EXPECT_FALSE(reply.ring_nonce.empty());
}

TEST_F(LostTailTest, ARingThatTheDatabaseHasLostIsFollowedByOneBeyondIt) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  heartbeat.ring_epoch = 7;
  heartbeat.ring_nonce = "of the ring that was lost";
  const auto reply = beat(heartbeat);
  EXPECT_EQ(reply.ring_epoch, 8);
  EXPECT_EQ(shop_.store.state().ring.epoch, 8);
  EXPECT_EQ(beat(after(reply)).ring_epoch, 8) << "once";
}

/// The same process leads on, and has the lost ring in memory.
TEST_F(LostTailTest, AChangeOfTheRingThatTheDatabaseHasLostIsNoticedByAGrant) {
  beat(heartbeat_of("a"));
  const auto before = shop_.store.state();
  beat(heartbeat_of("b"));
  shop_.store.restore(before);
  EXPECT_EQ(ask(1, 2).refusal, peers::LeaseReply::Refusal::kStaleRing) << "not: no units";
  EXPECT_EQ(beat(heartbeat_of("a")).ring_epoch, 3);
  EXPECT_EQ(shop_.store.state().ring.members.size(), 2U);
  EXPECT_TRUE(ask(1, 3).lease);
}

TEST_F(LostTailTest, WhenAValidatorStartsOverTheRingIsReadAgain) {
  const auto heartbeat = after(beat(heartbeat_of("a")));
  const auto before = shop_.store.state();
  auto later = after(beat(heartbeat_of("b")));
  sell(grant(1, 2), 1);
  later = after(beat(later));
  shop_.store.restore(before);
  ASSERT_TRUE(beat(later).start_over);
  later.cursors.clear();
  EXPECT_EQ(beat(later).ring_epoch, 3);
  EXPECT_EQ(shop_.store.state().ring.epoch, 3);
  later.newest_lease = lease_of_term(1);
  beat(later);
  EXPECT_EQ(grant(2, 3), lease_of_term(2)) << "this process knows the lost one too";
}

/// Nobody starts over: no order of the lost lease is known. The same process leads on, and has the
/// number in memory.
TEST_F(LostTailTest, TheNumberOfALostLeaseIsNotedByTheGrantThatWouldUseItAgain) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  const auto before = shop_.store.state();
  heartbeat.newest_lease = grant(1, 1);
  beat(heartbeat);
  shop_.store.restore(before);
  EXPECT_EQ(ask(2, 1).refusal, peers::LeaseReply::Refusal::kStaleRing);
  EXPECT_THAT(shop_.store.state().leases, IsEmpty()) << "its units are not taken";
  EXPECT_EQ(ask(2, 1).refusal, peers::LeaseReply::Refusal::kStaleRing) << "until numbers go on";
  beat(heartbeat);
  EXPECT_EQ(grant(2, 1), lease_of_term(2));
}

/// The clock of the server that took over may be behind. Messages of the lost lease may still be in
/// the queue, and it is known to validators, who wait until all up to it are closed.
TEST_F(LostTailTest, NumbersOfLeasesGoOnBehindThoseThatTheDatabaseHasLost) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  heartbeat.newest_lease = lease_of_term(50);
  const LeaseId next = beat(heartbeat).oldest_open;
  EXPECT_GT(next, lease_of_term(51)) << "that may be another validator's, and lost as well";
  EXPECT_EQ(grant(1, 1), next);
  EXPECT_EQ(beat(heartbeat).oldest_open, next);
  heartbeat.newest_lease = next;
  beat(heartbeat);
  EXPECT_EQ(grant(2, 1), LeaseId{next.value + 1})
      << "what the database knows is no reason to go on";
}

/// The validators that knew of the lease and of the ring are not heard of.
TEST_F(LostTailTest, WhatALeaderKnewInAnEarlierTermIsNotForgotten) {
  auto lost = shop_.store.state();
  lost.leader = {};
  lost.leader_until = {};
  const auto before = beat(heartbeat_of("b"));
  const LeaseId known = grant(1, before.ring_epoch);
  shop_.store.restore(lost);
  shop_.lead(control_, kNow);
  shop_.lead(control_, kNow);
  const auto reply = beat(heartbeat_of("a"));
  EXPECT_GT(reply.ring_epoch, before.ring_epoch);
  EXPECT_GT(grant(1, reply.ring_epoch), known) << "its messages may be in the queue";
}

TEST_F(LostTailTest, UntilNumbersGoOnNothingIsGranted) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  heartbeat.newest_lease = lease_of_term(50);
  flaky_.numbers_fail = true;
  EXPECT_EQ(beat(heartbeat).oldest_open, lease_of_term(1));
  EXPECT_EQ(ask(1, 1).refusal, peers::LeaseReply::Refusal::kStaleRing);
  flaky_.numbers_fail = false;
  beat(heartbeat);
  EXPECT_GT(grant(1, 1), lease_of_term(51));
}

/// The database may have lost the first ring of that epoch; by which one the sender decides
/// matters.
TEST_F(LostTailTest, AValidatorWithAnotherRingOfThatEpochIsGrantedNothing) {
  const auto reply = beat(heartbeat_of("a"));
  peers::LeaseAsk asked{.holder = heartbeat_of("a").member.holder(),
                        .number = 1,
                        .sale = FakeQuantity::kSale,
                        .ring_epoch = reply.ring_epoch,
                        .ring_nonce = "of the ring that was lost"};
  EXPECT_EQ(control_.ask(asked, kNow)->refusal, peers::LeaseReply::Refusal::kStaleRing);
  asked.ring_nonce = reply.ring_nonce;
  EXPECT_TRUE(control_.ask(asked, kNow)->lease);
}

TEST_F(LostTailTest, AnEpochThatWasUsedTwiceIsFollowedByAnother) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  heartbeat.ring_nonce = "of another ring";
  EXPECT_EQ(beat(heartbeat).ring_epoch, 2);
  heartbeat.ring_nonce.clear();
  heartbeat.ring_epoch = 2;
  EXPECT_EQ(beat(heartbeat).ring_epoch, 2) << "an older validator tells no nonce";
}

TEST_F(LostTailTest, AValidatorThatKnowsLostOrdersStartsOver) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  const LeaseId lease = grant(1, 1);
  sell(lease, 1);
  const auto before = shop_.store.state();
  sell(lease, 2);
  heartbeat = after(beat(heartbeat));
  EXPECT_THAT(heartbeat.cursors, ElementsAre(2));
  shop_.store.restore(before);
  const auto reply = beat(heartbeat);
  EXPECT_TRUE(reply.start_over);
  EXPECT_THAT(reply.orders, IsEmpty());
  EXPECT_EQ(reply.oldest_open, LeaseId{1}) << "nothing is said of leases";
  heartbeat.cursors.clear();
  const auto next = beat(heartbeat);
  EXPECT_FALSE(next.start_over);
  EXPECT_EQ(next.orders.size(), 1U);
  EXPECT_THAT(next.cursors, ElementsAre(1));
}

/// The database has gone on since, so that no cursor is ahead of it any more.
TEST_F(LostTailTest, AValidatorThatKnowsAnotherOrderAtThatPlaceStartsOver) {
  const auto first = beat(heartbeat_of("a"));
  const LeaseId lease = grant(1, 1);
  sell(lease, 1);
  const auto before = shop_.store.state();
  sell(lease, 2);
  const auto heartbeat = after(beat(after(first)));
  ASSERT_THAT(heartbeat.cursors, ElementsAre(2));
  sell(lease, 3);
  EXPECT_FALSE(beat(heartbeat).start_over);
  EXPECT_EQ(beat(heartbeat).orders.size(), 1U) << "what is at the cursor is known";
  shop_.store.restore(before);
  sell(lease, 2, 77);
  sell(lease, 3, 78);
  const auto reply = beat(heartbeat);
  EXPECT_TRUE(reply.start_over);
  EXPECT_THAT(reply.orders, IsEmpty());
  EXPECT_EQ(reply.oldest_open, LeaseId{1});
}

/// The message of the lost order came again, and its lease was lost with it.
TEST_F(LostTailTest, AValidatorThatKnowsAnotherOutcomeAtThatPlaceStartsOver) {
  const auto first = beat(heartbeat_of("a"));
  const auto before = shop_.store.state();
  sell(grant(1, 1), 1);
  const auto heartbeat = after(beat(after(first)));
  ASSERT_THAT(heartbeat.cursors, ElementsAre(1));
  shop_.store.restore(before);
  fail(lease_of_term(1), 1);
  EXPECT_TRUE(beat(heartbeat).start_over);
}

/// What is at the cursor is as it was.
TEST_F(LostTailTest, AValidatorThatKnowsAnotherOutcomeBeforeThatPlaceStartsOver) {
  const auto first = beat(heartbeat_of("a"));
  const LeaseId kept = grant(1, 1);
  const auto before = shop_.store.state();
  sell(grant(2, 1), 1);
  sell(kept, 2);
  const auto heartbeat = after(beat(after(first)));
  ASSERT_THAT(heartbeat.cursors, ElementsAre(2));
  EXPECT_FALSE(beat(heartbeat).start_over);
  shop_.store.restore(before);
  fail(lease_of_term(2), 1);
  sell(kept, 2);
  EXPECT_TRUE(beat(heartbeat).start_over);
}

/// A release that counts no digest has written the last order.
TEST_F(LostTailTest, WhereTheDigestIsBehindNothingIsCompared) {
  const LeaseId lease = grant_first();
  sell(lease, 1);
  const auto known = after(beat(heartbeat_of("a")));
  ASSERT_NE(known.order_digests.at(0), "");
  {
    const auto transaction = shop_.store.begin();
    ShardEnd end = transaction->lock_shard(0).end;
    end.seq = 2;
    const Order order = order_of(lease, 2, 2);
    transaction->insert({&order, 1});
    transaction->advance_shard(0, end);
    transaction->commit();
  }
  const auto reply = beat(known);
  EXPECT_FALSE(reply.start_over);
  EXPECT_THAT(reply.cursors, ElementsAre(2));
  EXPECT_THAT(reply.order_digests, ElementsAre(""));
  sell(lease, 3);
  EXPECT_FALSE(beat(after(reply)).start_over);
}

/// It fails over between two statements.
TEST_F(LostTailTest, WhereOrdersVanishWhileTheyAreReadNotAllIsKnown) {
  const LeaseId lease = grant_first();
  sell(lease, 1);
  const auto known = after(beat(heartbeat_of("a")));
  const auto before = shop_.store.state();
  sell(lease, 2);
  flaky_.before_orders = [&] { shop_.store.restore(before); };
  EXPECT_TRUE(beat(known).more);
  flaky_.before_orders = nullptr;
  EXPECT_FALSE(beat(known).more);
}

/// A validator that reads two orders at a time, and has read the first two of three.
class FirstReadingTest : public LostTailTest {
 protected:
  FirstReadingTest() {
    control_.resign();
    shop_.lead(two_, kNow);
    for (std::int64_t seq = 1; seq <= 2; ++seq) sell(lease_, seq);
    without_third_ = shop_.store.state();
    sell(lease_, 3);
    first_ = two_.beat(heartbeat_of("a"), kNow).value();
  }

  peers::HeartbeatReply beat_two(const peers::Heartbeat& heartbeat) {
    return two_.beat(heartbeat, kNow).value();
  }
  std::string newest_digest() { return std::to_string(shop_.store.newest().at(0).digest); }

  const LeaseId lease_ = grant_first();
  repositories::memory::MemoryStore::State without_third_;
  QuantityControl two_{parts(), {.lead = std::chrono::hours{1'000'000}, .orders_at_once = 2}};
  peers::HeartbeatReply first_;
};

TEST_F(FirstReadingTest, KnowsTheDigestOfTheNewestOrderFromItsFirstReplyOn) {
  EXPECT_THAT(first_.cursors, ElementsAre(2));
  EXPECT_THAT(first_.order_digests, ElementsAre(newest_digest() + "@3"));
  const auto whole = beat_two(after(first_));
  EXPECT_THAT(whole.cursors, ElementsAre(3));
  EXPECT_THAT(whole.order_digests, ElementsAre(newest_digest()));
  EXPECT_FALSE(beat_two(after(whole)).start_over);
}

TEST_F(FirstReadingTest, StartsOverWhereAnOrderThatItHasNotReachedIsGone) {
  shop_.store.restore(without_third_);
  EXPECT_TRUE(beat_two(after(first_)).start_over);
}

TEST_F(FirstReadingTest, StartsOverWhereOtherOrdersTookTheNumbersOfThoseThatWereLost) {
  shop_.store.restore(without_third_);
  for (std::int64_t seq = 3; seq <= 5; ++seq) sell(lease_, seq, 10 + seq);
  const auto more = beat_two(after(first_));
  EXPECT_TRUE(more.more) << "and nobody is told no meanwhile";
  EXPECT_FALSE(more.start_over);
  EXPECT_TRUE(beat_two(after(more)).start_over);
}

TEST_F(FirstReadingTest, ComparesNothingByWordsThatItDoesNotKnow) {
  auto heartbeat = after(beat_two(after(first_)));
  heartbeat.order_digests = {"12"};
  EXPECT_TRUE(beat_two(heartbeat).start_over);
  heartbeat.order_digests = {"12@4"};
  EXPECT_TRUE(beat_two(heartbeat).start_over) << "there is no fourth order";
  for (const char* unknown :
       {"", "7/the-words-of-an-earlier-release", "12@", "12@2", "12@3x", "99999999999999999999"}) {
    heartbeat.order_digests = {unknown};
    const auto reply = beat_two(heartbeat);
    EXPECT_FALSE(reply.start_over) << unknown;
    EXPECT_THAT(reply.order_digests, ElementsAre(newest_digest())) << unknown;
  }
}

/// Its term is not in the database any more; nobody would believe a leader with a smaller epoch.
TEST_F(LostTailTest, ALeaderThatTheDatabaseHasLostIsFollowedByOneBeyondIt) {
  auto heartbeat = heartbeat_of("a");
  heartbeat.leader_epoch = 40;
  EXPECT_FALSE(control_.beat(heartbeat, kNow));
  shop_.lead(control_, kNow);
  EXPECT_EQ(beat(heartbeat).leader_epoch, 41);
}

TEST_F(LostTailTest, OrdersThatCannotBeReadCloseNoLease) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  const LeaseId lease = grant(1, 1);
  heartbeat.leases = {lease};
  sell(lease, 1);
  {
    const auto transaction = shop_.store.begin();
    transaction->close(lease);
    transaction->commit();
  }
  heartbeat.leases = {grant(2, 1)};
  flaky_.newest_fails = true;
  EXPECT_EQ(beat(heartbeat).order_digests, heartbeat.order_digests);
  flaky_.newest_fails = false;
  flaky_.orders_fail = true;
  const auto reply = beat(heartbeat);
  EXPECT_EQ(reply.oldest_open, LeaseId{1}) << "of the closed lease's order nothing is known";
  EXPECT_EQ(reply.renewed, heartbeat.leases);
  EXPECT_EQ(reply.cursors, heartbeat.cursors);
  EXPECT_EQ(reply.order_digests, heartbeat.order_digests);
  EXPECT_EQ(control_.left_out(), 2);
  EXPECT_TRUE(reply.more) << "or all orders would count as known";
  flaky_.orders_fail = false;
  const auto whole = beat(heartbeat);
  EXPECT_EQ(whole.oldest_open, heartbeat.leases[0]);
  EXPECT_FALSE(whole.more);
}

TEST_F(LostTailTest, APartThatFailsIsLeftOutAndTheRestIsTold) {
  auto heartbeat = after(beat(heartbeat_of("a")));
  const LeaseId lease = grant(1, 1);
  heartbeat.leases = {lease};
  flaky_.leases_fail = flaky_.stock_fails = shop_.catalog.away = true;
  heartbeat.catalog_revision = heartbeat.blacklist_revision = 0;
  const auto reply = beat(heartbeat);
  EXPECT_THAT(reply.renewed, ElementsAre(lease));
  EXPECT_EQ(reply.oldest_open, LeaseId{1});
  EXPECT_THAT(reply.stock, IsEmpty());
  EXPECT_EQ(reply.ring_epoch, 1);
  EXPECT_FALSE(reply.sales);
  EXPECT_FALSE(reply.blacklist);
  EXPECT_TRUE(reply.more) << "or a sale of which no unit is told would count as concluded";
  EXPECT_EQ(control_.left_out(), 5) << "leases, stock, revisions, sales, blacklist";
}

/// It would begin to sell without the orders, the sales or the bans.
TEST_F(LostTailTest, AValidatorThatKnowsNothingYetIsToldAllOrNothing) {
  flaky_.orders_fail = true;
  EXPECT_THROW((void)control_.beat(heartbeat_of("a"), kNow), repositories::StorageError);
}

}  // namespace
}  // namespace stampede::services::leasing

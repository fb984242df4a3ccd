#include "services/leasing/quantity_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>

#include "tests/support/fakes/fake_quantity.h"

namespace stampede::services::leasing {
namespace {

using peers::LeaseReply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test_support::FakeQuantity;
using test_support::heartbeat_of;
using testing::ElementsAre;
using testing::Field;
using testing::IsEmpty;

constexpr Instant kStart{seconds{1'800'000'000}};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

auto node(const char* name) { return Field(&Member::node, name); }

/// A change of the ring whose answer is lost, whether it was made, or is made later; and a ring
/// that cannot be written.
class LosesAnswers final : public repositories::Members {
 public:
  explicit LosesAnswers(repositories::Members& members) : members_(&members) {}
  repositories::RingState ring() override { return members_->ring(); }
  repositories::RingState replace(const repositories::Term& term,
                                  const repositories::RingChange& change, Instant now) override {
    fail_if(fail_writes);
    if (std::exchange(delay_next, false)) {
      delayed_ = [this, term, epoch = change.epoch, above = change.above,
                  points = change.virtual_nodes, now,
                  heard_of = std::vector(change.members.begin(), change.members.end())] {
        members_->replace(
            term, {.epoch = epoch, .above = above, .members = heard_of, .virtual_nodes = points},
            now);
      };
      throw repositories::StorageError(repositories::StorageError::Kind::kOutcomeUnknown, "lost");
    }
    auto ring = members_->replace(term, change, now);
    if (!std::exchange(lose_next, false)) return ring;
    throw repositories::StorageError(repositories::StorageError::Kind::kOutcomeUnknown, "lost");
  }
  void make_delayed() { std::exchange(delayed_, nullptr)(); }
  bool lose_next = false;
  bool delay_next = false;
  bool fail_writes = false;

 private:
  static void fail_if(bool fails) {
    if (!fails) return;
    throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "locked");
  }
  repositories::Members* members_;
  std::function<void()> delayed_;
};

class QuantityControlTest : public testing::Test {
 protected:
  peers::HeartbeatReply beat(const peers::Heartbeat& heartbeat, Now now) {
    auto reply = control().beat(heartbeat, now);
    EXPECT_TRUE(reply) << reply.error().words;
    return reply.value_or(peers::HeartbeatReply{});
  }
  QuantityControl& control() { return shop_.control; }

  FakeQuantity shop_{at(seconds{0})};
  const LeaseTimes times_;
};

TEST_F(QuantityControlTest, AValidatorThatSendsHeartbeatsIsInTheRing) {
  EXPECT_THAT(beat(heartbeat_of("a"), at(seconds{0})).members, ElementsAre(node("a")));
  const auto both = beat(heartbeat_of("b"), at(seconds{0}));
  EXPECT_THAT(both.members, ElementsAre(node("a"), node("b")));
  EXPECT_EQ(both.ring_epoch, 2);
  EXPECT_EQ(beat(heartbeat_of("b"), at(seconds{1})).ring_epoch, 2) << "no change, no epoch";
}

/// A change whose answer was lost is made by the server after the next one.
TEST_F(QuantityControlTest, ARingThatAnEarlierChangeMadeLateIsNotTold) {
  beat(heartbeat_of("a"), at(seconds{0}));
  const std::vector late{Member{.node = "gone", .address = "", .incarnation = "1"}};
  shop_.store.replace(shop_.store.state().leader, {.epoch = 1, .members = late}, at({}).wall);
  EXPECT_EQ(beat(heartbeat_of("b"), at(seconds{0})).ring_epoch, 0);
  const auto next = beat(heartbeat_of("b"), at(seconds{1}));
  EXPECT_EQ(next.ring_epoch, 3);
  EXPECT_THAT(next.members, ElementsAre(node("a"), node("b")));
}

TEST_F(QuantityControlTest, ASilentValidatorLeavesTheRing) {
  beat(heartbeat_of("a"), at(seconds{0}));
  for (milliseconds now{0}; now <= times_.lost; now += milliseconds{500}) {
    beat(heartbeat_of("b"), at(now));
    control().review(at(now));
  }
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 2U);
  control().review(at(times_.lost + milliseconds{1}));
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 1U);
}

/// The time of a heartbeat is read before it waits for its turn.
TEST_F(QuantityControlTest, AHeartbeatServedBehindALaterOneMakesNobodyLongerSilent) {
  beat(heartbeat_of("a"), at(seconds{0}));
  control().review(at(seconds{1}));
  auto later = heartbeat_of("a");
  later.publishes = true;
  beat(later, at(seconds{2}));
  beat(heartbeat_of("a"), at(seconds{0}));
  control().review(at(milliseconds{2'500}));
  control().review(at(times_.lost + milliseconds{1}));
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 1U);
}

TEST_F(QuantityControlTest, AfterASuspensionEveryMemberCountsAsJustHeardOf) {
  beat(heartbeat_of("a"), at(seconds{0}));
  control().review(at(seconds{0}));
  control().review(at(seconds{60}));
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 1U);
}

peers::Heartbeat without_broker(const std::string& node) {
  auto heartbeat = heartbeat_of(node);
  heartbeat.publishes = false;
  return heartbeat;
}

TEST_F(QuantityControlTest, AValidatorThatCannotPublishLosesItsBuyersToOneThatCan) {
  beat(heartbeat_of("a"), at(seconds{0}));
  beat(heartbeat_of("b"), at(seconds{0}));
  for (milliseconds now{500}; now <= times_.lost + milliseconds{500}; now += milliseconds{500}) {
    beat(heartbeat_of("a"), at(now));
    const auto refused = control().beat(without_broker("b"), at(now));
    ASSERT_FALSE(refused);
    EXPECT_EQ(refused.error().kind, QuantityControl::Refusal::Kind::kSellsNothing);
    control().review(at(now));
  }
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 1U);
  beat(heartbeat_of("b"), at(seconds{4}));
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 2U) << "it publishes again";
}

/// Nobody would get the buyers, and a new ring costs time when the broker is back.
TEST_F(QuantityControlTest, WhereNobodyCanPublishTheRingStays) {
  beat(heartbeat_of("a"), at(seconds{0}));
  beat(heartbeat_of("b"), at(seconds{0}));
  for (milliseconds now{500}; now <= seconds{10}; now += milliseconds{500}) {
    const bool first = now == milliseconds{500};
    EXPECT_EQ(control().beat(without_broker("a"), at(now)).has_value(), !first) << "b may publish";
    beat(without_broker("b"), at(now));
    control().review(at(now));
  }
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 2U);
}

TEST_F(QuantityControlTest, ANameIsOneProcess) {
  beat(heartbeat_of("a", "1111111111111111"), at(seconds{0}));
  const auto second = control().beat(heartbeat_of("a", "2222222222222222"), at(seconds{1}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, QuantityControl::Refusal::Kind::kNodeTaken);
  EXPECT_THAT(second.error().words, testing::HasSubstr("\"a\" is taken"));
  EXPECT_TRUE(
      control().beat(heartbeat_of("a", "2222222222222222"), at(times_.lost + milliseconds{1})));
}

TEST_F(QuantityControlTest, ALateHeartbeatBringsNoValidatorBackThatHasLeft) {
  beat(heartbeat_of("a"), at(seconds{0}));
  auto farewell = heartbeat_of("a");
  farewell.leaving = true;
  EXPECT_TRUE(beat(farewell, at(seconds{1})).members.empty());
  EXPECT_FALSE(control().beat(heartbeat_of("a"), at(seconds{1})));
  EXPECT_TRUE(control().beat(heartbeat_of("a", "2222222222222222"), at(seconds{1})));
}

/// What is left in its leases decides what its buyers are told.
TEST_F(QuantityControlTest, TheStockOfASaleThatEndedLatelyIsTold) {
  const auto ends_at = kStart + seconds{60};
  shop_.store.add_sale(
      {.id = SaleId{2}, .product = ProductId{2}, .quantity = 10, .ends_at = ends_at});
  ASSERT_TRUE(shop_.store.grant(SaleId{2}, 4, kStart));
  const auto stock_at = [&](milliseconds since) {
    std::vector<std::pair<std::int64_t, std::int64_t>> units;
    for (const auto& position : beat(heartbeat_of("a"), at(since)).stock) {
      units.emplace_back(position.sale.id.value, position.leased);
    }
    return units;
  };
  EXPECT_THAT(stock_at(seconds{61}), ElementsAre(testing::Pair(1, 0), testing::Pair(2, 4)));
  EXPECT_THAT(stock_at(std::chrono::hours{25}), ElementsAre(testing::Pair(1, 0)));
}

TEST_F(QuantityControlTest, NothingIsGrantedInTheNameOfAnotherRing) {
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto ask = [&](std::int64_t epoch) {
    return control().ask({.holder = heartbeat_of("a").member.holder(),
                          .number = 1,
                          .sale = FakeQuantity::kSale,
                          .ring_epoch = epoch},
                         at(seconds{0}));
  };
  EXPECT_EQ(ask(0)->refusal, LeaseReply::Refusal::kStaleRing);
  EXPECT_TRUE(ask(1)->lease);
}

TEST_F(QuantityControlTest, NothingIsGrantedByTermsThatWereChanged) {
  const auto ends_at = at(seconds{60}).wall;
  const Sale before{.id = SaleId{2}, .product = ProductId{2}, .quantity = 10, .ends_at = ends_at};
  shop_.store.add_sale(before);
  beat(heartbeat_of("b"), at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  peers::LeaseAsk ask{.holder = heartbeat_of("a").member.holder(),
                      .number = 1,
                      .sale = before.id,
                      .ring_epoch = 2,
                      .known = before};
  shop_.store.end_sale(before.id, at(seconds{30}).wall);
  const auto refused = control().ask(ask, at(seconds{0}));
  EXPECT_FALSE(refused->lease);
  EXPECT_EQ(refused->refusal, LeaseReply::Refusal::kOtherTerms);
  EXPECT_TRUE(beat(heartbeat_of("b"), at(seconds{0})).recalled.empty()) << "nobody waits for units";
  ask.known->ends_at = at(seconds{30}).wall;
  EXPECT_TRUE(control().ask(ask, at(seconds{0}))->lease);
  ask.known.reset();
  ask.number = 2;
  EXPECT_TRUE(control().ask(ask, at(seconds{0}))->lease) << "an older validator knows no better";
}

/// Until then a merchant may change the terms, and a holder's clock may be ahead.
TEST_F(QuantityControlTest, NothingIsGrantedBeforeTheTermsStand) {
  constexpr SaleId kUpcoming{2};
  constexpr seconds kStartsIn{60};
  shop_.store.add_sale(
      {.id = kUpcoming, .product = ProductId{2}, .quantity = 10, .starts_at = at(kStartsIn).wall});
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto ask = [&](milliseconds since) {
    return control().ask({.holder = heartbeat_of("a").member.holder(),
                          .number = 1,
                          .sale = kUpcoming,
                          .ring_epoch = 1},
                         at(since));
  };
  const auto early = ask(kStartsIn - Sale::kTermsFixed - milliseconds{1});
  EXPECT_FALSE(early->lease);
  EXPECT_EQ(early->refusal, LeaseReply::Refusal::kNotOnSale);
  EXPECT_TRUE(ask(kStartsIn - Sale::kTermsFixed)->lease);
}

/// A process whose own clock is an hour off.
TEST_F(QuantityControlTest, SalesAreJudgedByTheDatabasesClock) {
  shop_.store.add_sale({.id = SaleId{2},
                        .product = ProductId{2},
                        .quantity = 10,
                        .starts_at = at(seconds{20}).wall,
                        .ends_at = at(seconds{60}).wall});
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto refusal = [&](seconds since, std::chrono::hours wrong_by) {
    const Now now = at(since);
    return control()
        .ask({.holder = heartbeat_of("a").member.holder(),
              .number = 1,
              .sale = SaleId{2},
              .ring_epoch = 1},
             {now.wall + wrong_by, now.tick})
        ->refusal;
  };
  for (const std::chrono::hours wrong_by : {std::chrono::hours{-1}, std::chrono::hours{1}}) {
    EXPECT_EQ(refusal(seconds{14}, wrong_by), LeaseReply::Refusal::kNotOnSale);
    EXPECT_EQ(refusal(seconds{15}, wrong_by), LeaseReply::Refusal::kNone);
    EXPECT_EQ(refusal(seconds{60}, wrong_by), LeaseReply::Refusal::kNotOnSale);
  }
}

TEST_F(QuantityControlTest, TheDatabasesTimeIsHeardWithEachRenewal) {
  const Now later{at(seconds{0}).wall + std::chrono::hours{1}, at(seconds{1}).tick};
  shop_.lead(control(), later);
  EXPECT_EQ(control().database_time({{}, later.tick}), later.wall);
  EXPECT_EQ(control().database_time({{}, later.tick + seconds{2}}), later.wall + seconds{2});
  control().resign();
  EXPECT_FALSE(control().database_time(later)) << "a process that stands by does not know";
}

/// A buyer is banned and loses a session, and then a sale is made, while a reply is put together.
class MadeMeanwhile final : public test_support::QuietCatalog {
 public:
  /// Called before each of its reads.
  std::function<void()> meanwhile = [] {};
  bool bans_fail = false;
  bool put_fails = false;
  repositories::Revisions revisions{.catalog = 1, .blacklist = 1};
  std::vector<BlacklistEntry> banned;
  Instant listed_at;
  std::vector<Sale> on_sale{Sale{.id = SaleId{1}}};
  std::int64_t sessions = 1;

  std::optional<repositories::Revisions> poll() override {
    meanwhile();
    return revisions;
  }
  repositories::ListedSales sales() override {
    meanwhile();
    return {.revision = revisions.catalog, .sales = on_sale};
  }
  repositories::HeldBans list(Instant now) override {
    listed_at = now;
    meanwhile();
    if (!bans_fail) return {.revision = revisions.blacklist, .entries = banned};
    throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "locked");
  }
  void put(std::span<const BlacklistEntry> entries) override {
    meanwhile();
    if (put_fails) throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "");
    banned.insert(banned.end(), entries.begin(), entries.end());
  }
  repositories::RaisedEpochs epochs_raised(std::int64_t, Instant) override {
    meanwhile();
    return {.revision = sessions, .epochs = {}};
  }
};

class NewsTest : public testing::Test {
 protected:
  NewsTest() {
    shop_.lead(control_, at(seconds{0}));
    const auto first = control_.beat(heartbeat_, at(seconds{0}));
    heartbeat_.ring_epoch = first->ring_epoch;
    heartbeat_.catalog_revision = first->catalog_revision;
    heartbeat_.blacklist_revision = first->blacklist_revision;
    heartbeat_.sessions_revision = first->sessions_revision;
  }
  void ban_and_then_sell() {
    news_.banned = {{.user = UserId{7}}};
    ++news_.revisions.blacklist;
    ++news_.sessions;
    news_.on_sale.push_back({.id = SaleId{2}});
    ++news_.revisions.catalog;
  }

  FakeQuantity shop_{at(seconds{0})};
  MadeMeanwhile news_;
  QuantityControl control_ = [this] {
    auto parts = shop_.parts("quantity/1");
    return QuantityControl({.holder = parts.holder,
                            .leadership = parts.leadership,
                            .leases = parts.leases,
                            .grants = parts.grants,
                            .members = parts.members,
                            .orders = parts.orders,
                            .catalog = news_,
                            .blacklist = news_,
                            .accounts = news_,
                            .changes = news_,
                            .markers = parts.markers},
                           {.lead = std::chrono::hours{1'000'000}});
  }();
  peers::Heartbeat heartbeat_ = heartbeat_of("a");
};

TEST_F(NewsTest, ANewSaleBringsTheBansThatAreOlderThanIt) {
  for (int read = 1; read <= 5; ++read) {
    news_.revisions.catalog += 10;  // so that sales are read
    int reads = 0;
    news_.meanwhile = [&] {
      if (++reads == read) ban_and_then_sell();
    };
    const auto sales_before = news_.on_sale.size();
    const auto reply = control_.beat(heartbeat_, at(seconds{0}));
    ASSERT_TRUE(reply && reply->sales) << read;
    if (reply->sales->size() == sales_before) continue;
    EXPECT_TRUE(reply->blacklist) << "made before read " << read;
    EXPECT_EQ(reply->sessions_revision, news_.sessions) << "made before read " << read;
    heartbeat_.catalog_revision = reply->catalog_revision;
    heartbeat_.blacklist_revision = reply->blacklist_revision;
  }
}

/// A failover may lose what came between the two, and then names the list by the older revision.
TEST_F(NewsTest, BansAndSalesGoWithTheRevisionThatTheyWereReadWith) {
  ++news_.revisions.blacklist;
  int reads = 0;
  news_.meanwhile = [&] {
    if (++reads == 2) ++news_.revisions.blacklist;
  };
  auto reply = control_.beat(heartbeat_, at(seconds{0}));
  ASSERT_TRUE(reply && reply->blacklist);
  EXPECT_EQ(reply->blacklist_revision, 3);
  ++news_.revisions.catalog;
  reads = 0;
  news_.meanwhile = [&] {
    if (++reads == 2) ++news_.revisions.catalog;
  };
  reply = control_.beat(heartbeat_, at(seconds{0}));
  ASSERT_TRUE(reply && reply->sales);
  EXPECT_EQ(reply->catalog_revision, 3);
}

TEST_F(NewsTest, WhereBansCannotBeReadNoSaleIsTold) {
  ban_and_then_sell();
  news_.bans_fail = true;
  EXPECT_FALSE(control_.beat(heartbeat_, at(seconds{0}))->sales);
  news_.bans_fail = false;
  const auto reply = control_.beat(heartbeat_, at(seconds{0}));
  EXPECT_TRUE(reply->sales);
  EXPECT_TRUE(reply->blacklist);
}

TEST_F(NewsTest, AnAutomaticBanThatTheDatabaseDoesNotTakeIsToldAllTheSame) {
  heartbeat_.blacklisted = {{.user = UserId{7}}};
  heartbeat_.blacklist_revision = 0;
  news_.put_fails = true;
  EXPECT_EQ(control_.beat(heartbeat_, at(seconds{0}))->blacklist->size(), 1);
  heartbeat_.blacklisted.clear();
  EXPECT_EQ(control_.beat(heartbeat_, at(seconds{0}))->blacklist->size(), 1);
  news_.put_fails = false;
  control_.review(at(seconds{0}));
  EXPECT_EQ(news_.banned.size(), 1) << "put again";
  EXPECT_EQ(control_.beat(heartbeat_, at(seconds{0}))->blacklist->size(), 1);
}

TEST_F(NewsTest, AnAutomaticBanIsToldWhileItIsBeingSaved) {
  heartbeat_.blacklisted = {{.user = UserId{7}}};
  auto other = heartbeat_of("b");
  other.blacklist_revision = 0;
  std::size_t told = 0;
  bool asked = false;
  news_.meanwhile = [&] {
    if (std::exchange(asked, true)) return;
    told = control_.beat(other, at(seconds{0}))->blacklist->size();
  };
  ASSERT_TRUE(control_.beat(heartbeat_, at(seconds{0})));
  EXPECT_EQ(told, 1);
}

TEST_F(NewsTest, BansAreToldThatLastByTheDatabasesClock) {
  heartbeat_.blacklist_revision = 0;
  const Now wrong{at(seconds{1}).wall + std::chrono::hours{1}, at(seconds{1}).tick};
  EXPECT_TRUE(control_.beat(heartbeat_, wrong)->blacklist);
  EXPECT_EQ(news_.listed_at, at(seconds{1}).wall);
}

/// The same parts with a repository of members of the test's own.
QuantityControl::Parts with_members(const QuantityControl::Parts& parts,
                                    repositories::Members& members) {
  return {.holder = parts.holder,
          .leadership = parts.leadership,
          .leases = parts.leases,
          .grants = parts.grants,
          .members = members,
          .orders = parts.orders,
          .catalog = parts.catalog,
          .blacklist = parts.blacklist,
          .accounts = parts.accounts,
          .changes = parts.changes,
          .markers = parts.markers};
}

TEST_F(QuantityControlTest, ARingOfUnknownOutcomeIsWrittenAgain) {
  FakeQuantity fresh{at(seconds{0})};
  LosesAnswers losing(fresh.store);
  QuantityControl control(with_members(fresh.parts("quantity/1"), losing), {});
  fresh.lead(control, at(seconds{0}));
  auto knows_a_ring = heartbeat_of("a");
  knows_a_ring.ring_epoch = control.beat(knows_a_ring, at(seconds{0}))->ring_epoch;
  losing.lose_next = true;
  EXPECT_THROW((void)control.beat(heartbeat_of("b"), at(seconds{0})), repositories::StorageError)
      << "a validator that has no ring must not begin without one";
  losing.fail_writes = true;
  const auto unsure = control.beat(knows_a_ring, at(seconds{0}));
  ASSERT_TRUE(unsure) << "the reply is not lost with it";
  EXPECT_EQ(unsure->ring_epoch, 0) << "neither the one before nor the one that was not confirmed";
  EXPECT_THAT(unsure->members, IsEmpty());
  EXPECT_EQ(control.left_out(), 1);
  const auto ask = control.ask({.holder = heartbeat_of("a").member.holder(),
                                .number = 1,
                                .sale = FakeQuantity::kSale,
                                .ring_epoch = 1},
                               at(seconds{0}));
  EXPECT_EQ(ask->refusal, LeaseReply::Refusal::kStaleRing) << "the ring is not known";
  losing.fail_writes = false;
  const auto reply = control.beat(heartbeat_of("a"), at(seconds{1}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->ring_epoch, 2) << "it was made the first time";
  EXPECT_THAT(reply->members, ElementsAre(node("a"), node("b")));
}

/// The change may be made at any time until another is: a ring that is read meanwhile tells
/// nothing.
TEST_F(QuantityControlTest, AChangeOfUnknownOutcomeIsNotMadeBehindTheNextRing) {
  FakeQuantity fresh{at(seconds{0})};
  LosesAnswers losing(fresh.store);
  QuantityControl control(with_members(fresh.parts("quantity/1"), losing), {});
  fresh.lead(control, at(seconds{0}));
  (void)control.beat(heartbeat_of("a"), at(seconds{0}));
  const Now silent = at(times_.lost + milliseconds{1});
  for (milliseconds now{0}; now < times_.lost; now += milliseconds{500}) {
    fresh.lead(control, at(now));
    control.review(at(now));
    (void)control.beat(heartbeat_of("b"), at(now));
  }
  losing.delay_next = true;
  EXPECT_THROW(control.review(silent), repositories::StorageError);
  (void)control.beat(heartbeat_of("a"), silent);
  losing.make_delayed();
  const auto told = control.beat(heartbeat_of("b"), silent);
  ASSERT_TRUE(told);
  EXPECT_EQ(told->ring_epoch, fresh.store.ring().epoch);
  EXPECT_THAT(fresh.store.ring().members, ElementsAre(node("a"), node("b")));
}

/// Else it would be told of a member that has left.
TEST_F(QuantityControlTest, ARingThatWasNotWrittenIsToldToNobody) {
  FakeQuantity fresh{at(seconds{0})};
  LosesAnswers failing(fresh.store);
  QuantityControl control(with_members(fresh.parts("quantity/1"), failing), {});
  fresh.lead(control, at(seconds{0}));
  auto farewell = heartbeat_of("a");
  auto stays = heartbeat_of("b");
  (void)control.beat(farewell, at(seconds{0}));
  stays.ring_epoch = control.beat(stays, at(seconds{0}))->ring_epoch;
  failing.fail_writes = true;
  farewell.leaving = true;
  farewell.ring_epoch = stays.ring_epoch;
  EXPECT_THAT(control.beat(farewell, at(seconds{0}))->members, IsEmpty());
  EXPECT_THAT(control.beat(stays, at(seconds{0}))->members, IsEmpty());
  EXPECT_THROW(control.review(at(seconds{0})), repositories::StorageError);
  EXPECT_EQ(control.beat(stays, at(seconds{0}))->ring_epoch, 0);
  failing.fail_writes = false;
  EXPECT_THAT(control.beat(stays, at(seconds{0}))->members, ElementsAre(node("b")));

  const auto lease = control.ask(
      {.holder = stays.member.holder(), .number = 1, .sale = FakeQuantity::kSale, .ring_epoch = 3},
      at(seconds{0}));
  ASSERT_TRUE(lease->lease);
  failing.fail_writes = true;
  for (seconds now{0}; now <= seconds{8}; ++now) {
    fresh.lead(control, at(now));
    if (now <= times_.lost) {
      control.review(at(now));
    } else {
      EXPECT_THROW(control.review(at(now)), repositories::StorageError);
    }
  }
  EXPECT_EQ(fresh.store.state().leases.at(lease->lease->id).state, LeaseState::kFenced)
      << "a lease waits for no ring";
}

}  // namespace
}  // namespace stampede::services::leasing

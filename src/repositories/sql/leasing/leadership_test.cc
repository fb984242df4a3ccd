#include "repositories/sql/leasing/leadership.h"

#include <gmock/gmock.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

struct LeadershipTest : OnEveryEngine {
  Leadership& leadership = shop.repositories.leadership();
};
INSTANTIATE_TEST_SUITE_P(On, LeadershipTest, every_engine(), testing::PrintToStringParamName());

TEST_P(LeadershipTest, OneHasItUntilItsTermRunsOut) {
  const auto first = leadership.take("first", 0, hours{1});
  ASSERT_TRUE(first);
  EXPECT_EQ(first->holder, "first");
  EXPECT_EQ(first->epoch, 1);
  EXPECT_EQ(first->nonce.size(), 32U);
  const auto other = shop.storage.open();
  Repositories repositories(*other);
  EXPECT_FALSE(repositories.leadership().take("second", 0, hours{1}));
  EXPECT_TRUE(repositories.leadership().standing(*first));

  EXPECT_TRUE(leadership.renew(*first, milliseconds{0}));
  const auto second = repositories.leadership().take("second", 0, hours{1});
  ASSERT_TRUE(second);
  EXPECT_EQ(second->epoch, 2);
  EXPECT_NE(second->nonce, first->nonce);
  EXPECT_FALSE(leadership.renew(*first, hours{1}));
  EXPECT_FALSE(leadership.standing(*first));
  EXPECT_FALSE(leadership.take("first", 0, hours{1}));
}

TEST_P(LeadershipTest, ATermThatRanOutIsRenewedIfNobodyTookIt) {
  const auto term = *leadership.take("first", 0, milliseconds{0});
  EXPECT_TRUE(leadership.renew(term, hours{1}));
  EXPECT_TRUE(leadership.renew(term, hours{1}));
  EXPECT_FALSE(leadership.take("second", 0, hours{1}));
}

TEST_P(LeadershipTest, AResignationLetsAnotherTakeIt) {
  const auto term = *leadership.take("first", 0, hours{1});
  leadership.resign({.holder = "first", .epoch = 1, .nonce = "another"});
  EXPECT_FALSE(leadership.take("second", 0, hours{1}));
  leadership.resign(term);
  EXPECT_TRUE(leadership.take("second", 0, hours{1}));
}

/// No renewal by the database's clock has set that end: the clock was set back since.
TEST_P(LeadershipTest, ATermThatEndsMoreThanTwoLivesAheadKeepsNobodyFromTheLead) {
  const auto first = *leadership.take("first", 0, hours{3});
  EXPECT_FALSE(leadership.take("second", 0, hours{2}));
  EXPECT_TRUE(leadership.take("second", 0, hours{1}));
  EXPECT_FALSE(leadership.renew(first, hours{1}));
}

/// A process that did not get the answer of its last commit does not know that it leads.
TEST_P(LeadershipTest, TheHolderMayTakeItAgain) {
  const auto first = *leadership.take("first", 0, hours{1});
  const auto again = leadership.take("first", 0, hours{1});
  ASSERT_TRUE(again);
  EXPECT_EQ(again->epoch, 2);
  EXPECT_FALSE(leadership.renew(first, hours{1}));
}

TEST_P(LeadershipTest, AnEpochIsGreaterThanAllThatAreKnown) {
  EXPECT_EQ(leadership.take("first", 40, hours{1})->epoch, 41);
  EXPECT_EQ(leadership.take("first", 40, hours{1})->epoch, 42);
}

TEST_P(LeadershipTest, TheTimeIsTheDatabases) {
  const auto before = read_clocks().wall;
  const auto term = *leadership.take("first", 0, hours{1});
  const auto renewed = leadership.renew(term, hours{1});
  const auto time = leadership.standing(term);
  const auto after = read_clocks().wall;
  ASSERT_TRUE(renewed && time);
  EXPECT_GE(term.at, before - milliseconds{1});  // the same clock here; SQLite rounds
  EXPECT_GE(renewed->at, term.at);
  EXPECT_GE(*time, renewed->at);
  EXPECT_LE(*time, after + milliseconds{1});
}

TEST_P(LeadershipTest, ThatAStandbyWasAskedIsToldWithARenewal) {
  const auto term = *leadership.take("first", 0, hours{1});
  EXPECT_EQ(leadership.renew(term, hours{1})->standby_asked, Instant::min());
  leadership.note_standby_asked();
  const auto renewal = leadership.renew(term, hours{1});
  EXPECT_GE(renewal->standby_asked, term.at);
  EXPECT_LE(renewal->standby_asked, renewal->at);
}

TEST_P(LeadershipTest, NothingIsWrittenInTheNameOfATermThatIsOver) {
  const auto sale = shop.sell(10);
  const auto over = *leadership.take("first", 0, hours{1});
  const Member member{.node = "a", .address = "127.0.0.1:8083", .incarnation = "0123456789abcdef"};
  auto& members = shop.repositories.members();
  const auto ring = members.replace(over, {.epoch = 0, .members = std::array{member}}, at(1));
  LeaseRequest request{.holder = "a/1", .number = 1, .sale = sale, .ring_epoch = 1};
  const auto lease = *shop.leases().grant(over, request, 4, at(1));

  auto nonce_only = *leadership.take("first", 0, hours{1});
  nonce_only.nonce = over.nonce;
  for (const Term& term : {over, nonce_only}) {
    EXPECT_THROW(shop.leases().fence(term, lease.id), NoLongerLeader);
    EXPECT_THROW(members.replace(term, {.epoch = 1}, at(2)), NoLongerLeader);
    request.number = 2;
    EXPECT_THROW(shop.leases().grant(term, request, 4, at(2)), NoLongerLeader);
    request.number = 1;
    EXPECT_THROW(shop.leases().grant(term, request, 4, at(2)), NoLongerLeader) << "nor answered";
  }
  EXPECT_EQ(shop.leases().not_closed().size(), 1U);
  EXPECT_EQ(shop.leases().not_closed()[0].state, LeaseState::kOpen);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 6);
  EXPECT_EQ(members.ring(), ring);
}

}  // namespace
}  // namespace stampede::repositories::sql

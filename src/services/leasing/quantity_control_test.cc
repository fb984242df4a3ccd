#include "services/leasing/quantity_control.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fake_quantity.h"

namespace stampede::services::leasing {
namespace {

using peers::LeaseReply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test_support::FakeQuantity;
using test_support::heartbeat_of;
using testing::ElementsAre;
using testing::Field;

constexpr Instant kStart{seconds{1'800'000'000}};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

auto node(const char* name) { return Field(&Member::node, name); }

/// A change of the ring whose answer is lost, whether or not it was made.
class LosesAnswers final : public repositories::Members {
 public:
  explicit LosesAnswers(repositories::Members& members) : members_(&members) {}
  repositories::RingState ring() override { return members_->ring(); }
  repositories::RingState replace(const repositories::Term& term,
                                  const repositories::RingChange& change, Instant now) override {
    auto ring = members_->replace(term, change, now);
    if (!std::exchange(lose_next, false)) return ring;
    throw repositories::StorageError(repositories::StorageError::Kind::kOutcomeUnknown, "lost");
  }
  bool lose_next = false;

 private:
  repositories::Members* members_;
};

class QuantityControlTest : public testing::Test {
 protected:
  peers::HeartbeatReply beat(const peers::Heartbeat& heartbeat, Now now) {
    auto reply = control().beat(heartbeat, now);
    EXPECT_TRUE(reply) << reply.error().words;
    return reply.value_or(peers::HeartbeatReply{});
  }
  QuantityControl& control() { return shop_.control; }

  FakeQuantity shop_;
  const Terms terms_;
};

TEST_F(QuantityControlTest, WhoIsHeardOfIsInTheRing) {
  EXPECT_THAT(beat(heartbeat_of("a"), at(seconds{0})).members, ElementsAre(node("a")));
  const auto both = beat(heartbeat_of("b"), at(seconds{0}));
  EXPECT_THAT(both.members, ElementsAre(node("a"), node("b")));
  EXPECT_EQ(both.ring_epoch, 2);
  EXPECT_EQ(beat(heartbeat_of("b"), at(seconds{1})).ring_epoch, 2) << "no change, no epoch";
}

TEST_F(QuantityControlTest, WhoIsSilentLeavesTheRing) {
  beat(heartbeat_of("a"), at(seconds{0}));
  for (milliseconds now{0}; now <= terms_.lost; now += milliseconds{500}) {
    beat(heartbeat_of("b"), at(now));
    control().review(at(now));
  }
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 2U);
  control().review(at(terms_.lost + milliseconds{1}));
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 1U);
}

TEST_F(QuantityControlTest, AfterASuspensionEveryMemberCountsAsJustHeardOf) {
  beat(heartbeat_of("a"), at(seconds{0}));
  control().review(at(seconds{0}));
  control().review(at(seconds{60}));
  EXPECT_EQ(control().report(at(seconds{0}))->nodes.size(), 1U);
}

TEST_F(QuantityControlTest, ANameIsOneProcess) {
  beat(heartbeat_of("a", "1111111111111111"), at(seconds{0}));
  const auto second = control().beat(heartbeat_of("a", "2222222222222222"), at(seconds{1}));
  ASSERT_FALSE(second);
  EXPECT_EQ(second.error().kind, QuantityControl::Refusal::Kind::kNodeTaken);
  EXPECT_THAT(second.error().words, testing::HasSubstr("\"a\" is taken"));
  EXPECT_TRUE(
      control().beat(heartbeat_of("a", "2222222222222222"), at(terms_.lost + milliseconds{1})));
}

TEST_F(QuantityControlTest, WhoLeftDoesNotComeBackByALateHeartbeat) {
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

TEST_F(QuantityControlTest, ARingOfUnknownOutcomeIsReadAgain) {
  FakeQuantity fresh;
  auto parts = fresh.parts("quantity/1");
  LosesAnswers losing(fresh.store);
  QuantityControl control({.holder = parts.holder,
                           .leadership = parts.leadership,
                           .leases = parts.leases,
                           .grants = parts.grants,
                           .members = losing,
                           .orders = parts.orders,
                           .catalog = parts.catalog,
                           .blacklist = parts.blacklist,
                           .accounts = parts.accounts,
                           .changes = parts.changes,
                           .markers = parts.markers},
                          {});
  fresh.lead(control, at(seconds{0}));
  losing.lose_next = true;
  const auto unsure = control.beat(heartbeat_of("a"), at(seconds{0}));
  ASSERT_TRUE(unsure) << "the reply is not lost with it";
  EXPECT_EQ(unsure->ring_epoch, 0);
  EXPECT_EQ(control.left_out(), 1);
  const auto ask = control.ask({.holder = heartbeat_of("a").member.holder(),
                                .number = 1,
                                .sale = FakeQuantity::kSale,
                                .ring_epoch = 0},
                               at(seconds{0}));
  EXPECT_EQ(ask->refusal, LeaseReply::Refusal::kStaleRing) << "the ring is not known";
  const auto reply = control.beat(heartbeat_of("a"), at(seconds{1}));
  ASSERT_TRUE(reply);
  EXPECT_EQ(reply->ring_epoch, 1) << "it was made the first time";
  EXPECT_THAT(reply->members, ElementsAre(node("a")));
}

}  // namespace
}  // namespace stampede::services::leasing

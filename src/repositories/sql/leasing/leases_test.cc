#include <gmock/gmock.h>

#include <array>
#include <functional>
#include <latch>
#include <map>
#include <set>
#include <stdexcept>
#include <thread>
#include <vector>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::IsEmpty;

struct LeasesTest : OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(On, LeasesTest, every_engine(), testing::PrintToStringParamName());

TEST_P(LeasesTest, AreGrantedWhileUnitsLast) {
  const auto sale = shop.sell(10);
  const auto lease = shop.leases().grant(sale, 7, at(1));
  ASSERT_TRUE(lease);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 3);
  EXPECT_FALSE(shop.leases().grant(sale, 4, at(1)));
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 3);
  EXPECT_TRUE(shop.leases().grant(sale, 3, at(1)));
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 0);
  EXPECT_FALSE(shop.leases().grant(sale, 1, at(1)));
  EXPECT_FALSE(shop.leases().grant(SaleId{99}, 1, at(1)));
}

TEST_P(LeasesTest, HaveAtLeastOneUnit) {
  const auto sale = shop.sell(10);
  EXPECT_THROW(shop.leases().grant(sale, 0, at(1)), std::invalid_argument);
  EXPECT_THROW(shop.leases().grant(sale, -5, at(1)), std::invalid_argument);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 10);
}

TEST_P(LeasesTest, AreFencedAndListedUntilClosed) {
  const auto sale = shop.sell(10);
  const auto a = *shop.leases().grant(sale, 2, at(1));
  const auto b = *shop.leases().grant(sale, 3, at(1));
  shop.leases().fence(a);
  shop.leases().fence(LeaseId{99});
  auto leases = shop.leases().not_closed();
  ASSERT_EQ(leases.size(), 2U);
  EXPECT_EQ(leases[0].id, a);
  EXPECT_EQ(leases[0].state, LeaseState::kFenced);
  EXPECT_EQ(leases[1].id, b);
  EXPECT_EQ(leases[1].sale, sale);
  EXPECT_EQ(leases[1].granted, 3);
  EXPECT_EQ(leases[1].sold, 0);
  EXPECT_EQ(leases[1].state, LeaseState::kOpen);

  auto transaction = shop.repositories.order_store().begin();
  transaction->close(a);
  transaction->close(b);
  transaction->commit();
  transaction.reset();
  EXPECT_THAT(shop.leases().not_closed(), IsEmpty());
  shop.leases().fence(a);  // closed stays closed
  EXPECT_THAT(shop.leases().not_closed(), IsEmpty());
}

TEST_P(LeasesTest, StockTellsWhereTheUnitsOfRunningSalesAre) {
  const auto sale = shop.sell(10);
  const auto ended = shop.sell(5, 1, at(2'000));
  const auto untouched = shop.sell(4);
  const auto a = *shop.leases().grant(sale, 4, at(1));
  const auto b = *shop.leases().grant(sale, 3, at(1));
  shop.commit({success(sale, a, 1), success(sale, a, 2), success(sale, b, 3)});
  auto transaction = shop.repositories.order_store().begin();
  transaction->close(b);
  transaction->commit();
  transaction.reset();

  const auto stock = shop.leases().stock(at(2'000));
  ASSERT_EQ(stock.size(), 2U);
  EXPECT_EQ(stock[0].sale.id, sale);
  EXPECT_EQ(stock[0].sale.quantity, 10);
  EXPECT_EQ(stock[0].sale.unleased, 5);  // 3 never leased, 2 back from b
  EXPECT_EQ(stock[0].leased, 2);
  EXPECT_EQ(stock[0].sold, 3);
  EXPECT_EQ(stock[1].sale.id, untouched);
  EXPECT_EQ(stock[1].leased, 0);
  EXPECT_EQ(shop.leases().stock(at(1'999)).at(1).sale.id, ended);
}

TEST_P(LeasesTest, ARequestIsGrantedOnce) {
  const auto sale = shop.sell(10);
  const LeaseRequest request{.holder = "a/0123456789abcdef", .number = 1, .sale = sale};
  const auto first = shop.leases().grant(shop.term(), request, 7, at(1));
  ASSERT_TRUE(first);
  EXPECT_EQ(first->sale, sale);
  EXPECT_EQ(first->granted, 7);
  EXPECT_EQ(first->holder, request.holder);
  EXPECT_EQ(first->state, LeaseState::kOpen);
  shop.commit({success(sale, first->id, 1)});
  shop.leases().fence(first->id);

  const auto again = shop.leases().grant(shop.term(), request, 2, at(2));
  ASSERT_TRUE(again);
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(again->granted, 7);
  EXPECT_EQ(again->sold, 1);
  EXPECT_EQ(again->state, LeaseState::kFenced);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 3);
  EXPECT_EQ(shop.leases().not_closed().at(0).holder, request.holder);

  LeaseRequest next = request;
  next.number = 2;
  EXPECT_FALSE(shop.leases().grant(shop.term(), next, 4, at(3)));
  const auto second =
      shop.leases().grant(shop.term(), next, 3, at(3));  // a refused one may be sent again
  ASSERT_TRUE(second);
  EXPECT_NE(second->id, first->id);
  EXPECT_THROW(shop.leases().grant(shop.term(), next, 0, at(3)), std::invalid_argument);
}

TEST_P(LeasesTest, ARequestThatIsGrantedNothingIsToldWhy) {
  const auto sale = shop.sell(10);
  LeaseRequest request{.holder = "a/0123456789abcdef", .number = 1, .sale = sale, .ring_epoch = 3};
  EXPECT_EQ(shop.leases().grant(shop.term(), request, 7, at(1)).error(), NoGrant::kAnotherRing);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 10);
  request.ring_epoch = 0;
  EXPECT_EQ(shop.leases().grant(shop.term(), request, 11, at(1)).error(), NoGrant::kNoUnits);
}

/// The validator that asked would sell by the old ones.
TEST_P(LeasesTest, NothingIsGrantedByTermsThatWereChanged) {
  const auto sale = shop.sell(10, 1, at(9'000));
  const auto before = *shop.catalog().sale(sale);
  LeaseRequest request{.holder = "a/0123456789abcdef", .number = 1, .sale = sale, .known = before};
  const auto grant = [&] { return shop.leases().grant(shop.term(), request, 2, at(1)); };
  for (const auto& change : std::vector<std::function<void(Sale&)>>{
           [](Sale& next) { next.ends_at = at(8'000); },
           [](Sale& next) { next.ends_at.reset(); },
           [](Sale& next) { next.starts_at = at(1'001); },
           [](Sale& next) { next.per_buyer_limit = 2; },
           [](Sale& next) { next.price_cents = 1; },
           [](Sale& next) { next.captcha = false; },
       }) {
    Sale next = *shop.catalog().sale(sale);
    request.known = next;
    change(next);
    ASSERT_TRUE(shop.catalog().change_sale(next, next.quantity, at(-9'000)));
    EXPECT_EQ(grant().error(), NoGrant::kOtherTerms);
  }
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 10);
  EXPECT_EQ(shop.leases().newest_lease(), LeaseId{});
  request.known = shop.catalog().sale(sale);
  ASSERT_TRUE(shop.catalog().add_stock({.sale = sale, .units = 5, .most = 100}, at(1)));
  EXPECT_TRUE(grant()) << "units may be added";
  request.known = before;
  EXPECT_TRUE(grant()) << "granted before";
  request = {.holder = "b/0123456789abcdef", .number = 1, .sale = sale};
  EXPECT_TRUE(grant()) << "knows no terms";
}

/// After a failover in which the database lost its tail.
TEST_P(LeasesTest, NumbersGoOnBehindALeaseThatIsKnownElsewhere) {
  const auto sale = shop.sell(10);
  EXPECT_EQ(shop.leases().newest_lease(), LeaseId{});
  const auto before = *shop.leases().grant(sale, 2, at(1));
  EXPECT_EQ(shop.leases().newest_lease(), before);
  shop.leases().continue_behind(shop.term(), LeaseId{50}, at(1));
  EXPECT_EQ(shop.leases().newest_lease(), LeaseId{50});
  EXPECT_EQ(shop.leases().not_closed().size(), 1U);
  EXPECT_EQ(*shop.leases().grant(sale, 2, at(1)), LeaseId{51});
  shop.leases().continue_behind(shop.term(), LeaseId{50}, at(1));
  EXPECT_EQ(*shop.leases().grant(sale, 2, at(1)), LeaseId{52});
  EXPECT_EQ(shop.leases().stock(at(1)).at(0).leased, 6);
  EXPECT_THROW(shop.leases().continue_behind({.holder = "over"}, LeaseId{60}, at(1)),
               NoLongerLeader);
  EXPECT_EQ(shop.leases().newest_lease(), LeaseId{52});
}

TEST_P(LeasesTest, ANumberThatIsKnownElsewhereIsNotGrantedAgain) {
  const auto sale = shop.sell(10);
  LeaseRequest request{.holder = "a/0123456789abcdef", .number = 1, .sale = sale};
  const auto first = *shop.leases().grant(shop.term(), request, 2, at(1));
  request.behind = LeaseId{first.id.value + 5};
  EXPECT_EQ(shop.leases().grant(shop.term(), request, 2, at(1))->id, first.id) << "granted before";
  request.number = 2;
  EXPECT_EQ(shop.leases().grant(shop.term(), request, 2, at(1)).error(), NoGrant::kUsedNumber);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 8);
  EXPECT_EQ(shop.leases().newest_lease(), first.id);
  shop.leases().continue_behind(shop.term(), request.behind, at(1));
  EXPECT_GT(shop.leases().grant(shop.term(), request, 2, at(1))->id, request.behind);
}

TEST_P(LeasesTest, OfServeHaveNoHolder) {
  const auto sale = shop.sell(10);
  EXPECT_TRUE(shop.leases().grant(sale, 2, at(1)));
  EXPECT_TRUE(shop.leases().grant(sale, 2, at(1)));
  EXPECT_EQ(shop.leases().not_closed().at(1).holder, "");
}

/// Each grantor has connections of its own; every request is sent by two of them at once.
TEST_P(LeasesTest, ConcurrentGrantsNeverExceedTheStock) {
  constexpr std::int64_t kUnits = 100;
  constexpr std::int64_t kRequests = 30;
  const auto sale = shop.sell(kUnits);
  const Term& term = shop.term();
  std::array<std::map<std::int64_t, StockLease>, 4> granted;
  {
    std::latch ready{std::ssize(granted)};
    std::vector<std::jthread> grantors;
    for (std::size_t i = 0; i < granted.size(); ++i) {
      grantors.emplace_back([&, i] {
        const auto database = shop.storage.open();
        Repositories repositories(*database);
        ready.arrive_and_wait();
        for (std::int64_t number = 1; number <= kRequests; ++number) {
          const LeaseRequest request{
              .holder = i % 2 == 0 ? "even/0" : "odd/0", .number = number, .sale = sale};
          if (const auto lease = repositories.leases().grant(term, request, 3, at(1)))
            granted[i][number] = *lease;
        }
      });
    }
  }
  std::set<LeaseId> leases;
  for (std::size_t i = 0; i < 2; ++i) {
    for (const auto& [number, lease] : granted[i]) {
      EXPECT_TRUE(leases.insert(lease.id).second);
      EXPECT_EQ(lease.granted, 3);
      const auto twin = granted[i + 2].find(number);
      if (twin == granted[i + 2].end()) continue;
      EXPECT_EQ(twin->second.id, lease.id);
    }
  }
  EXPECT_EQ(leases.size(), kUnits / 3);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, kUnits % 3);
  EXPECT_EQ(shop.leases().stock(at(0)).at(0).leased, kUnits - kUnits % 3);
}

}  // namespace
}  // namespace stampede::repositories::sql

#include "repositories/catalog/units.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include <algorithm>

#include "repositories/sql/connection/migrations.h"
#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct UnitsTest : OnEveryEngine {
  UnitCounts& store = shop.repositories.units();

  LeaseId grant(SaleId sale, const std::string& holder, std::int64_t number, std::int64_t units) {
    return shop.leases()
        .grant(shop.term(), {.holder = holder, .number = number, .sale = sale}, units, at(1))
        .value()
        .id;
  }
  void close(LeaseId lease) {
    auto transaction = shop.repositories.order_store().begin();
    transaction->close(lease);
    transaction->commit();
  }
};
INSTANTIATE_TEST_SUITE_P(On, UnitsTest, every_engine(), testing::PrintToStringParamName());

TEST_P(UnitsTest, TellWhereEveryUnitIs) {
  const auto sale = shop.sell(100);
  const auto before = grant(sale, "a/0000000000000001", 1, 10);
  const auto now = grant(sale, "a/0000000000000002", 1, 20);
  const auto fenced = grant(sale, "a/0000000000000002", 2, 5);
  const auto other = grant(sale, "b/0000000000000001", 1, 30);
  shop.commit({success(sale, before, 1), success(sale, before, 2), success(sale, now, 3),
               success(sale, other, 4), success(sale, fenced, 5)});
  close(before);  // 8 units come back
  shop.leases().fence(fenced);

  const auto units = store.units(sale);
  ASSERT_TRUE(units);
  EXPECT_EQ(units->sale.id, sale);
  EXPECT_EQ(units->sale.quantity, 100);
  EXPECT_EQ(units->sale.unleased, 43);
  EXPECT_EQ(units->sold, 5);
  EXPECT_EQ(units->failed, 0);
  EXPECT_THAT(units->leased_by_node, ElementsAre(LeasedByNode{"a", LeaseState::kOpen, 20, 1},
                                                 LeasedByNode{"a", LeaseState::kFenced, 5, 1},
                                                 LeasedByNode{"b", LeaseState::kOpen, 30, 1}));
  EXPECT_EQ(units->leased, 52);
  EXPECT_TRUE(units->balanced());
}

TEST_P(UnitsTest, ANodesLeasesAreOneHolding) {
  const auto sale = shop.sell(100);
  grant(sale, "a/0000000000000001", 1, 10);
  grant(sale, "a/0000000000000002", 1, 20);
  EXPECT_THAT(store.units(sale)->leased_by_node,
              ElementsAre(LeasedByNode{"a", LeaseState::kOpen, 30, 0}));
}

TEST_P(UnitsTest, AUnitThatIsNowhereIsSeen) {
  const auto sale = shop.sell(100);
  EXPECT_TRUE(store.units(sale)->balanced());
  shop.database.write(
      [](soci::session& session) { session << "UPDATE sales SET unleased = unleased - 1"; });
  EXPECT_FALSE(store.units(sale)->balanced());
}

TEST_P(UnitsTest, FailedOrdersAreCountedAsTheyAreWritten) {
  const auto sale = shop.sell(100);
  const auto other = shop.sell(100);
  const auto lease = grant(sale, "a/1", 1, 10);
  shop.commit({success(sale, lease, 1), failure(sale, lease, 2, FailureReason::kTooLate),
               failure(other, lease, 3, FailureReason::kNoUnit)});
  shop.commit({failure(sale, lease, 4, FailureReason::kLimitReached), success(sale, lease, 5)});
  EXPECT_EQ(store.units(sale)->failed, 2);
  EXPECT_EQ(store.units(sale)->sold, 2);
  EXPECT_EQ(store.units(other)->failed, 1);
  for (const AuditedSale& audited : shop.repositories.audit().audited_sales()) {
    EXPECT_EQ(audited.failed_as_counted, audited.failed);
  }
}

TEST_P(UnitsTest, AFailedOrderThatIsNotCommittedIsNotCounted) {
  const auto sale = shop.sell(100);
  auto order = failure(sale, grant(sale, "a/1", 1, 10), 1, FailureReason::kTooLate);
  order.seq = 1;
  order.number = {1};
  shop.repositories.order_store().begin()->insert({&order, 1});
  EXPECT_EQ(store.units(sale)->failed, 0);
}

TEST_P(UnitsTest, FailedOrdersOfBeforeAreCountedByTheMigration) {
  const auto sale = shop.sell(100);
  const auto lease = grant(sale, "a/1", 1, 10);
  shop.commit({success(sale, lease, 1), failure(sale, lease, 2, FailureReason::kTooLate),
               failure(sale, lease, 3, FailureReason::kTooLate)});
  const auto untouched = shop.sell(100);
  const auto migrations = embedded_migrations();
  const auto live = std::ranges::find(migrations, "004_live.sql", &Migration::name);
  ASSERT_NE(live, migrations.end());
  shop.database.write([&](soci::session& session) {
    session << "ALTER TABLE sales DROP COLUMN failed";
    session << "DROP TABLE sale_samples";
    shop.database.dialect().run_script(session, live->sql);
  });
  EXPECT_EQ(store.units(sale)->failed, 2);
  EXPECT_EQ(store.units(untouched)->failed, 0);
}

/// As a consumer of the release before leaves it if it still runs while 004 counts.
TEST_P(UnitsTest, TheAuditCountsFailedOrdersThatNobodyElseCounted) {
  const auto sale = shop.sell(100);
  const auto lease = grant(sale, "a/1", 1, 10);
  shop.commit({success(sale, lease, 1), failure(sale, lease, 2, FailureReason::kTooLate)});
  shop.database.write([](soci::session& session) { session << "UPDATE sales SET failed = 0"; });
  const AuditedSale audited = shop.repositories.audit().audited_sales().at(0);
  EXPECT_EQ(audited.failed, 1);
  EXPECT_EQ(audited.failed_as_counted, 0);
}

/// A sale's million orders must not be counted each second.
TEST_P(UnitsTest, NeedNoOrders) {
  const auto sale = shop.sell(100);
  const auto lease = grant(sale, "a/1", 1, 10);
  shop.commit({success(sale, lease, 1), failure(sale, lease, 2, FailureReason::kTooLate)});
  shop.database.write(
      [](soci::session& session) { session << "ALTER TABLE orders RENAME TO out_of_reach"; });
  EXPECT_EQ(store.units(sale)->sold, 1);
  EXPECT_EQ(store.units(sale)->failed, 1);
  EXPECT_EQ(store.recent_units(at(0)).at(0).sold, 1);
}

TEST_P(UnitsTest, OfRecentSalesAreReadAtOnce) {
  const auto ended = shop.sell(5, 1, at(2'000));
  const auto on = shop.sell(7);
  const auto later = shop.sell(9, 1, at(3'000));
  shop.commit({success(later, grant(later, "a/1", 1, 3), 1)});
  const auto ids = [](const std::vector<PositionByHolder>& all) {
    std::vector<SaleId> of;
    for (const auto& units : all) of.push_back(units.sale.id);
    return of;
  };
  EXPECT_THAT(ids(store.recent_units(at(1'999))), ElementsAre(ended, on, later));
  const auto units = store.recent_units(at(2'000));
  ASSERT_THAT(ids(units), ElementsAre(on, later));
  EXPECT_THAT(units[0].leased_by_node, IsEmpty());
  EXPECT_EQ(units[1].leased, 2);
  EXPECT_EQ(units[1].sold, 1);
  EXPECT_FALSE(store.units(SaleId{99}));
}

}  // namespace
}  // namespace stampede::repositories::sql

#include <gmock/gmock.h>

#include <stdexcept>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::IsEmpty;

TEST(Leases, AreGrantedWhileUnitsLast) {
  TestShop shop;
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

TEST(Leases, HaveAtLeastOneUnit) {
  TestShop shop;
  const auto sale = shop.sell(10);
  EXPECT_THROW(shop.leases().grant(sale, 0, at(1)), std::invalid_argument);
  EXPECT_THROW(shop.leases().grant(sale, -5, at(1)), std::invalid_argument);
  EXPECT_EQ(shop.catalog().sale(sale)->unleased, 10);
}

TEST(Leases, AreFencedAndListedUntilClosed) {
  TestShop shop;
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

  auto transaction = shop.repositories.ledger().begin();
  transaction->close(a);
  transaction->close(b);
  transaction->commit();
  transaction.reset();
  EXPECT_THAT(shop.leases().not_closed(), IsEmpty());
  shop.leases().fence(a);  // closed stays closed
  EXPECT_THAT(shop.leases().not_closed(), IsEmpty());
}

TEST(Leases, StockTellsWhereTheUnitsOfRunningSalesAre) {
  TestShop shop;
  const auto sale = shop.sell(10);
  const auto ended = shop.sell(5, 1, at(2'000));
  const auto untouched = shop.sell(4);
  const auto a = *shop.leases().grant(sale, 4, at(1));
  const auto b = *shop.leases().grant(sale, 3, at(1));
  shop.commit({success(sale, a, 1), success(sale, a, 2), success(sale, b, 3)});
  auto transaction = shop.repositories.ledger().begin();
  transaction->close(b);
  transaction->commit();
  transaction.reset();

  const auto stock = shop.leases().stock(at(2'000));
  ASSERT_EQ(stock.size(), 2U);
  EXPECT_EQ(stock[0].sale, sale);
  EXPECT_EQ(stock[0].quantity, 10);
  EXPECT_EQ(stock[0].unleased, 5);  // 3 never leased, 2 back from b
  EXPECT_EQ(stock[0].leased_unsold, 2);
  EXPECT_EQ(stock[0].live, 0);
  EXPECT_EQ(stock[1].sale, untouched);
  EXPECT_EQ(stock[1].leased_unsold, 0);
  EXPECT_EQ(shop.leases().stock(at(1'999)).at(1).sale, ended);
}

}  // namespace
}  // namespace stampede::repositories::sql

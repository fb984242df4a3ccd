#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct AuditTest : OnEveryEngine {
  SaleId sale = shop.sell(100, 2);
  LeaseId lease = *shop.leases().grant(sale, 50, at(1));

  AuditedSale audited() { return shop.repositories.audit().audited_sales().at(0); }
  SaleId of_the_same_product(SaleId next) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE sales SET product = (SELECT p FROM (SELECT product AS p FROM sales "
                 "WHERE id = :earlier) e) WHERE id = :sale",
          soci::use(sale.value), soci::use(next.value);
    });
    return next;
  }
  void plant(const std::string& sql) {
    shop.database.write([&](soci::session& session) { session << sql; });
  }
};

INSTANTIATE_TEST_SUITE_P(On, AuditTest, every_engine(), testing::PrintToStringParamName());

TEST_P(AuditTest, AnHonestSaleIsClean) {
  const auto other = *shop.leases().grant(sale, 5, at(1));
  shop.commit({success(sale, lease, 1, 1), success(sale, lease, 1, 2), success(sale, other, 2),
               failure(sale, lease, 3, FailureReason::kTooLate)});
  const auto found = audited();
  EXPECT_EQ(found.sale.id, sale);
  EXPECT_EQ(found.product_name, "Trainers");
  EXPECT_EQ(found.sale.unleased, 45);
  ASSERT_EQ(found.leases.size(), 2U);
  EXPECT_EQ(found.leases[0].sold, 2);
  EXPECT_EQ(found.leases[1].sold, 1);
  EXPECT_EQ(found.active, 3);
  EXPECT_EQ(found.failed, 1);
  EXPECT_EQ(found.buyers_over_limit, 0);
  EXPECT_EQ(found.doubled_intents, 0);
  EXPECT_THAT(found.mischarged_leases, IsEmpty());
}

TEST_P(AuditTest, EverySaleIsRead) {
  const auto second = shop.sell(5);
  const auto second_lease = *shop.leases().grant(second, 5, at(1));
  shop.commit({success(second, second_lease, 1), success(sale, lease, 1)});
  const auto audited_sales = shop.repositories.audit().audited_sales();
  ASSERT_EQ(audited_sales.size(), 2U);
  EXPECT_EQ(audited_sales[0].active, 1);
  EXPECT_EQ(audited_sales[1].sale.id, second);
  EXPECT_EQ(audited_sales[1].active, 1);
  EXPECT_EQ(audited_sales[1].leases.at(0).id, second_lease);
}

TEST_P(AuditTest, FindsABuyerOverTheLimit) {
  shop.commit({success(sale, lease, 1, 1), success(sale, lease, 1, 2), success(sale, lease, 1, 3),
               success(sale, lease, 2, 1), success(sale, lease, 2, 2),
               failure(sale, lease, 2, FailureReason::kLimitReached)});
  EXPECT_EQ(audited().buyers_over_limit, 1);
  EXPECT_EQ(audited().doubled_intents, 0);
}

TEST_P(AuditTest, FindsAnIntentWithActiveOrdersInTwoSalesOfTheProduct) {
  const auto second = of_the_same_product(shop.sell(100, 2));
  const auto second_lease = *shop.leases().grant(second, 50, at(1));
  shop.commit({success(sale, lease, 1), success(second, second_lease, 1, 2),
               success(second, second_lease, 2), success(sale, lease, 3),
               failure(second, second_lease, 3, FailureReason::kTooLate)});
  const auto doubled = [&](std::size_t index) {
    return shop.repositories.audit().audited_sales().at(index).doubled_intents;
  };
  EXPECT_EQ(doubled(0) + doubled(1), 0) << "each with a key of its own";
  plant("UPDATE orders SET intent = 'the-very-same-one' WHERE buyer <> 1");
  EXPECT_EQ(doubled(0) + doubled(1), 0) << "two buyers, and one who failed in the other sale";
  plant("UPDATE orders SET intent = 'the-very-same-one'");
  EXPECT_EQ(doubled(0), 1);
  EXPECT_EQ(doubled(1), 1);
}

TEST_P(AuditTest, FindsAnIntentWithActiveOrdersInSalesOfTwoProducts) {
  const auto second = shop.sell(5);
  const auto second_lease = *shop.leases().grant(second, 5, at(1));
  shop.commit({success(sale, lease, 1), success(second, second_lease, 1), success(sale, lease, 2),
               success(second, second_lease, 3)});
  plant("UPDATE orders SET intent = 'the-very-same-one'");
  const auto audited_sales = shop.repositories.audit().audited_sales();
  EXPECT_EQ(audited_sales.at(0).doubled_intents, 1);
  EXPECT_EQ(audited_sales.at(1).doubled_intents, 1);
}

TEST_P(AuditTest, FindsADoubledIntent) {
  shop.commit({success(sale, lease, 1, 1), success(sale, lease, 1, 2), success(sale, lease, 2)});
  plant("UPDATE orders SET intent = 'the-very-same-one' WHERE buyer = 1");
  EXPECT_EQ(audited().doubled_intents, 1);
  EXPECT_EQ(audited().buyers_over_limit, 0);
  plant("UPDATE orders SET intent = 'the-very-same-one'");  // of another buyer it is another's
  EXPECT_EQ(audited().doubled_intents, 1);
}

TEST_P(AuditTest, FindsAMischargedLease) {
  const auto other = *shop.leases().grant(sale, 5, at(1));
  shop.commit({success(sale, lease, 1), success(sale, lease, 2), success(sale, other, 3)});
  plant("UPDATE stock_leases SET sold = sold + 1 WHERE id = 1");
  EXPECT_THAT(audited().mischarged_leases, ElementsAre(lease));
  plant("UPDATE orders SET lease = 99 WHERE buyer = 3");
  EXPECT_THAT(audited().mischarged_leases, ElementsAre(lease, other, LeaseId{99}));
}

TEST_P(AuditTest, StreamsTheOrdersOfOneSale) {
  const auto second = shop.sell(5);
  const auto second_lease = *shop.leases().grant(second, 5, at(1));
  shop.commit({success(sale, lease, 1), success(second, second_lease, 1),
               failure(sale, lease, 2, FailureReason::kNoUnit)});
  std::vector<std::int64_t> numbers;
  const auto collect = [&](const Order& order) { numbers.push_back(order.number.value); };
  shop.repositories.audit().for_each_order(sale, collect);
  EXPECT_THAT(numbers, ElementsAre(1, 3));
  shop.repositories.audit().for_each_order(SaleId{99}, collect);
  EXPECT_EQ(numbers.size(), 2U);
}

}  // namespace
}  // namespace stampede::repositories::sql

#include "repositories/sql/search/order_search.h"

#include <gmock/gmock.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <array>
#include <initializer_list>

#include "repositories/sql/connection/rows.h"
#include "repositories/sql/test_database.h"
#include "tests/support/sanitized.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::vector<std::int64_t> numbers_of(const FoundOrders& found) {
  std::vector<std::int64_t> numbers;
  for (const FoundOrder& order : found.orders) numbers.push_back(order.line.order.number.value);
  return numbers;
}

struct OrderSearchTest : OnEveryEngine {
  OrderSearchTest() {
    shop.accounts().create("Alice", "!", UserRole::kBuyer, at(1));
    auto late = success(second, second_lease, 1, 2);
    late.created_at = at(9'000);
    shop.commit({success(first, first_lease, 1), success(first, first_lease, 2),
                 failure(first, first_lease, 3, FailureReason::kNoUnit),
                 success(second, second_lease, 1), success(first, first_lease, 4),
                 failure(second, second_lease, 1, FailureReason::kTooLate), late});
  }

  SaleId first = shop.sell(100);
  SaleId second = shop.sell(100, 3);
  LeaseId first_lease = *shop.leases().grant(first, 50, at(1));
  LeaseId second_lease = *shop.leases().grant(second, 50, at(1));
  OrderSearch& search = shop.repositories.order_search();

  std::vector<std::int64_t> find(const OrderFilter& filter) {
    const auto found = search.find(filter, {}, 100);
    EXPECT_FALSE(found.continue_before);
    return numbers_of(found);
  }
};

INSTANTIATE_TEST_SUITE_P(On, OrderSearchTest, every_engine(), testing::PrintToStringParamName());

TEST_P(OrderSearchTest, FindsByEveryPartOfTheFilter) {
  EXPECT_THAT(find({}), ElementsAre(7, 6, 5, 4, 3, 2, 1));
  EXPECT_THAT(find({.number = {3}}), ElementsAre(3));
  EXPECT_THAT(find({.number = {8}}), IsEmpty());
  EXPECT_THAT(find({.sale = first}), ElementsAre(5, 3, 2, 1));
  EXPECT_THAT(find({.sale = {9}}), IsEmpty());
  EXPECT_THAT(find({.buyer = {1}}), ElementsAre(7, 6, 4, 1));
  EXPECT_THAT(find({.buyer = {9}}), IsEmpty());
  EXPECT_THAT(find({.status = OrderStatus::kFailed}), ElementsAre(6, 3));
  EXPECT_THAT(find({.from = at(9'000)}), ElementsAre(7));
  EXPECT_THAT(find({.to = at(9'000)}), ElementsAre(6, 5, 4, 3, 2, 1));
  EXPECT_THAT(find({.from = at(5'000), .to = at(5'001)}), ElementsAre(6, 5, 4, 3, 2, 1));
}

TEST_P(OrderSearchTest, AllPartsMustHold) {
  EXPECT_THAT(find({.sale = second, .buyer = {1}}), ElementsAre(7, 6, 4));
  EXPECT_THAT(find({.buyer = {1}, .status = OrderStatus::kFailed}), ElementsAre(6));
  EXPECT_THAT(find({.buyer = {1}, .from = at(9'000)}), ElementsAre(7));
  EXPECT_THAT(find({.sale = first, .status = OrderStatus::kSuccess, .to = at(5'000)}), IsEmpty());
  EXPECT_THAT(find({.number = {3}, .sale = first, .buyer = {3}, .status = OrderStatus::kFailed}),
              ElementsAre(3));
  EXPECT_THAT(find({.number = {3}, .sale = second}), IsEmpty());
  EXPECT_THAT(find({.number = {3}, .buyer = {1}}), IsEmpty());
  EXPECT_THAT(find({.number = {3}, .status = OrderStatus::kSuccess}), IsEmpty());
}

TEST_P(OrderSearchTest, ShowsWhatBelongsToAnOrder) {
  const auto found = search.find({.number = {4}}, {}, 10);
  ASSERT_EQ(found.orders.size(), 1U);
  const FoundOrder& order = found.orders.front();
  EXPECT_EQ(order.buyer_name, "Alice");
  EXPECT_EQ(order.line.product_name, "Trainers");
  EXPECT_EQ(order.line.product, shop.catalog().sale(second)->product);
  EXPECT_EQ(order.line.price_cents, 9'900);
  EXPECT_EQ(order.line.order.sale, second);
  EXPECT_EQ(order.line.order.lease, second_lease);
  EXPECT_EQ(search.find({.number = {2}}, {}, 10).orders.front().buyer_name, "");
}

TEST_P(OrderSearchTest, PagesFollowOneAnother) {
  for (const OrderFilter& filter : {OrderFilter{}, OrderFilter{.buyer = {1}}}) {
    const auto whole = find(filter);
    std::vector<std::int64_t> numbers;
    OrderNumber before;
    do {
      const auto page = search.find(filter, before, 2);
      if (page.continue_before) {
        EXPECT_EQ(page.orders.size(), 2U);
      }
      for (const auto number : numbers_of(page)) numbers.push_back(number);
      before = page.continue_before;
    } while (before);
    EXPECT_EQ(numbers, whole);
  }
}

TEST_P(OrderSearchTest, GoesOnWhereItWasCutShort) {
  SqlOrderSearch brief(shop.database, 3);
  const OrderFilter failed{.status = OrderStatus::kFailed};
  auto found = brief.find(failed, {}, 10);
  EXPECT_THAT(numbers_of(found), ElementsAre(6));
  EXPECT_EQ(found.continue_before, OrderNumber{5});
  found = brief.find(failed, found.continue_before, 10);
  EXPECT_THAT(numbers_of(found), ElementsAre(3));
  EXPECT_EQ(found.continue_before, OrderNumber{2});
  found = brief.find(failed, found.continue_before, 10);
  EXPECT_THAT(numbers_of(found), IsEmpty());
  EXPECT_FALSE(found.continue_before);
  EXPECT_FALSE(brief.find({.to = at(0)}, {4}, 10).continue_before);
  // A sale's search ends with its first number, however many orders there are below.
  const auto third = shop.sell(10);
  EXPECT_FALSE(brief.find({.sale = third}, {}, 10).continue_before);
}

TEST_P(OrderSearchTest, ALongGapCostsOneStep) {
  auto far = success(first, first_lease, 50);
  far.seq = 1'000'000'000;
  far.number = {1'000'000'000};
  auto transaction = shop.repositories.order_store().begin();
  transaction->insert({&far, 1});
  transaction->commit();
  transaction.reset();
  SqlOrderSearch brief(shop.database, 10);
  const auto newest = brief.find({.buyer = {}}, {}, 10);
  EXPECT_THAT(numbers_of(newest), ElementsAre(1'000'000'000));
  EXPECT_THAT(numbers_of(brief.find({}, newest.continue_before, 10)),
              ElementsAre(7, 6, 5, 4, 3, 2, 1));
}

// How much a search looks at among a million orders, counted in steps of SQLite's virtual machine,
// which are the same in every run.

constexpr int kOrders = 1'000'000;
constexpr std::int64_t kExamined = 10'000;
constexpr std::int64_t kStepsPerOrder = 16;
constexpr int kStepsAtOnce = 100;

int count_steps(void* steps) {
  *static_cast<std::int64_t*>(steps) += kStepsAtOnce;
  return 0;
}

class AMillionOrders : public ::testing::Test {
 protected:
  void SetUp() override {
    if (test_support::kSanitized) GTEST_SKIP() << "too slow under a sanitizer";
    for (auto& sale : sales_) {
      sale = shop_.sell(kOrders);
      shop_.database.write([&](soci::session& session) {
        session << fmt::format(
            "INSERT INTO orders ({}) WITH RECURSIVE n(i) AS (SELECT {} UNION ALL SELECT i + 1 "
            "FROM n WHERE i < {}) SELECT i, {}, i % 100000 + 1, 'intent-0123456789', i / 100000, "
            "1, 'success', '', i, 5000 + i, NULL FROM n",
            OrderRow::kNames, next_, next_ + kOrders / 4 - 1, sale.value);
        next_ += kOrders / 4;
        session << "UPDATE queue_shards SET last_seq = " << next_ - 1;
      });
    }
    // One thread that reads again and again gets the same connection each time.
    shop_.database.read([&](soci::session& session) {
      auto* backend = static_cast<soci::sqlite3_session_backend*>(session.get_backend());
      sqlite_api::sqlite3_progress_handler(backend->conn_, kStepsAtOnce, &count_steps, &steps_);
    });
  }

  std::int64_t steps_of(const OrderFilter& filter, OrderNumber before = {}) {
    steps_ = 0;
    search_.find(filter, before, 50);
    return steps_;
  }

  TestShop shop_;
  SqlOrderSearch search_{shop_.database, kExamined};
  std::array<SaleId, 4> sales_;
  std::int64_t next_ = 1;
  std::int64_t steps_ = 0;
};

TEST_F(AMillionOrders, NoSearchLooksAtMoreThanItsShare) {
  const OrderFilter everything_else{.status = OrderStatus::kFailed};
  // The count measures what it should: ten times the share costs ten times as much.
  SqlOrderSearch wide(shop_.database, 10 * kExamined);
  const std::int64_t narrow = steps_of(everything_else);
  steps_ = 0;
  wide.find(everything_else, {}, 50);
  EXPECT_GT(narrow, kExamined);
  EXPECT_GT(steps_, 9 * narrow);

  for (const OrderFilter& filter : filters_of_every_kind(sales_.front(), sales_.back())) {
    for (const OrderNumber before : {OrderNumber{}, OrderNumber{900'000}, OrderNumber{400'000}}) {
      EXPECT_LT(steps_of(filter, before), kExamined * kStepsPerOrder) << words_of(filter, before);
    }
  }
  for (const OrderFilter& quick :
       std::initializer_list<OrderFilter>{{}, {.number = {77}}, {.buyer = {5}}, {.sale = {99}}}) {
    EXPECT_LT(steps_of(quick), kExamined);
  }
}

}  // namespace
}  // namespace stampede::repositories::sql

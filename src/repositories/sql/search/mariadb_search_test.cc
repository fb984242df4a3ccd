// How much the searches of operators look at on MariaDB: rows that its engine was asked for.

#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/connection/rows.h"
#include "repositories/sql/search/order_search.h"
#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

constexpr int kOrders = 40'000;
constexpr int kSales = 4;
constexpr std::int64_t kExamined = 500;

class MariadbSearchTest : public ::testing::Test {
 protected:
  MariadbSearchTest() {
    for (int i = 0; i < kSales; ++i) sales_.push_back(shop_.sell(kOrders));
    shop_.database.write([&](soci::session& session) {
      session << "SET SESSION max_recursive_iterations = 1000000";
      session << fmt::format(
          "INSERT INTO orders ({}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
          "WHERE i < {}) SELECT i, {} + (i - 1) DIV {}, i % 10000 + 1, 'intent-0123456789', 1, 1, "
          "'success', '', i, 5000 + i, NULL FROM n",
          OrderRow::kNames, kOrders, sales_.front().value, kOrders / kSales);
      session << "UPDATE queue_shards SET last_seq = " << kOrders;
    });
  }

  /// Of the connection that reads next: one thread that reads again and again gets the same one.
  std::int64_t rows_read() {
    return shop_.database.read([](soci::session& session) {
      std::int64_t rows = 0;
      session
          << "SELECT CAST(SUM(variable_value) AS SIGNED) FROM information_schema.session_status "
             "WHERE variable_name LIKE 'handler_read%'",
          soci::into(rows);
      return rows;
    });
  }
  std::int64_t rows_of(const OrderFilter& filter, OrderNumber before = {}) {
    const std::int64_t first = rows_read();
    const std::int64_t begin = rows_read();
    search_.find(filter, before, 50);
    return rows_read() - begin - (begin - first);  // asking costs something too
  }

  TestShop shop_{Engine::kMariadb};
  SqlOrderSearch search_{shop_.database, kExamined};
  std::vector<SaleId> sales_;
};

TEST_F(MariadbSearchTest, NoSearchLooksAtMoreThanItsShare) {
  EXPECT_GT(rows_of({.status = OrderStatus::kFailed}), kExamined / 2);  // the count works
  for (const OrderFilter& filter : filters_of_every_kind(sales_.front(), sales_.back())) {
    for (const OrderNumber before : {OrderNumber{}, OrderNumber{30'000}, OrderNumber{9'000}}) {
      EXPECT_LT(rows_of(filter, before), 2 * kExamined) << words_of(filter, before);
    }
  }
}

}  // namespace
}  // namespace stampede::repositories::sql

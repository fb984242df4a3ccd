#include "repositories/sql/orders/orders.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include <algorithm>

#include "model/orders/order_number.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct OrdersTest : OnEveryEngine {
  SaleId sale = shop.sell(1'000, 3);
  LeaseId lease = *shop.leases().grant(sale, 500, at(1));

  std::vector<std::int64_t> numbers_of(UserId buyer, OrderNumber before, std::size_t limit) {
    std::vector<std::int64_t> numbers;
    for (const auto& line : shop.orders().of_buyer(buyer, before, limit)) {
      EXPECT_EQ(line.order.buyer, buyer);
      numbers.push_back(line.order.number.value);
    }
    return numbers;
  }
  std::vector<std::int64_t> recent(Instant over_after) {
    std::vector<std::int64_t> numbers;
    const auto recent = shop.orders().recent_sales(over_after);
    for (const Order& order : shop.orders().numbered(recent.first, recent.last, 100)) {
      if (std::ranges::find(recent.sales, order.sale) != recent.sales.end())
        numbers.push_back(order.number.value);
    }
    return numbers;
  }
  SaleId of_the_same_product(SaleId next) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE sales SET product = (SELECT p FROM (SELECT product AS p FROM sales "
                 "WHERE id = :earlier) e) WHERE id = :sale",
          soci::use(sale.value), soci::use(next.value);
    });
    return next;
  }
  void close(LeaseId id) {
    auto transaction = shop.repositories.order_store().begin();
    transaction->close(id);
    transaction->commit();
  }
  void set_hold(std::int64_t seconds) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE sales SET hold_seconds = :hold WHERE id = :id", soci::use(seconds),
          soci::use(sale.value);
    });
  }
  /// As if the last lease of the sale had been closed then.
  void closed_at(SaleId id, std::int64_t instant) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE sales SET last_closed_at = :at WHERE id = :id", soci::use(instant),
          soci::use(id.value);
    });
  }
};

INSTANTIATE_TEST_SUITE_P(On, OrdersTest, every_engine(), testing::PrintToStringParamName());

TEST_P(OrdersTest, APurchaseIsARowOrTheStateOfItsLease) {
  const auto order = shop.commit({success(sale, lease, 1)}).at(0);
  auto snapshot = shop.orders().purchase(sale, {1}, order.intent, lease);
  ASSERT_TRUE(snapshot.order);
  EXPECT_EQ(snapshot.order->number, order.number);
  EXPECT_TRUE(snapshot.lease_open);

  EXPECT_FALSE(shop.orders().purchase(sale, {2}, order.intent, lease).order);
  EXPECT_FALSE(shop.orders().purchase(sale, {1}, key(7), lease).order);
  EXPECT_FALSE(shop.orders().purchase(SaleId{9}, {1}, order.intent, lease).order);
  EXPECT_FALSE(shop.orders().purchase(sale, {1}, key(7), LeaseId{99}).lease_open);

  shop.leases().fence(lease);
  EXPECT_TRUE(shop.orders().purchase(sale, {1}, key(7), lease).lease_open);
  close(lease);
  EXPECT_FALSE(shop.orders().purchase(sale, {1}, key(7), lease).lease_open);
}

TEST_P(OrdersTest, APurchaseOfAnotherSaleOfTheProductIsFound) {
  const auto order = shop.commit({success(sale, lease, 1)}).at(0);
  const auto next = of_the_same_product(shop.sell(10));
  const auto found = shop.orders().purchase(next, {1}, order.intent, lease).order;
  ASSERT_TRUE(found);
  EXPECT_EQ(found->number, order.number);
  EXPECT_EQ(found->sale, sale);
  EXPECT_FALSE(shop.orders().purchase(next, {2}, order.intent, lease).order);
  EXPECT_FALSE(shop.orders().purchase(next, {1}, key(7), lease).order);
  const auto of_another_product = shop.sell(10);
  EXPECT_FALSE(shop.orders().purchase(of_another_product, {1}, order.intent, lease).order);
}

TEST_P(OrdersTest, AFailedPurchaseSaysWhy) {
  const auto order = shop.commit({failure(sale, lease, 1, FailureReason::kTooLate)}).at(0);
  const auto snapshot = shop.orders().purchase(sale, {1}, order.intent, lease);
  ASSERT_TRUE(snapshot.order);
  EXPECT_FALSE(snapshot.order->active());
  EXPECT_EQ(snapshot.order->reason, FailureReason::kTooLate);
  EXPECT_EQ(snapshot.order->slot, std::nullopt);
}

TEST_P(OrdersTest, ABuyerSeesTheirActiveOrdersNewestFirst) {
  const auto other_sale = shop.sell(10);
  const auto other_lease = *shop.leases().grant(other_sale, 10, at(1));
  shop.commit({success(sale, lease, 1, 1), success(sale, lease, 2),
               success(other_sale, other_lease, 1), success(sale, lease, 1, 2),
               failure(sale, lease, 1, FailureReason::kLimitReached)});
  EXPECT_THAT(numbers_of({1}, {}, 10), ElementsAre(4, 3, 1));
  EXPECT_THAT(numbers_of({1}, {}, 2), ElementsAre(4, 3));
  EXPECT_THAT(numbers_of({1}, {3}, 10), ElementsAre(1));
  EXPECT_THAT(numbers_of({3}, {}, 10), IsEmpty());
}

TEST_P(OrdersTest, AnOrderIsFoundWithWhatAPageShows) {
  shop.commit({success(sale, lease, 1)});
  const auto line = shop.orders().find({1});
  ASSERT_TRUE(line);
  EXPECT_EQ(line->order.buyer, UserId{1});
  EXPECT_EQ(line->product, shop.catalog().sale(sale)->product);
  EXPECT_EQ(line->product_name, "Trainers");
  EXPECT_EQ(line->price_cents, 9'900);
  EXPECT_FALSE(shop.orders().find({2}));
}

TEST_P(OrdersTest, RecentOnesAreThoseOfSalesThatHaveNotLongEnded) {
  EXPECT_THAT(recent(at(0)), IsEmpty());
  shop.commit({success(sale, lease, 1), success(sale, lease, 2)});
  const auto later = shop.sell(10, 1, at(9'000));
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.commit({success(later, later_lease, 1), failure(sale, lease, 3, FailureReason::kNoUnit)});
  EXPECT_THAT(recent(at(0)), ElementsAre(1, 2, 3, 4));
  shop.catalog().end_sale(sale, at(2'000));
  EXPECT_THAT(recent(at(1'999)), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(recent(at(2'000)), ElementsAre(3));
  EXPECT_THAT(recent(at(9'000)), IsEmpty());
}

TEST_P(OrdersTest, RecentOnesAreFoundWhicheverShardTheyCameFrom) {
  shop.database.write([](soci::session& session) {
    session << "INSERT INTO queue_shards (shard, last_seq) VALUES (1, 100)";
    session << "UPDATE queue_shards SET last_seq = 10 WHERE shard = 0";
  });
  const auto later = shop.sell(10);
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.catalog().end_sale(sale, at(1'500));
  auto transaction = shop.repositories.order_store().begin();
  auto slow = success(later, later_lease, 1);
  slow.seq = 11;
  slow.number = number_of(11, 0, 2);
  transaction->insert({&slow, 1});
  transaction->commit();
  transaction.reset();
  EXPECT_THAT(recent(at(2'000)), ElementsAre(21));
}

/// An order of a shard, numbered as OrderWriter numbers them.
Order of_shard(Order order, std::int32_t shard, std::int64_t seq) {
  order.seq = seq;
  order.number = number_of(seq, shard, 4);
  return order;
}

struct ShardedOrdersTest : OrdersTest {
  ShardedOrdersTest() {
    shop.repositories.ensure_shards(4);
    // Shard 0 is ahead, shard 2 has failed orders only, shard 3 none.
    for (std::int64_t seq = 1; seq <= 5; ++seq) write(success(sale, lease, 10 + seq), 0, seq);
    write(success(sale, lease, 21), 1, 1);
    write(failure(sale, lease, 31, FailureReason::kNoUnit), 2, 1);
    write(failure(sale, lease, 32, FailureReason::kTooLate), 2, 2);
  }
  void write(const Order& order, std::int32_t shard, std::int64_t seq) {
    auto transaction = shop.repositories.order_store().begin();
    const auto numbered = of_shard(order, shard, seq);
    ShardEnd end = transaction->lock_shard(shard).end;
    end.add(numbered);
    transaction->insert({&numbered, 1});
    transaction->advance_shard(shard, end);
    transaction->commit();
  }
  std::vector<std::int64_t> buyers_since(std::int32_t shard, std::int64_t after, std::size_t most) {
    std::vector<std::int64_t> buyers;
    for (const auto& order : shop.orders().since(shard, after, most)) {
      buyers.push_back(order.buyer.value);
    }
    return buyers;
  }
};
INSTANTIATE_TEST_SUITE_P(On, ShardedOrdersTest, every_engine(), testing::PrintToStringParamName());

TEST_P(ShardedOrdersTest, AreReadShardByShardBehindACursor) {
  EXPECT_THAT(buyers_since(0, 0, 10), ElementsAre(11, 12, 13, 14, 15));
  EXPECT_THAT(buyers_since(0, 2, 2), ElementsAre(13, 14));
  EXPECT_THAT(buyers_since(0, 4, 2), ElementsAre(15));
  EXPECT_THAT(buyers_since(0, 5, 2), IsEmpty());
  EXPECT_THAT(buyers_since(1, 0, 10), ElementsAre(21));
  EXPECT_THAT(buyers_since(2, 0, 10), ElementsAre(31, 32));
  EXPECT_THAT(buyers_since(3, 0, 10), IsEmpty());
  EXPECT_EQ(shop.orders().since(2, 1, 10).at(0).reason, FailureReason::kTooLate);
  EXPECT_EQ(shop.orders().since(2, 1, 10).at(0).seq, 2);
}

/// As quantity control compares them.
TEST_P(ShardedOrdersTest, ADigestIsThatOfTheOrdersThatAreRead) {
  std::vector<ShardEnd> read(4);
  for (std::int32_t shard = 0; shard < 4; ++shard) {
    for (const Order& order : shop.orders().since(shard, 0, 10)) {
      read[static_cast<std::size_t>(shard)].add(order);
    }
  }
  EXPECT_EQ(shop.orders().newest(), read);
  EXPECT_EQ(read[0].seq, 5);
  EXPECT_NE(read[0].digest, 0);
}

TEST_P(ShardedOrdersTest, CursorsBeginBeforeEverySaleThatHasNotLongEnded) {
  const auto cursors = [&](std::int64_t ended_after) {
    return shop.orders().cursors_before_recent(at(ended_after));
  };
  EXPECT_THAT(cursors(0), ElementsAre(0, 0, 0, 0));
  const auto later = shop.sell(10);
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.catalog().end_sale(sale, at(2'000));
  EXPECT_THAT(cursors(1'999), ElementsAre(0, 0, 0, 0));
  write(success(later, later_lease, 1), 0, 6);
  write(success(later, later_lease, 2), 1, 2);
  write(success(later, later_lease, 3), 3, 1);
  const auto begin = cursors(2'000);
  ASSERT_EQ(begin.size(), 4U);
  EXPECT_EQ(begin[3], 0);
  std::vector<std::int64_t> found;
  for (std::int32_t shard = 0; shard < 4; ++shard) {
    for (const auto& order :
         shop.orders().since(shard, begin[static_cast<std::size_t>(shard)], 10)) {
      if (order.sale == later) found.push_back(order.buyer.value);
    }
  }
  EXPECT_THAT(found, ElementsAre(1, 2, 3));
  shop.catalog().end_sale(later, at(3'000));
  EXPECT_THAT(cursors(3'000), ElementsAre(6, 2, 2, 1));
}

TEST_P(OrdersTest, CursorsPassWhatCameBeforeARecentSale) {
  shop.commit({success(sale, lease, 1), success(sale, lease, 2), success(sale, lease, 3)});
  shop.catalog().end_sale(sale, at(2'000));
  const auto later = shop.sell(10);
  const auto later_lease = *shop.leases().grant(later, 10, at(1));
  shop.commit({success(later, later_lease, 1)});
  EXPECT_THAT(shop.orders().cursors_before_recent(at(2'000)), ElementsAre(3));
  EXPECT_EQ(shop.orders().since(0, 3, 10).at(0).sale, later);
}

TEST_P(OrdersTest, AreReadByNumberPageByPage) {
  shop.commit({success(sale, lease, 1), failure(sale, lease, 2, FailureReason::kTooLate),
               success(sale, lease, 3), success(sale, lease, 4)});
  const auto page = [&](std::int64_t first, std::int64_t last, std::size_t most) {
    std::vector<std::int64_t> numbers;
    for (const Order& order : shop.orders().numbered({first}, {last}, most)) {
      numbers.push_back(order.number.value);
    }
    return numbers;
  };
  EXPECT_THAT(page(1, 4, 10), ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(page(1, 4, 2), ElementsAre(1, 2));
  EXPECT_THAT(page(3, 3, 10), ElementsAre(3));
  EXPECT_THAT(page(5, 9, 10), IsEmpty());
}

TEST_P(OrdersTest, ASaleWithoutAnEndIsOverOnceItIsSoldOutAndItsLeasesAreClosed) {
  shop.commit({success(sale, lease, 1)});
  const auto is_recent = [&](std::int64_t over_after) {
    return !shop.orders().recent_sales(at(over_after)).sales.empty();
  };
  const auto settled_at = [&] { return shop.leases().stock(at(0)).at(0).settled_at; };
  closed_at(sale, 7'000);
  EXPECT_TRUE(is_recent(9'000)) << "units are unleased, and a lease is open";
  const auto rest = *shop.leases().grant(sale, 500, at(1));
  closed_at(sale, 7'000);
  EXPECT_TRUE(is_recent(9'000)) << "two leases are open";
  EXPECT_EQ(settled_at(), std::nullopt);
  for (const LeaseId id : {lease, rest}) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE stock_leases SET sold = granted WHERE id = :id", soci::use(id.value);
    });
    close(id);
  }
  ASSERT_TRUE(settled_at());
  EXPECT_GT(*settled_at(), read_clocks().wall - std::chrono::hours{1}) << "by its own clock";
  EXPECT_LT(*settled_at(), read_clocks().wall + std::chrono::hours{1});
  closed_at(sale, 7'000);
  EXPECT_EQ(settled_at(), at(7'000));
  EXPECT_TRUE(is_recent(6'999));
  EXPECT_FALSE(is_recent(7'000));
  EXPECT_THAT(shop.orders().cursors_before_recent(at(7'000)), ElementsAre(1));
  shop.catalog().add_stock({.sale = sale, .units = 1, .most = 10'000}, at(2'000));
  EXPECT_EQ(settled_at(), std::nullopt);
  EXPECT_TRUE(is_recent(9'000)) << "it sells again";
}

/// An order that expires gives its unit back: a process that starts needs the buyers of such a sale
/// for as long as its last hold may last.
TEST_P(OrdersTest, ASaleIsOverOnceItsHoldsHaveRunOut) {
  shop.commit({success(sale, lease, 1)});
  const auto is_recent = [&](std::int64_t over_after) {
    return !shop.orders().recent_sales(at(over_after)).sales.empty();
  };
  const auto rest = *shop.leases().grant(sale, 500, at(1));
  for (const LeaseId id : {lease, rest}) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE stock_leases SET sold = granted WHERE id = :id", soci::use(id.value);
    });
    close(id);
  }
  closed_at(sale, 7'000);
  set_hold(3);
  EXPECT_TRUE(is_recent(9'999)) << "sold out at 7, held until 10";
  EXPECT_FALSE(is_recent(10'000));
  EXPECT_THAT(shop.orders().cursors_before_recent(at(9'999)), ElementsAre(0));
  shop.database.write([&](soci::session& session) {
    session << "UPDATE sales SET unleased = 1, ends_at = 8000 WHERE id = :id",
        soci::use(sale.value);
  });
  EXPECT_TRUE(is_recent(10'999)) << "ended at 8, held until 11";
  EXPECT_FALSE(is_recent(11'000));
}

TEST_P(OrdersTest, ABuyersOrdersAreFoundInMoreSalesThanOneStatementNames) {
  constexpr int kSales = 1'100;
  shop.database.write([&](soci::session& session) {
    for (int i = 0; i < kSales; ++i) {
      session << "INSERT INTO sales (product, price_cents, quantity, unleased, per_buyer_limit, "
                 "starts_at, captcha, first_number, created_at) VALUES (1, 1, 1, 1, 1, 1, 0, 1, 1)";
    }
  });
  const SaleId last = shop.catalog().sales().sales.back().id;
  const SaleId middle{last.value - kSales / 2};
  shop.commit({success(last, lease, 1), success(sale, lease, 1), success(middle, lease, 1),
               success(middle, lease, 2)});
  EXPECT_THAT(numbers_of({1}, {}, 10), ElementsAre(3, 2, 1));
  EXPECT_THAT(numbers_of({1}, {}, 1), ElementsAre(3));
  EXPECT_THAT(numbers_of({1}, {3}, 1), ElementsAre(2));
}

/// How the database would run a statement: SQLite's or MariaDB's words for it, a line a table.
std::vector<std::string> plan_of(Database& database, Engine engine, const std::string& statement,
                                 std::size_t parameters) {
  return database.read([&](soci::session& session) {
    std::vector<std::string> lines;
    soci::row row;
    soci::statement explain(session);
    std::int64_t value = 1;
    explain.exchange(soci::into(row));
    for (std::size_t i = 0; i < parameters; ++i) explain.exchange(soci::use(value));
    prepare(explain, (engine == Engine::kSqlite ? "EXPLAIN QUERY PLAN " : "EXPLAIN ") + statement);
    for (explain.execute(); explain.fetch();) {
      std::string line;
      for (std::size_t i = 0; i < row.size(); ++i) {
        if (row.get_properties(i).get_data_type() != soci::dt_string) continue;
        line += row.get<std::string>(i, "-") + ' ';
      }
      lines.push_back(line);
    }
    return lines;
  });
}

struct OrderPlansTest : OrdersTest {
  /// So many that a database which may choose would rather read them all than look up a few.
  OrderPlansTest() {
    constexpr int kOrders = 20'000;
    shop.database.write([&](soci::session& session) {
      if (GetParam() == Engine::kMariadb)
        session << "SET SESSION max_recursive_iterations = 1000000";
      session << fmt::format(
          "INSERT INTO orders ({}) WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n "
          "WHERE i < {}) SELECT i, {}, i, 'intent-0123456789', 1, 1, 'success', '', i, 5000, NULL "
          "FROM n",
          OrderRow::kNames, kOrders, sale.value);
      session << "UPDATE queue_shards SET last_seq = " << kOrders;
    });
    for (int i = 0; i < 30; ++i) shop.sell(1);
    shop.database.write([&](soci::session& session) {
      session << "INSERT INTO order_events (number, order_number, kind, actor, reason, seq, "
                 "created_at) SELECT number + 1000000, number, 'cancelled', 'cli:olga', '', seq, 1 "
                 "FROM orders WHERE number % 4 = 0";
      session << (GetParam() == Engine::kMariadb ? "ANALYZE TABLE orders, order_events"
                                                 : "ANALYZE");
    });
  }
  std::vector<std::string> plan(const std::string& statement, std::size_t parameters) {
    return plan_of(shop.database, GetParam(), statement, parameters);
  }
};
INSTANTIATE_TEST_SUITE_P(On, OrderPlansTest, every_engine(), testing::PrintToStringParamName());

/// The first line is about the orders; beside them their events alone are looked up, by their
/// index.
void expect_orders_and_their_events(Engine engine, const std::vector<std::string>& lines) {
  const bool sqlite = engine == Engine::kSqlite;
  const auto subquery = testing::HasSubstr("CORRELATED SCALAR SUBQUERY");
  const auto by_order =
      testing::HasSubstr(sqlite ? "SEARCH e USING INDEX order_events_by_order (order_number=?)"
                                : "e ref order_events_by_order order_events_by_order 8 ");
  ASSERT_EQ(lines.size(), sqlite ? 3U : 2U);
  EXPECT_THAT(lines[1], sqlite ? subquery : by_order);
  EXPECT_THAT(lines.back(), by_order);
}

TEST_P(OrderPlansTest, ABuyersOrdersAreLookedUpInEachSale) {
  std::vector<SaleId> sales;
  const auto listed = shop.catalog().sales();
  for (const Sale& each : listed.sales) sales.push_back(each.id);
  const auto lines = plan(SqlOrders::of_buyer_statement(shop.database.dialect(), sales), 2);
  expect_orders_and_their_events(GetParam(), lines);
  if (GetParam() == Engine::kSqlite) {
    EXPECT_THAT(
        lines[0],
        testing::HasSubstr("SEARCH o USING INDEX sqlite_autoindex_orders_1 (sale=? AND buyer=?)"));
  } else {
    EXPECT_THAT(lines[0], testing::HasSubstr("o range orders_by_buyer orders_by_buyer 16 "));
  }
}

TEST_P(OrderPlansTest, WhereRecentOrdersBeginIsSaidBySalesAndLeasesAlone) {
  for (const std::string& line : plan(SqlOrders::recent_sales_statement(), 2)) {
    EXPECT_THAT(line, testing::Not(testing::HasSubstr("orders"))) << line;
    EXPECT_THAT(line, testing::Not(testing::HasSubstr(" o "))) << line;
  }
}

TEST_P(OrderPlansTest, OrdersAreReadAlongTheirNumbers) {
  const auto lines = plan(SqlOrders::numbered_statement(), 3);
  expect_orders_and_their_events(GetParam(), lines);
  EXPECT_THAT(lines[0], testing::HasSubstr(GetParam() == Engine::kSqlite
                                               ? "USING INTEGER PRIMARY KEY (rowid>? AND rowid<?)"
                                               : "o range PRIMARY PRIMARY 8 "));
}

}  // namespace
}  // namespace stampede::repositories::sql

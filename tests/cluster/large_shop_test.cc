// A validator that starts in the middle of a sale with many orders: it is ready before it knows
// them, sells meanwhile, and says no *no* until it knows them all.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <string>

#include "model/orders/order_number.h"
#include "queue/shards.h"
#include "tests/support/cluster/cluster.h"
#include "tests/support/eventually.h"
#include "tests/support/many_orders.h"

namespace stampede::test_support {
namespace {

const std::int64_t kOrders = count_of_orders();

/// The number of the order that buyer `id` has.
std::int64_t number_of(std::int64_t id) { return stampede::number_of(id, 0, queue::kShards).value; }

/// The sale has sold that many units more, all of one lease of shard 0: one to each buyer from 1.
void sell_many(Cluster& cluster, SaleId sale) {
  cluster.servers().database().sql(
      fmt::format("USE {2}; START TRANSACTION;"
                  "INSERT INTO stock_leases (id, sale, granted, sold, state, created_at) "
                  "VALUES (4, {1}, {0}, {0}, 'closed', 1000);"
                  "INSERT INTO orders ({3}) SELECT (seq - 1) * 4 + 1, {1}, seq, "
                  "CONCAT('intent-', LPAD(seq, 16, '0')), 1, 4, 'success', '', seq, 1000 "
                  "FROM seq_1_to_{0};"
                  "UPDATE queue_shards SET last_seq = {0} WHERE shard = 0;"
                  "UPDATE sales SET quantity = quantity + {0} WHERE id = {1}; COMMIT",
                  kOrders, sale.value, cluster.queue_name(), kOrderColumns));
}

TEST(LargeCluster, AValidatorSellsBeforeItKnowsTheOrdersAndForgetsNobody) {
  Servers servers({});
  Cluster cluster(servers);
  const auto lamp = cluster.open_sale({.quantity = 1'000});
  Buyer oldest = cluster.buyer("a", 1);
  Buyer newest = cluster.buyer("a", kOrders);
  Buyer fresh = cluster.buyer("a", kOrders + 1);
  for (const std::string role : {"a", "b", "consume", "quantity"}) {
    EXPECT_EQ(cluster.terminate(role), 0) << role;
  }
  sell_many(cluster, lamp.id);
  for (const std::string role : {"quantity", "consume", "a", "b"}) cluster.begin(role);
  const auto began = std::chrono::steady_clock::now();
  cluster.await_ready("a");
  const bool knew_all = cluster.metric("a", "stampede_orders_known") == 1;
  const std::chrono::duration<double> ready = std::chrono::steady_clock::now() - began;
  fmt::print("{} orders: a validator is ready after {:.1f} s\n", kOrders, ready.count());
  EXPECT_FALSE(knew_all) << "ready only once everything was loaded";
  // By processor time, and the least of some starts: the machine may be busy.
  auto work = cluster.processor_time("a");
  for (int i = 0; i < 5 && work >= std::chrono::seconds{1}; ++i) {
    EXPECT_EQ(cluster.terminate("a"), 0);
    cluster.start("a");
    work = std::min(work, cluster.processor_time("a"));
  }
  EXPECT_LT(work, std::chrono::seconds{1});

  // Whatever is loaded by now: a buyer without an order gets one, and nobody gets a second one.
  const std::string key = fresh_key();
  EXPECT_TRUE(eventually(kPatience, [&] {
    const int status = fresh.buy(lamp.product, key).status;
    EXPECT_THAT(status, testing::AnyOf(200, 201, 202, 503));
    return status == 200 || status == 201;
  }));
  const CheckAnswer more = newest.buy(lamp.product, fresh_key());
  EXPECT_THAT(more.status, testing::AnyOf(409, 503)) << more.response.body;

  const auto loading = std::chrono::steady_clock::now();
  EXPECT_TRUE(eventually(std::chrono::minutes{20}, [&] {
    return cluster.metric("a", "stampede_orders_known") == 1 &&
           cluster.metric("b", "stampede_orders_known") == 1;
  }));
  fmt::print("all are known {:.1f} s later\n",
             std::chrono::duration<double>(std::chrono::steady_clock::now() - loading).count());
  EXPECT_GE(cluster.metric("a", "stampede_loaded_orders"), kOrders);
  EXPECT_EQ(oldest.buy(lamp.product, key_of(1)).order, number_of(1));
  EXPECT_EQ(newest.buy(lamp.product, key_of(kOrders)).order, number_of(kOrders));
  // A lease of before the restart may have to be closed first.
  EXPECT_TRUE(eventually(kPatience, [&] {
    const CheckAnswer limited = oldest.buy(lamp.product, fresh_key());
    return limited.status == 409 && limited.result == "limit-reached";
  }));
  cluster.run({"audit"});
}

}  // namespace
}  // namespace stampede::test_support

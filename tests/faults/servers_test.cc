// What happens to the broker and the database of a cluster in the middle of a sale. Every test ends
// with the audit of all answers that buyers saw; see CrowdedSale::finish().
// Seen red: a consumer that does not look for the intent (I5, BrokerKilled and LatePurchases); one
// that charges closed leases (quarantine, LatePurchases).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <optional>
#include <vector>

#include "tests/support/cluster/crowded_sale.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

const Cluster::Options kPaced{.check_rate = 150, .check_burst = 20};

class ServersOfACluster : public testing::Test {
 protected:
  static void SetUpTestSuite() { servers_.emplace(Servers::Options{}); }
  static void TearDownTestSuite() { servers_.reset(); }

  /// In order.
  struct Times {
    std::vector<steady_clock::duration> refusals;
    std::vector<steady_clock::duration> idle;
  };
  template <class Ask>
  static steady_clock::duration time(Ask&& ask) {
    const auto begin = steady_clock::now();
    ask();
    return steady_clock::now() - begin;
  }
  /// How long a validator takes to refuse each of some purchases for its broker's sake, none of
  /// which may succeed, and, in turn with them, for what needs nobody else.
  static Times time_refusals(Cluster& cluster, ProductId product) {
    constexpr std::size_t kRefusals = 20;
    // Of no crowd: their refusals are not in its record.
    Buyer buyer = cluster.buyer("a", 900'000);
    Buyer visitor = cluster.operator_at("a");
    Times times;
    eventually(kPatience, [&] {
      CheckAnswer answer;
      const auto took = time([&] { answer = buyer.buy(product, fresh_key()); });
      if (answer.status == 429) return false;  // the crowd was at the bucket first
      EXPECT_EQ(answer.status, 503);
      EXPECT_NE(answer.response.header("retry-after"), "");
      times.refusals.push_back(took);
      times.idle.push_back(time([&] { EXPECT_EQ(visitor.get("/healthz").status, 200); }));
      return times.refusals.size() == kRefusals;
    });
    EXPECT_EQ(times.refusals.size(), kRefusals);
    std::ranges::sort(times.refusals);
    std::ranges::sort(times.idle);
    return times;
  }

  static std::optional<Servers> servers_;
};
std::optional<Servers> ServersOfACluster::servers_;

/// At full speed, so that there are always purchases on the way and orders not yet acknowledged.
TEST_F(ServersOfACluster, BrokerKilled) {
  Cluster cluster(*servers_);
  CrowdedSale sale(cluster, {.stock = 10'000, .demand = 12'000, .connections = 256});
  for (const std::int64_t units : {300, 4'000}) {
    sale.await_sold(units);
    servers_->broker().kill();
    servers_->broker().start();
  }
  sale.finish();
}

/// Purchases that a validator sent and the broker never took. When the validator repeats them its
/// leases are long closed, and their units sold by another; or, where buyers did not wait for it,
/// other validators have sold to them. How many come late is chance: most often none, seldom dozens
/// (finish() prints it). The simulation drives this interleaving on purpose.
class LatePurchases : public ServersOfACluster, public testing::WithParamInterface<int> {};

TEST_P(LatePurchases, AreNotSoldAgain) {
  // The buckets leave 4 s and more between the freeze and the end of the sale, however quick the
  // machine: so there are always purchases on the way.
  Cluster cluster(*servers_, {.check_rate = 1'000, .check_burst = 50});
  CrowdedSale sale(cluster,
                   {.stock = 10'000, .demand = 12'000, .connections = 512, .patience = GetParam()});
  sale.await_sold(1'000);
  servers_->broker().freeze();
  EXPECT_TRUE(eventually(kPatience,
                         [&] { return cluster.metric("a", "stampede_publisher_unresolved") > 0; }));
  cluster.freeze("a");
  servers_->broker().kill();
  servers_->broker().start();
  hold(10s);
  cluster.thaw("a");
  sale.finish();
}
INSTANTIATE_TEST_SUITE_P(BuyersWait, LatePurchases, testing::Values(2, 20));

TEST_F(ServersOfACluster, BrokerBlockedRefusesWithin100ms) {
  // A broker tells of its alarm only those who publish after it: the buckets make the sale last for
  // 2 min, however quick the machine, and leave rabbitmqctl a core to start on.
  Cluster cluster(*servers_, {.check_rate = 50, .check_burst = 50});
  CrowdedSale sale(cluster, {.stock = 12'000, .demand = 12'500});
  sale.await_sold(300);
  servers_->broker().ctl({"set_vm_memory_high_watermark", "absolute", "1"});
  const bool blocked =
      eventually(kPatience, [&] { return !cluster.ready("a") && !cluster.ready("b"); });
  EXPECT_TRUE(blocked) << "the validators do not see the alarm:\n"
                       << cluster.metrics("a") << cluster.metrics("b");
  if (blocked) {
    const auto [refusals, idle] = time_refusals(cluster, sale.sale().product);
    ASSERT_FALSE(refusals.empty());
    fmt::print("refused in {} ms at most; what decides nothing in {} ms\n", refusals.back() / 1ms,
               idle.back() / 1ms);
    // Within 100 ms, or on a machine that is busy with other work as soon as anything is answered.
    // The slowest say most of that work.
    const std::size_t most = refusals.size() * 3 / 4;
    EXPECT_LT(refusals[most], std::max<steady_clock::duration>(100ms, 10 * idle[most]));
  }
  servers_->broker().ctl({"set_vm_memory_high_watermark", "absolute", "512MiB"});
  sale.finish();
}

TEST_F(ServersOfACluster, BrokerFrozen) {
  Cluster cluster(*servers_, kPaced);
  CrowdedSale sale(cluster, {.stock = 2'000, .demand = 3'000});
  sale.await_sold(300);
  servers_->broker().freeze();
  hold(12s);
  servers_->broker().thaw();
  sale.finish();
}

TEST_F(ServersOfACluster, DatabaseFrozenFor30Seconds) {
  Cluster cluster(*servers_, kPaced);
  CrowdedSale sale(cluster, {.stock = 2'000, .demand = 3'000});
  sale.await_sold(300);
  servers_->database().freeze();
  hold(30s);
  servers_->database().thaw();
  sale.finish();
}

TEST_F(ServersOfACluster, DatabaseKilled) {
  Cluster cluster(*servers_, kPaced);
  CrowdedSale sale(cluster, {.stock = 2'000, .demand = 3'000});
  sale.await_sold(300);
  servers_->database().kill();
  hold(5s);
  servers_->database().start();
  sale.finish();
}

TEST(ThreeBrokers, GoOnWithoutOne) {
  Servers servers({.brokers = 3, .wiring = Servers::Wiring::kNetwork});
  Cluster cluster(servers, kPaced);
  CrowdedSale sale(cluster, {.stock = 2'000, .demand = 3'000});
  sale.await_sold(300);
  servers.broker(1).kill();
  sale.await_sold(1'500);  // before it is back
  servers.broker(1).start();
  sale.finish();
}

}  // namespace
}  // namespace stampede::test_support

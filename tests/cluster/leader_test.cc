// Two processes of quantity control: one leads, and the other takes over in the middle of a sale.
#include <gmock/gmock.h>

#include "tests/support/crowded_sale.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

constexpr const char* kFirst = "quantity";
constexpr const char* kSecond = "quantity-2";
/// A takeover takes less than 3 s; the rest is for a busy machine.
constexpr auto kTakeover = 30s;

class LeaderTest : public testing::Test {
 protected:
  LeaderTest() {
    EXPECT_TRUE(cluster_.leads(kFirst));
    EXPECT_FALSE(cluster_.leads(kSecond));
    EXPECT_TRUE(cluster_.ready(kSecond)) << "as a standby";
  }

  void await_leader(const std::string& quantity) {
    const auto begin = std::chrono::steady_clock::now();
    ASSERT_TRUE(eventually(kTakeover, [&] { return cluster_.leads(quantity); }));
    const auto took = std::chrono::duration_cast<std::chrono::milliseconds>(
        std::chrono::steady_clock::now() - begin);
    RecordProperty("takeover_ms", std::to_string(took.count()));
  }
  std::int64_t ring_epoch() { return cluster_.number("SELECT epoch FROM ring"); }

  Servers servers_{{}};
  Cluster cluster_{servers_,
                   {.quantities = {kFirst, kSecond}, .check_rate = 60, .check_burst = 20}};
};

/// Life of a lease: 5 s. A sale that goes on for longer than that without the first has its leases
/// from the second.
TEST_F(LeaderTest, AStandbyTakesOverFromALeaderThatIsKilled) {
  CrowdedSale sale(cluster_, {.stock = 2'000, .demand = 3'000});
  sale.await_sold(200);
  const std::int64_t ring = ring_epoch();
  cluster_.kill(kFirst);
  await_leader(kSecond);
  sale.await_sold(1'500);
  EXPECT_EQ(ring_epoch(), ring) << "no member was lost";
  cluster_.start(kFirst);
  EXPECT_FALSE(cluster_.leads(kFirst)) << "it stands by now";
  sale.finish();
  EXPECT_EQ(sale.too_late(), 0);
}

TEST_F(LeaderTest, ALeaderThatIsResumedFencesNothingAndLeavesTheRingAlone) {
  CrowdedSale sale(cluster_, {.stock = 2'000, .demand = 3'000});
  sale.await_sold(200);
  const std::int64_t ring = ring_epoch();
  cluster_.freeze(kFirst);
  await_leader(kSecond);
  hold(8s);  // longer than a lease and its guard: the first has heard of nobody for so long
  cluster_.thaw(kFirst);
  ASSERT_TRUE(eventually(kTakeover, [&] { return cluster_.ready(kFirst); }));
  EXPECT_FALSE(cluster_.leads(kFirst));
  EXPECT_TRUE(cluster_.leads(kSecond));
  sale.await_sold(1'800);
  EXPECT_EQ(ring_epoch(), ring);
  EXPECT_EQ(cluster_.number("SELECT COUNT(*) FROM validators"), 2);
  sale.finish();
  EXPECT_EQ(sale.too_late(), 0) << "no lease that was sold from was fenced";
}

TEST_F(LeaderTest, AStandbyLeadsAtOnceWhenTheLeaderIsStopped) {
  ASSERT_EQ(cluster_.terminate(kFirst), 0);
  await_leader(kSecond);
  cluster_.start(kFirst);
  const auto open = cluster_.open_sale({.quantity = 10});
  Buyer buyer = cluster_.buyer("a", 1);
  const std::string key = fresh_key();
  EXPECT_TRUE(eventually(kPatience, [&] {
    const CheckAnswer answer = buyer.buy(open.product, key);
    return answer.status == 202 || answer.result == "sold";
  }));
}

}  // namespace
}  // namespace stampede::test_support

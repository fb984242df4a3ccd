// What happens to the roles of a cluster in the middle of a sale: killed, frozen, restarted. Every
// test ends with the audit of all answers that buyers saw; see CrowdedSale::finish().
// Seen red: "sold out" said as soon as nothing is unleased (I6, KilledRole); quantity control
// giving up leases that are alive, and the consumer charging closed ones (quarantine).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>

#include "tests/support/cluster/crowded_sale.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

/// Slow enough that the sale goes on for seconds after the fault.
const Cluster::Options kPaced{.check_rate = 150, .check_burst = 20};

class Roles : public testing::Test {
 protected:
  static void SetUpTestSuite() { servers_.emplace(Servers::Options{}); }
  static void TearDownTestSuite() { servers_.reset(); }

  static std::optional<Servers> servers_;
};
std::optional<Servers> Roles::servers_;

class KilledRole : public Roles, public testing::WithParamInterface<const char*> {};

TEST_P(KilledRole, IsStartedAgainAndNothingIsLost) {
  Cluster cluster(*servers_, kPaced);
  CrowdedSale sale(cluster, {.stock = 1'500, .demand = 1'500});
  sale.await_sold(300);
  const std::string role = GetParam();
  cluster.kill(role);
  // By what is left. Without quantity control all validators sell for 5 s only: a machine may be
  // busy for as long.
  if (role != "quantity") sale.await_sold(400);
  cluster.start(role);
  sale.finish();
}
INSTANTIATE_TEST_SUITE_P(Each, KilledRole, testing::Values("a", "quantity", "admin"));

/// Nobody hears of a sale before these are back. At full speed, so that every kill falls among
/// orders that are being written, or told.
class KilledWriter : public KilledRole {};

TEST_P(KilledWriter, IsStartedAgainAndNothingIsLost) {
  Cluster cluster(*servers_);
  CrowdedSale sale(cluster, {.stock = 10'000, .demand = 12'000, .connections = 256});
  for (const std::int64_t units : {500, 2'000, 3'500, 5'000}) {
    sale.await_sold(units);
    cluster.kill(GetParam());
    cluster.start(GetParam());
  }
  sale.finish();
}
INSTANTIATE_TEST_SUITE_P(Each, KilledWriter, testing::Values("consume", "web"));

TEST_F(Roles, EachKilledInTurnInOneSale) {
  Cluster cluster(*servers_, kPaced);
  CrowdedSale sale(cluster, {.stock = 3'000, .demand = 4'500});
  std::int64_t units = 0;
  for (const std::string& role : cluster.roles()) {
    sale.await_sold(units += 300);
    cluster.kill(role);
    cluster.start(role);
  }
  sale.finish();
}

TEST_F(Roles, ValidatorGoneForGood) {
  Cluster cluster(*servers_, kPaced);
  CrowdedSale sale(cluster, {.stock = 1'500, .demand = 2'500});
  sale.await_sold(300);
  cluster.kill("a");
  sale.await_sold(1'500);  // its units come back to the others
  cluster.start("a");      // so that all roles can end in order
  sale.finish();
}

/// The buyers who asked it keep waiting, so that it has purchases to decide the moment it goes on.
TEST_F(Roles, ValidatorFrozenForLongerThanItsLease) {
  Cluster cluster(*servers_, {.check_rate = 150, .check_burst = 400});
  CrowdedSale sale(cluster, {.stock = 4'000, .demand = 5'000, .connections = 400, .patience = 20});
  sale.await_sold(300);
  cluster.freeze("a");
  hold(10s);
  cluster.thaw("a");
  sale.finish();
}

TEST_F(Roles, ValidatorFrozenWhileItsPurchasesAreOnTheWay) {
  Cluster cluster(*servers_, {.check_rate = 0});
  CrowdedSale sale(cluster, {.stock = 5'000, .demand = 7'500, .connections = 256});
  sale.await_sold(100);
  cluster.freeze("a");
  hold(10s);
  cluster.thaw("a");
  sale.finish();
}

/// While one restarts, another is asked, and every one that is asked answers.
TEST_F(Roles, RollingRestartRefusesOnlyWith503AndRetryAfter) {
  Cluster cluster(*servers_, kPaced);
  // So patient that only a broken connection loses an answer, however slow the machine.
  CrowdedSale sale(cluster, {.stock = 4'000, .demand = 6'000, .patience = 120});
  std::int64_t units = 0;
  for (const std::string& role : cluster.roles()) {
    sale.await_sold(units += 300);
    EXPECT_EQ(cluster.terminate(role), 0) << role << ": " << cluster.log(role);
    cluster.start(role);
  }
  servers_->broker().restart();
  servers_->database().restart();
  sale.finish();
  EXPECT_EQ(sale.asked_again("lost"), 0);
  // A race now and then; that what is under way is answered has tests in http/server (Drain.*).
  EXPECT_LE(sale.asked_again("lost, may have been idle"), 5);
  EXPECT_THAT(sale.summary(), testing::Not(testing::HasSubstr("without Retry-After")));
  EXPECT_THAT(sale.summary(),
              testing::Not(testing::ContainsRegex("(no|again) +[0-9]+ (look: )?500 ")));
}

}  // namespace
}  // namespace stampede::test_support

// Roles that start while the database is away, and roles that are told to end while something that
// they need hangs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "tests/support/cluster/cluster.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// What is promised of SIGTERM.
constexpr auto kLongestStop = 10s;
/// What a role writes that ends itself a second before that, whatever hangs in it.
constexpr auto kEndedItself = "something hangs: ended without it";

const std::vector<std::string> kUsersOfTheDatabase{"quantity", "consume", "web", "admin"};

class StartAndStop : public testing::Test {
 protected:
  static void SetUpTestSuite() { servers_.emplace(Servers::Options{}); }
  static void TearDownTestSuite() { servers_.reset(); }

  /// Begins them again with the database away, and waits until they wait for it.
  static void begin_without_database(Cluster& cluster) {
    for (const std::string& role : kUsersOfTheDatabase) EXPECT_EQ(cluster.terminate(role), 0);
    servers_->database().kill();
    for (const std::string& role : kUsersOfTheDatabase) cluster.begin(role);
    for (const std::string& role : kUsersOfTheDatabase) {
      EXPECT_TRUE(eventually(
          kPatience,
          [&] { return cluster.log(role).find("waiting for the database") != std::string::npos; }))
          << role << ": " << cluster.log(role);
    }
  }

  static std::optional<Servers> servers_;
};
std::optional<Servers> StartAndStop::servers_;

TEST_F(StartAndStop, RolesWaitForADatabaseThatIsAway) {
  Cluster cluster(*servers_);
  const auto lamp = cluster.open_sale({.quantity = 10});
  begin_without_database(cluster);
  for (const std::string& role : kUsersOfTheDatabase) {
    EXPECT_EQ(cluster.operator_at(role).get("/readyz").status, 503) << role;
    EXPECT_EQ(cluster.operator_at(role).get("/healthz").status, 200) << role;
  }
  servers_->database().start();
  for (const std::string& role : kUsersOfTheDatabase) cluster.await_ready(role);
  Buyer buyer = cluster.buyer("a", 1);
  const std::string key = fresh_key();
  EXPECT_TRUE(eventually(kPatience, [&] { return buyer.buy(lamp.product, key).status == 200; }));
}

TEST_F(StartAndStop, ARoleThatWaitsForTheDatabaseEndsInOrder) {
  Cluster cluster(*servers_);
  begin_without_database(cluster);
  for (const std::string& role : kUsersOfTheDatabase) {
    EXPECT_EQ(cluster.terminate(role), 0) << cluster.log(role);
  }
  servers_->database().start();
}

/// What hangs, and how it is made to go on.
struct Hang {
  std::string name;
  std::function<void(Servers&, Cluster&)> begin;
  std::function<void(Servers&, Cluster&)> end;
  std::string spared;  // the role that stands still itself
};

class Hanging : public StartAndStop, public testing::WithParamInterface<Hang> {};

TEST_P(Hanging, EveryRoleEndsWithin10SecondsOfSigterm) {
  Cluster cluster(*servers_);
  const auto lamp = cluster.open_sale({.quantity = 1'000});
  std::vector<Buyer> buyers;
  for (std::int64_t id = 1; id <= 20; ++id) buyers.push_back(cluster.buyer("b", id));
  GetParam().begin(*servers_, cluster);
  // Purchases under way: each waits for what hangs.
  std::vector<std::jthread> waiting;
  for (Buyer& buyer : buyers) {
    waiting.emplace_back([&buyer, product = lamp.product] {
      try {
        buyer.buy(product, fresh_key());
      } catch (const std::exception&) {  // its validator has ended, as it should
      }
    });
  }
  for (const std::string& role : cluster.roles()) {
    if (role == GetParam().spared) continue;
    const auto begin = steady_clock::now();
    cluster.terminate(role);
    const std::chrono::duration<double> took = steady_clock::now() - begin;
    fmt::print("{} ended after {:.1f} s\n", role, took.count());
    // Later only on a machine that is too busy to end it at once.
    EXPECT_TRUE(took < kLongestStop || cluster.log(role).contains(kEndedItself))
        << cluster.log(role);
  }
  GetParam().end(*servers_, cluster);
}

const std::vector<Hang> kHangs{
    {.name = "Database",
     .begin = [](Servers& servers, Cluster&) { servers.database().freeze(); },
     .end = [](Servers& servers, Cluster&) { servers.database().thaw(); },
     .spared = {}},
    {.name = "Broker",
     .begin = [](Servers& servers, Cluster&) { servers.broker().freeze(); },
     .end = [](Servers& servers, Cluster&) { servers.broker().thaw(); },
     .spared = {}},
    {.name = "Quantity",
     .begin = [](Servers&, Cluster& cluster) { cluster.freeze("quantity"); },
     .end = [](Servers&, Cluster& cluster) { cluster.kill("quantity"); },
     .spared = "quantity"},
    {.name = "Validator",
     .begin = [](Servers&, Cluster& cluster) { cluster.freeze("a"); },
     .end = [](Servers&, Cluster& cluster) { cluster.kill("a"); },
     .spared = "a"},
};
INSTANTIATE_TEST_SUITE_P(Each, Hanging, testing::ValuesIn(kHangs),
                         [](const auto& hang) { return hang.param.name; });

}  // namespace
}  // namespace stampede::test_support

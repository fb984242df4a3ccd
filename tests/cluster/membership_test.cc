// Validators that join and leave a cluster in the middle of a sale.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <string_view>

#include "tests/support/crowded_sale.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

std::int64_t forwarded(const Cluster& cluster, const std::string& validator) {
  constexpr std::string_view kName = "\nstampede_check_forwarded_total ";
  const std::string metrics = cluster.metrics(validator);
  const std::size_t at = metrics.find(kName);
  return at == std::string::npos ? 0 : std::stoll(metrics.substr(at + kName.size()));
}

/// The share of buyers that validator a owns, by what it passes on: buyers who may buy nothing are
/// asked for there.
double share_of_a(const Cluster& cluster, ProductId nothing) {
  constexpr std::int64_t kBuyers = 600;
  const std::int64_t before = forwarded(cluster, "a");
  const net::HostPort a = cluster.address("a");
  for (MintedBuyer& minted : cluster.mint(500'000, 500'000 + kBuyers - 1)) {
    Buyer(a.port, minted.id, std::move(minted.sign), a.host).buy(nothing, fresh_key());
  }
  return 1.0 - static_cast<double>(forwarded(cluster, "a") - before) / kBuyers;
}

/// Waits until validator a owns about one of `count` parts. 150 points of each on the ring: shares
/// stray by a tenth or so.
void expect_share_of_one_in(double count, const Cluster& cluster) {
  constexpr ProductId kNothing{999'999};
  double share = 0;
  EXPECT_TRUE(eventually(20s,
                         [&] {
                           share = share_of_a(cluster, kNothing);
                           return std::abs(share - 1 / count) < 0.12;
                         }))
      << "it owns " << share;
}

TEST(Membership, AThirdValidatorComesAndGoesDuringASale) {
  Servers servers({});
  Cluster cluster(servers, {.check_rate = 150, .check_burst = 20});
  expect_share_of_one_in(2, cluster);
  CrowdedSale sale(cluster, {.stock = 3'000, .demand = 4'500, .validators = {"a", "b"}});
  sale.await_sold(300);
  cluster.add_validator("c");
  expect_share_of_one_in(3, cluster);
  sale.await_sold(1'200);
  EXPECT_EQ(cluster.terminate("c"), 0);
  expect_share_of_one_in(2, cluster);
  cluster.start("c");  // and again, so that it leaves with the others
  sale.finish();
}

}  // namespace
}  // namespace stampede::test_support

// Another transaction keeps the rows of a sale and of its leases locked while the cluster sells.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <map>
#include <stdexcept>

#include "tests/cluster/stalls.h"
#include "tests/support/cluster/crowded_sale.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

double published(const Cluster& cluster, const std::string& validator) {
  constexpr std::string_view kName = "\nstampede_publisher_purchases_total ";
  const std::string metrics = cluster.metrics(validator);
  const std::size_t at = metrics.find(kName);
  if (at == std::string::npos) throw std::runtime_error("no such metric" + std::string(kName));
  return std::stod(metrics.substr(at + kName.size()));
}

/// A lease lives for 5 s, and is fenced 2 s later if it was not renewed.
TEST(LockedRows, LeasesAreRenewedAndNoValidatorStops) {
  Servers servers({});
  // The first leases, of 400 and 300 units, last for 30 s at least, whatever the machine: the
  // buckets let 10 a second through.
  Cluster cluster(servers, {.check_rate = 10, .check_burst = 5});
  CrowdedSale sale(cluster, {.stock = 1'600, .demand = 1'700});
  sale.await_sold(50);
  const auto ring_epoch = [&] { return cluster.number("SELECT epoch FROM ring"); };
  const std::int64_t ring = ring_epoch();
  const Stalls stalls;
  {
    MariadbTransaction lock(
        servers.database(), cluster.queue_name(),
        fmt::format("SELECT id FROM sales WHERE id = {} FOR UPDATE; "
                    "SELECT id FROM stock_leases WHERE state = 'open' FOR UPDATE",
                    sale.sale().id.value));
    hold(8s);
    std::map<std::string, double> before;
    for (const auto& node : cluster.validators()) {
      EXPECT_TRUE(eventually(kPatience, [&] { return cluster.ready(node); })) << node;
      before[node] = published(cluster, node);
    }
    for (const auto& node : cluster.validators()) {
      EXPECT_TRUE(eventually(kPatience, [&] { return published(cluster, node) > before[node]; }))
          << node << " sells nothing";
    }
    EXPECT_TRUE(eventually(kPatience, [&] { return cluster.leads("quantity"); }));
    EXPECT_TRUE(lock.holds());
  }
  const std::int64_t ring_after = ring_epoch();
  const bool listened = stalls.none();
  sale.finish();
  if (!listened || !stalls.none()) return;
  EXPECT_EQ(ring_after, ring);
  EXPECT_EQ(sale.too_late(), 0) << "a lease was fenced that was sold from";
}

}  // namespace
}  // namespace stampede::test_support

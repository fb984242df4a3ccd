// A whole cluster sells a sale out through two validators.
#include <gmock/gmock.h>

#include "tests/support/cluster/crowded_sale.h"

namespace stampede::test_support {
namespace {

TEST(SellOut, ThroughTwoValidators) {
  Servers servers({});
  Cluster cluster(servers);
  CrowdedSale sale(cluster, {.stock = 5'000, .demand = 7'500});
  sale.await_sold(1'000);
  EXPECT_NO_THROW(cluster.audit()) << "during the sale";
  sale.await_sold(5'000);
  for (const char* node : {"a", "b"}) {
    EXPECT_THAT(cluster.metrics(node), testing::HasSubstr("\nstampede_start_overs_total 0\n"))
        << "by the digests of the shards, the database has lost orders";
  }
  sale.finish();
}

}  // namespace
}  // namespace stampede::test_support

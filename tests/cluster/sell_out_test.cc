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
  sale.finish();
}

}  // namespace
}  // namespace stampede::test_support

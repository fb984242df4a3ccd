// Every process of a cluster on a computer of its own (network namespaces: needs root), and the
// link between two of them cut in the middle of a sale: whatever they send each other vanishes.
// Every test ends with the audit of all answers that buyers saw; see CrowdedSale::finish().
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <optional>
#include <tuple>

#include "tests/support/cluster/crowded_sale.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

class Partition : public testing::TestWithParam<std::tuple<const char*, const char*>> {
 protected:
  static void SetUpTestSuite() {
    servers_.emplace(Servers::Options{.wiring = Servers::Wiring::kNetwork});
  }
  static void TearDownTestSuite() { servers_.reset(); }

  static std::optional<Servers> servers_;
};
std::optional<Servers> Partition::servers_;

TEST_P(Partition, HealsAfterLongerThanALease) {
  const auto& [one, other] = GetParam();
  Cluster cluster(*servers_, {.check_rate = 100, .check_burst = 20});
  CrowdedSale sale(cluster, {.stock = 2'500, .demand = 3'750});
  sale.await_sold(300);
  servers_->cut(one, other);
  hold(12s);
  servers_->heal(one, other);
  sale.finish();
}

INSTANTIATE_TEST_SUITE_P(
    Between, Partition,
    testing::Values(std::tuple{"a", "quantity"}, std::tuple{"a", "broker"},
                    std::tuple{"a", "database"}, std::tuple{"quantity", "broker"},
                    std::tuple{"quantity", "database"}, std::tuple{"broker", "database"},
                    std::tuple{"a", "b"}, std::tuple{"consume", "broker"},
                    std::tuple{"consume", "database"}),
    [](const auto& pair) {
      return fmt::format("{}_and_{}", std::get<0>(pair.param), std::get<1>(pair.param));
    });

}  // namespace
}  // namespace stampede::test_support

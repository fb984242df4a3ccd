// Validators that join and leave a cluster in the middle of a sale.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <cmath>
#include <string_view>
#include <vector>

#include "tests/support/cluster/crowded_sale.h"
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

/// Asks validator a for buyers who may buy nothing: nobody else does, so what it passes on shows
/// the share of buyers that it owns.
class ShareOfA {
 public:
  explicit ShareOfA(const Cluster& cluster) : cluster_(cluster) {
    const net::HostPort a = cluster.address("a");
    for (MintedBuyer& minted : cluster.mint(500'000, 500'000 + kBuyers - 1)) {
      buyers_.emplace_back(a.port, minted.id, std::move(minted.sign), a.host);
    }
  }

  /// Whether it is about one of `count` parts. 150 points of each validator on the ring: shares
  /// stray by a tenth or so.
  bool is_one_in(double count) {
    constexpr ProductId kNothing{999'999};
    const std::int64_t before = forwarded(cluster_, "a");
    for (Buyer& buyer : buyers_) buyer.buy(kNothing, fresh_key());
    share_ = 1.0 - static_cast<double>(forwarded(cluster_, "a") - before) / kBuyers;
    return std::abs(share_ - 1 / count) < 0.12;
  }
  /// As it was found last.
  double value() const { return share_; }

 private:
  static constexpr std::int64_t kBuyers = 600;

  const Cluster& cluster_;
  std::vector<Buyer> buyers_;
  double share_ = 0;
};

TEST(Membership, AThirdValidatorComesAndGoesDuringASale) {
  Servers servers({});
  Cluster cluster(servers, {.check_rate = 60, .check_burst = 20});
  ShareOfA share(cluster);
  EXPECT_TRUE(eventually(kPatience, [&] { return share.is_one_in(2); })) << share.value();
  CrowdedSale sale(cluster, {.stock = 3'000, .demand = 4'500, .validators = {"b"}});
  sale.await_sold(300);
  cluster.add_validator("c");
  EXPECT_TRUE(sale.eventually_before(1'500, [&] {
    return cluster.ready("c") && share.is_one_in(3);
  })) << share.value();
  sale.await_sold(1'800);
  EXPECT_LT(sale.sold(), 3'000) << "it leaves in the middle of the sale";
  EXPECT_EQ(cluster.terminate("c"), 0);
  EXPECT_TRUE(eventually(kPatience, [&] { return share.is_one_in(2); })) << share.value();
  cluster.start("c");  // and again, so that it leaves with the others
  sale.finish();
}

}  // namespace
}  // namespace stampede::test_support

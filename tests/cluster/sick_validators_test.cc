// Validators that are stopped, or cut off from quantity control or from the broker, behind the
// proxies of deploy/ in the middle of a sale: buyers who have such a one in their cookie are served
// by another while it is sick.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <optional>
#include <string>

#include "http/client/client.h"
#include "tests/cluster/proxied_cluster.h"
#include "tests/support/cluster/crowded_sale.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using std::chrono::steady_clock;

/// Slow enough that the sale goes on while the validator is sick.
const Cluster::Options kPaced{.check_rate = 150, .check_burst = 20};

class SickValidator : public testing::TestWithParam<Proxy::Kind> {
 protected:
  static void SetUpTestSuite() {
    servers_.emplace(Servers::Options{.wiring = Servers::Wiring::kNetwork});
  }
  static void TearDownTestSuite() { servers_.reset(); }

  /// While `sick` holds, a buyer of validator a gets an order, and the crowd goes on.
  template <class Begin, class End>
  void sell_while(Begin&& begin, End&& end) {
    Cluster cluster(*servers_, kPaced);
    const Proxy proxy(GetParam(), upstreams_of(cluster));
    // Another sale: what is asked here is not in the crowd's record.
    const auto lamp = cluster.open_sale({.quantity = 100});
    CrowdedSale sale(cluster, {.stock = 2'500, .demand = 3'750, .proxy = proxy.address()});
    sale.await_sold(300);
    begin(cluster);
    EXPECT_LT(sale.sold(), 2'500) << "it is sick in the middle of the sale";
    const auto sick = steady_clock::now();
    EXPECT_TRUE(eventually(kPatience, [&] { return sells(cluster, proxy, lamp.product); }))
        << "validator a keeps its buyers";
    const std::chrono::duration<double> took = steady_clock::now() - sick;
    fmt::print("its buyer was served after {:.1f} s\n", took.count());
    sale.await_sold(900);
    end(cluster);
    // Its leases would never close.
    cluster.run({"sale", "end", std::to_string(lamp.id.value)});
    sale.finish();
  }

  static std::optional<Servers> servers_;

 private:
  /// Whether a buyer with the cookie of validator a gets an order or an answer that one is on its
  /// way, each time with the same key.
  bool sells(const Cluster& cluster, const Proxy& proxy, ProductId product) {
    if (!buyer_) buyer_ = cluster.mint(700'000, 700'000).at(0);
    http::Client client(proxy.address().host, proxy.address().port);
    const auto answer = client.send(
        {.method = "POST",
         .target = fmt::format("/check?productID={}", product.value),
         .headers = {
             {"Cookie", fmt::format("uid={}; sign={}; node=a", buyer_->id.value, buyer_->sign)},
             {"Idempotency-Key", key_}}});
    return answer && (answer->status == 200 || answer->status == 201);
  }

  const std::string key_ = fresh_key();
  std::optional<MintedBuyer> buyer_;
};
std::optional<Servers> SickValidator::servers_;

INSTANTIATE_TEST_SUITE_P(Behind, SickValidator,
                         testing::Values(Proxy::Kind::kNginx, Proxy::Kind::kHaproxy),
                         [](const auto& kind) {
                           return kind.param == Proxy::Kind::kNginx ? "nginx" : "haproxy";
                         });

TEST_P(SickValidator, IsStopped) {
  sell_while([](Cluster& cluster) { cluster.freeze("a"); },
             [](Cluster& cluster) { cluster.thaw("a"); });
}

TEST_P(SickValidator, IsCutOffFromTheBroker) {
  sell_while([&](Cluster&) { servers_->cut("a", "broker"); },
             [&](Cluster&) { servers_->heal("a", "broker"); });
}

TEST_P(SickValidator, IsCutOffFromQuantityControl) {
  sell_while([&](Cluster&) { servers_->cut("a", "quantity"); },
             [&](Cluster&) { servers_->heal("a", "quantity"); });
}

}  // namespace
}  // namespace stampede::test_support

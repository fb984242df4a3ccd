// What the console of a cluster shows of a running sale: the units and answers of all validators.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <stdexcept>

#include "tests/support/cluster/cluster.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::HasSubstr;

/// An operator who is logged in at the console.
Buyer log_in(const Cluster& cluster) {
  const auto made =
      boost::json::parse(cluster.run({"user", "add", "boss", "--operator", "--json"}));
  const net::HostPort console = cluster.console("admin");
  Buyer boss = cluster.operator_at("admin");
  auto form = find_form(boss.get("/login").body, "/login");
  if (!form) throw std::runtime_error("the console has no login form");
  form->fields["name"] = "boss";
  form->fields["password"] = boost::json::value_to<std::string>(made.at("password"));
  const auto answer = boss.send({.method = "POST",
                                 .target = "/login",
                                 .headers = {{"Content-Type", "application/x-www-form-urlencoded"},
                                             {"Origin", fmt::format("http://{}", console.text())}},
                                 .body = form->encoded()});
  EXPECT_EQ(answer.status, 303) << answer.body;
  return boss;
}

/// What the console shows on lease: something, unless no lease is left. A validator that misses
/// heartbeats for 5 s gives its leases up.
template <class Units>
boost::json::array leased_of(const Cluster& cluster, const Units& units) {
  boost::json::array leased;
  EXPECT_TRUE(eventually(kPatience, [&] {
    leased = units().at("leased").as_array();
    return leased.empty() ==
           (cluster.number("SELECT COUNT(*) FROM stock_leases WHERE state <> 'closed'") == 0);
  }));
  return leased;
}

TEST(LiveView, AddsUpWhatAllValidatorsDo) {
  Servers servers{Servers::Options{}};
  Cluster cluster(servers);
  Buyer boss = log_in(cluster);
  ASSERT_TRUE(eventually(kPatience, [&] {
    return cluster.metrics("admin").contains("stampede_ring_members 2\n");
  })) << cluster.metrics("admin");

  const auto sale = cluster.open_sale({.quantity = 100});
  std::int64_t buyers = 0, told_pending = 0;  // the others were told of their order at once
  const auto buy = [&](const std::string& node, int times) {
    for (int i = 0; i < times; ++i) {
      Buyer buyer = cluster.buyer(node, ++buyers);
      const std::string key = fresh_key();
      // A sale that has just begun has no units at its validators yet.
      EXPECT_TRUE(eventually(kPatience, [&] {
        const CheckAnswer answer = buyer.buy(sale.product, key);
        if (answer.status == 202) ++told_pending;
        return answer.status == 202 || answer.result == "sold";
      }));
    }
  };
  const auto at = [&](const char* page) {
    return fmt::format("/sales/{}/{}", sale.id.value, page);
  };
  const auto units = [&] { return boost::json::parse(boss.get(at("units")).body); };
  const auto pending = [&](std::int64_t count) {
    return eventually(kPatience, [&] {
      return boss.get(at("report"))
          .body.contains(
              fmt::format("<th scope=\"row\">pending</th><td class=\"number\">{}</td>", count));
    });
  };
  const auto reported = [&](const char* kind) {
    return boss.get(at("report")).body.contains(fmt::format("<th scope=\"row\">{}</th>", kind));
  };
  // A validator counts from where the console first saw it: until it does, by refusals.
  Buyer at_a = cluster.buyer("a", 1'000);
  EXPECT_TRUE(eventually(kPatience, [&] {
    at_a.buy(ProductId{999}, fresh_key());
    return reported("unknown-product");
  }));
  Buyer at_b = cluster.buyer("b", 1'001);
  EXPECT_TRUE(eventually(kPatience, [&] {
    at_b.buy(sale.product, "too short");
    return reported("refused");
  }));
  buy("a", 5);
  buy("b", 3);
  EXPECT_TRUE(eventually(kPatience, [&] { return units().at("sold") == 8; })) << units();
  EXPECT_TRUE(units().at("balanced").as_bool()) << units();
  const boost::json::array leased = leased_of(cluster, units);
  for (const auto& lease : leased) {
    EXPECT_THAT(boost::json::value_to<std::string>(lease.at("validator")),
                testing::AnyOf("a", "b"));
  }
  EXPECT_TRUE(pending(told_pending)) << boss.get(at("report")).body;

  EXPECT_EQ(cluster.terminate("a"), 0);  // its counts are gone, and begin at 0 again
  cluster.start("a");
  buy("b", 2);
  EXPECT_TRUE(pending(told_pending)) << boss.get(at("report")).body;
  EXPECT_TRUE(eventually(kPatience, [&] { return units().at("sold") == 10; })) << units();
  EXPECT_TRUE(units().at("balanced").as_bool()) << units();
  EXPECT_EQ(boss.get(at("live")).status, 200);
}

}  // namespace
}  // namespace stampede::test_support

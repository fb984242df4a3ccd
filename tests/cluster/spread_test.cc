// How soon every validator knows what an operator or a buyer did: within a second. Alone on the
// machine, because only that is asserted here; that they know at all is for cluster_test.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <memory>
#include <string>
#include <utility>

#include "tests/cluster/shared_cluster.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;
using std::chrono::steady_clock;

class Spread : public SharedCluster {
 protected:
  /// `change` begins something new, and returns whether all validators know of it. Three in a row
  /// are to be in time, of fifteen at most: a machine that stands still delays some, a slow way
  /// delays most.
  void expect_within_a_second(const std::function<std::function<bool()>()>& change) {
    int in_time = 0;
    milliseconds took{};
    for (int changes = 0; changes < 15 && in_time < 3; ++changes) {
      const auto known = change();
      const auto begin = steady_clock::now();
      ASSERT_TRUE(eventually(kPatience, known));
      took = std::chrono::duration_cast<milliseconds>(steady_clock::now() - begin);
      in_time = took <= 1s ? in_time + 1 : 0;
    }
    EXPECT_EQ(in_time, 3) << "the last one took " << took.count() << " ms";
  }
  /// Whether both validators answer a new intent with that.
  static bool both_say(Buyer& at_a, Buyer& at_b, ProductId product, const std::string& result) {
    return at_a.buy(product, fresh_key()).result == result &&
           at_b.buy(product, fresh_key()).result == result;
  }
};

TEST_F(Spread, OfABan) {
  const auto sale = cluster_->open_sale({.quantity = 100'000, .limit = 1'000});
  expect_within_a_second([&] {
    const std::int64_t id = next_id();
    auto buyers = std::make_shared<std::pair<Buyer, Buyer>>(cluster_->buyer("a", id),
                                                            cluster_->buyer("b", id));
    cluster_->run({"user", "ban", std::to_string(id)});
    return [buyers, &sale] {
      return both_say(buyers->first, buyers->second, sale.product, "blacklisted");
    };
  });
}

TEST_F(Spread, OfANewPassword) {
  const auto sale = cluster_->open_sale({.quantity = 100'000});
  expect_within_a_second([&] {
    Buyer browser = cluster_->visitor("web");
    const std::string name = fmt::format("visitor-{}", next_id());
    EXPECT_EQ(browser.register_as(name, "a long password").status, 303);
    const net::HostPort a = cluster_->address("a");
    const net::HostPort b = cluster_->address("b");
    auto buyers = std::make_shared<std::pair<Buyer, Buyer>>(
        Buyer(a.port, browser.id(), browser.sign(), a.host),
        Buyer(b.port, browser.id(), browser.sign(), b.host));
    cluster_->run({"user", "password", name});
    return [buyers, &sale] {
      return both_say(buyers->first, buyers->second, sale.product, "login-required");
    };
  });
}

TEST_F(Spread, OfAnEnd) {
  const std::int64_t id = next_id();
  auto buyers =
      std::make_shared<std::pair<Buyer, Buyer>>(cluster_->buyer("a", id), cluster_->buyer("b", id));
  expect_within_a_second([&] {
    const auto sale = cluster_->open_sale({.quantity = 100});
    cluster_->run({"sale", "end", std::to_string(sale.id.value)});
    return [buyers, sale] {
      return both_say(buyers->first, buyers->second, sale.product, "sale-ended");
    };
  });
}

TEST_F(Spread, OfANewSale) {
  Buyer buyer = cluster_->buyer("a", next_id());
  expect_within_a_second([&] {
    const ProductId product = cluster_->add_product();
    cluster_->create_sale({.product = product, .quantity = 100});
    return [&buyer, product, key = fresh_key()] {
      const CheckAnswer answer = buyer.buy(product, key);
      return answer.status == 202 || answer.result == "sold";
    };
  });
}

}  // namespace
}  // namespace stampede::test_support

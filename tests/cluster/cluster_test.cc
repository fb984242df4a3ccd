// A whole cluster of the real program: what its validators agree on.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <boost/json.hpp>
#include <future>
#include <optional>
#include <set>

#include "model/time.h"
#include "tests/cluster/shared_cluster.h"
#include "tests/support/cluster/crowded_sale.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using testing::AnyOf;
using testing::HasSubstr;

/// While it lives, no purchase becomes an order.
class FrozenConsumer {
 public:
  explicit FrozenConsumer(Cluster& cluster) : cluster_(cluster) { cluster_.freeze("consume"); }
  ~FrozenConsumer() { cluster_.thaw("consume"); }
  FrozenConsumer(const FrozenConsumer&) = delete;
  FrozenConsumer& operator=(const FrozenConsumer&) = delete;

 private:
  Cluster& cluster_;
};

class ACluster : public SharedCluster {
 protected:
  /// The same buyer as a client of each validator.
  struct Pair {
    Buyer a;
    Buyer b;
    std::int64_t id;
  };
  static Pair new_buyer() {
    const std::int64_t id = next_id();
    return {cluster_->buyer("a", id), cluster_->buyer("b", id), id};
  }
  /// Whether both validators come to answer a new intent with that.
  static bool both_say(Pair& buyer, ProductId product, const std::string& result) {
    return eventually(kPatience, [&] {
      return buyer.a.buy(product, fresh_key()).result == result &&
             buyer.b.buy(product, fresh_key()).result == result;
    });
  }
  /// The first answer to a new intent that is not "not now": that is what a validator says which
  /// has not heard from quantity control for a moment.
  static std::string decided(Buyer& buyer, ProductId product) {
    std::string result;
    EXPECT_TRUE(eventually(kPatience, [&] {
      result = buyer.buy(product, fresh_key()).result;
      return result != "unavailable";
    }));
    return result;
  }
  /// Asks with that key until the purchase is in the queue, or an order already. A sale that has
  /// just begun has no units at its validators yet. Answers where it is followed, if it is not an
  /// order.
  static std::string queue_up(Buyer& buyer, ProductId product, const std::string& key) {
    CheckAnswer answer;
    const bool queued = eventually(kPatience, [&] {
      answer = buyer.buy(product, key);
      return answer.status == 202 || answer.result == "sold";
    });
    EXPECT_TRUE(queued) << answer.response.body;
    return std::string(answer.response.header("location"));
  }
  /// Asks again with the same key until the purchase is an order: its number.
  static std::int64_t order_of(Buyer& buyer, ProductId product, const std::string& key) {
    CheckAnswer answer;
    const bool sold = eventually(kPatience, [&] {
      answer = buyer.buy(product, key);
      return answer.result == "sold";
    });
    EXPECT_TRUE(sold) << answer.response.body;
    return answer.order;
  }
};

TEST_F(ACluster, ABuyerHasOneAnswerAtAnyValidator) {
  const auto sale = cluster_->open_sale({.quantity = 100});
  std::vector<std::pair<Pair, std::string>> buyers;
  for (int i = 0; i < 20; ++i) {
    auto& [buyer, key] = buyers.emplace_back(new_buyer(), fresh_key());
    queue_up(buyer.a, sale.product, key);
  }
  std::set<std::int64_t> orders;
  for (auto& [buyer, key] : buyers) {
    const std::int64_t order = order_of(buyer.b, sale.product, key);
    EXPECT_EQ(order_of(buyer.a, sale.product, key), order);
    EXPECT_EQ(decided(buyer.b, sale.product), "limit-reached");
    orders.insert(order);
  }
  EXPECT_EQ(orders.size(), 20U);
  // Of twenty buyers each validator owns some.
  EXPECT_THAT(cluster_->metrics("a"), HasSubstr("stampede_check_forwarded_total"));
  EXPECT_THAT(cluster_->metrics("a"),
              testing::Not(HasSubstr("stampede_check_forwarded_total 0\n")));
  // The broker has delivered each purchase to the consumer of one of the four shards.
  EXPECT_GE(cluster_->metric("consume", "stampede_source_messages_total"), 20);
  EXPECT_GE(cluster_->metric("consume", "stampede_source_connections_total"), 4);
  EXPECT_EQ(cluster_->metric("consume", "stampede_messages_quarantined_total"), 0);
}

TEST_F(ACluster, EveryValidatorKnowsABanAndItsEnd) {
  // Plenty for a buyer who asks until refused.
  const auto sale = cluster_->open_sale({.quantity = 10'000, .limit = 1'000});
  Pair buyer = new_buyer();
  cluster_->run({"user", "ban", std::to_string(buyer.id)});
  EXPECT_TRUE(both_say(buyer, sale.product, "blacklisted"));
  cluster_->run({"user", "unban", std::to_string(buyer.id)});
  queue_up(buyer.a, sale.product, "the-key-after-the-ban");
}

TEST_F(ACluster, LogoutAndANewPasswordEndSessionsAtEveryValidator) {
  const auto sale = cluster_->open_sale({.quantity = 100});
  for (const bool by_logout : {true, false}) {
    Buyer browser = cluster_->visitor("web");
    const std::string name = fmt::format("visitor-{}", next_id());
    ASSERT_EQ(browser.register_as(name, "a long password").status, 303);
    const net::HostPort a = cluster_->address("a");
    const net::HostPort b = cluster_->address("b");
    Pair buyer{Buyer(a.port, browser.id(), browser.sign(), a.host),
               Buyer(b.port, browser.id(), browser.sign(), b.host), browser.id().value};
    const std::string key = fresh_key();
    queue_up(buyer.a, sale.product, key);
    if (by_logout) {
      browser.log_out();
    } else {
      cluster_->run({"user", "password", name});
    }
    EXPECT_TRUE(both_say(buyer, sale.product, "login-required")) << by_logout;
  }
}

TEST_F(ACluster, EveryValidatorKnowsAnEndAndANewSale) {
  const auto sale = cluster_->open_sale({.quantity = 100});
  Pair buyer = new_buyer();
  Pair later = new_buyer();
  const std::string key = fresh_key();
  const std::int64_t order = order_of(buyer.a, sale.product, key);
  cluster_->run({"sale", "end", std::to_string(sale.id.value)});
  EXPECT_TRUE(both_say(later, sale.product, "sale-ended"));
  EXPECT_EQ(order_of(buyer.b, sale.product, key), order) << "a yes stays a yes";
  cluster_->create_sale({.product = sale.product, .quantity = 10});
  queue_up(later.a, sale.product, "the-key-of-the-next-sale");
}

TEST_F(ACluster, EveryValidatorHearsOfACancelledOrderAndItsUnitIsSoldAgain) {
  const auto sale = cluster_->open_sale({.quantity = 1});
  Pair buyer = new_buyer();
  Pair later = new_buyer();
  const std::string key = fresh_key();
  const std::int64_t order = order_of(buyer.a, sale.product, key);
  EXPECT_TRUE(both_say(later, sale.product, "sold-out"));
  cluster_->run({"order", "cancel", std::to_string(order)});
  EXPECT_TRUE(eventually(kPatience, [&] {
    return buyer.a.buy(sale.product, key).result == "purchase-failed" &&
           buyer.b.buy(sale.product, key).result == "purchase-failed";
  }));
  EXPECT_NE(order_of(later.b, sale.product, fresh_key()), order);
  cluster_->run({"audit"});
}

/// The consumer's transactions and the operator's lock the same rows.
TEST_F(ACluster, OrdersAreCancelledWhileOthersOfTheirBuyersAreWritten) {
  constexpr int kOrders = 60;
  constexpr int kCancelled = 20;
  const auto sale = cluster_->open_sale({.quantity = kOrders, .limit = 100});
  std::vector<Pair> buyers;
  for (int i = 0; i < 3; ++i) buyers.push_back(new_buyer());
  auto bought = std::async(std::launch::async, [&] {
    for (int i = 0; i < kOrders; ++i) {
      Pair& buyer = buyers[static_cast<std::size_t>(i % 3)];
      order_of(i % 2 == 0 ? buyer.a : buyer.b, sale.product, fresh_key());
    }
  });
  const std::string newest = fmt::format(
      "SELECT COALESCE(MAX(number), 0) FROM orders o WHERE sale = {} AND NOT EXISTS "
      "(SELECT 1 FROM order_events e WHERE e.order_number = o.number)",
      sale.id.value);
  for (int cancelled = 0; cancelled < kCancelled;) {
    const std::int64_t order = cluster_->number(newest);
    if (order == 0) continue;
    cluster_->run({"order", "cancel", std::to_string(order)});
    ++cancelled;
  }
  bought.get();
  cluster_->run({"audit"});
  const auto count = [&](const std::string& rest) {
    return cluster_->number(fmt::format("SELECT {} = {}", rest, sale.id.value));
  };
  EXPECT_EQ(count("returned FROM sales WHERE id"), kCancelled);
  EXPECT_EQ(count("COUNT(*) FROM orders WHERE status = 'success' AND sale"), kOrders);
}

TEST_F(ACluster, APendingPurchaseIsFollowedToItsOrder) {
  const auto sale = cluster_->open_sale({.quantity = 10});
  Pair buyer = new_buyer();
  std::optional<FrozenConsumer> frozen(*cluster_);
  const std::string location = queue_up(buyer.a, sale.product, fresh_key());
  ASSERT_THAT(location, testing::StartsWith("/purchases/"));
  const net::HostPort web = cluster_->address("web");
  Buyer page(web.port, buyer.a.id(), buyer.a.sign(), web.host);
  EXPECT_THAT(page.get(location, "application/json").body, HasSubstr("pending"));

  std::string events = location;
  events.insert(events.find('?'), "/events");
  auto stream = std::async(std::launch::async, [&] {
    return Buyer(web.port, buyer.a.id(), buyer.a.sign(), web.host).get(events, "text/event-stream");
  });
  frozen.reset();
  const http::ClientResponse told = stream.get();
  EXPECT_EQ(told.status, 200);
  EXPECT_THAT(told.body, HasSubstr("event: outcome"));
  EXPECT_THAT(told.body, HasSubstr("\"result\":\"success\""));
  EXPECT_THAT(page.get(location, "application/json").body, HasSubstr("success"));
}

TEST_F(ACluster, TheConsoleShowsBothValidators) {
  EXPECT_TRUE(eventually(kPatience, [&] {
    const std::string text = cluster_->metrics("admin");
    return text.find("stampede_ring_members 2\n") != std::string::npos &&
           text.find("stampede_queue_depth{shard=\"3\"} 0\n") != std::string::npos;
  })) << cluster_->metrics("admin");
  // Each metric is written once: a sum over all roles counts nothing twice.
  EXPECT_THAT(cluster_->metrics("admin"), testing::Not(HasSubstr("stampede_check_answers_total")));
  EXPECT_THAT(cluster_->metrics("a"), HasSubstr("stampede_check_answers_total"));
}

TEST_F(ACluster, AGracefulRestartOfQuantityControlKeepsTheLeases) {
  const auto sale = cluster_->open_sale({.quantity = 1'000});
  const auto open_leases = [&] {
    return servers_->database().sql(
        fmt::format("SELECT GROUP_CONCAT(id ORDER BY id) FROM {}.stock_leases WHERE sale = {} AND "
                    "state = 'open'",
                    cluster_->queue_name(), sale.id.value));
  };
  // Validators give their leases up, rightly, after 5 s without an answer. A machine on which a
  // restart takes most of that every time tells nothing.
  bool kept = false;
  bool quick = false;
  for (int restarts = 0; restarts < 3 && !kept; ++restarts) {
    Pair buyer = new_buyer();
    order_of(buyer.a, sale.product, fresh_key());
    const std::string before = open_leases();
    ASSERT_THAT(before, testing::ContainsRegex("[0-9]"));
    const auto begin = std::chrono::steady_clock::now();
    EXPECT_EQ(cluster_->terminate("quantity"), 0);
    cluster_->start("quantity");
    quick = quick || std::chrono::steady_clock::now() - begin < 3s;
    hold(8s);  // longer than a lease lives that is not renewed
    kept = open_leases() == before;
  }
  EXPECT_TRUE(kept || !quick);
  EXPECT_EQ(cluster_->number(fmt::format(
                "SELECT COUNT(*) FROM orders WHERE sale = {} AND reason <> ''", sale.id.value)),
            0);
  Pair second = new_buyer();
  order_of(second.a, sale.product, fresh_key());
}

TEST_F(ACluster, AddedStockReopensASaleThatWasSoldOut) {
  const auto sale = cluster_->open_sale({.quantity = 2});
  for (int i = 0; i < 2; ++i) {
    Pair buyer = new_buyer();
    order_of(buyer.a, sale.product, fresh_key());
  }
  Pair late = new_buyer();
  ASSERT_TRUE(both_say(late, sale.product, "sold-out"));
  cluster_->run({"sale", "add-stock", std::to_string(sale.id.value), "2"});
  const std::string key = fresh_key();
  order_of(late.a, sale.product, key);
  order_of(late.b, sale.product, key);
  Pair last = new_buyer();
  order_of(last.b, sale.product, fresh_key());
}

TEST_F(ACluster, ChangedTermsAreThoseOfEveryValidator) {
  const Instant start = read_clocks().wall + 1h;
  const auto sale = cluster_->open_sale({.quantity = 100, .starts = format_rfc3339(start)});
  Pair early = new_buyer();
  ASSERT_EQ(decided(early.a, sale.product), "not-started");
  cluster_->run(
      {"sale", "change", std::to_string(sale.id.value), "--quantity", "1", "--starts", "now"});
  // A buyer who asks before a validator has heard of it asks once only: one who asks too often is
  // blacklisted. The unit may go to one of them whose answer is late and says so ("not now").
  std::string result;
  ASSERT_TRUE(eventually(kPatience, [&] {
    result = new_buyer().a.buy(sale.product, fresh_key()).result;
    return result == "pending" || result == "sold" || result == "sold-out";
  })) << result;
  // Another one each time, for the same reason: the other validator may hear of it later.
  EXPECT_TRUE(eventually(kPatience, [&] {
    Pair late = new_buyer();
    return late.a.buy(sale.product, fresh_key()).result == "sold-out" &&
           late.b.buy(sale.product, fresh_key()).result == "sold-out";
  })) << "of fewer units";
  EXPECT_EQ(
      cluster_->number(fmt::format(
          "SELECT COUNT(*) FROM orders WHERE sale = {} AND status = 'success'", sale.id.value)),
      1);
}

/// The last, because it changes the ring.
TEST_F(ACluster, AFailedOrderReachesTheBuyersNewOwner) {
  const auto sale = cluster_->open_sale({.quantity = 100});
  // A buyer of validator a.
  Buyer browser = cluster_->visitor("web");
  std::string node;
  while (node != "a") {
    Buyer next = cluster_->visitor("web");
    node = next.register_as(fmt::format("visitor-{}", next_id()), "a long password").cookie("node");
    browser = std::move(next);
  }
  const net::HostPort a = cluster_->address("a");
  const net::HostPort b = cluster_->address("b");
  Buyer at_a(a.port, browser.id(), browser.sign(), a.host);
  Buyer at_b(b.port, browser.id(), browser.sign(), b.host);

  // Bought from a, which dies before anybody knows the outcome; bought again from b, which cannot
  // know of the first. Only one may succeed.
  std::optional<FrozenConsumer> frozen(*cluster_);
  const std::string first = fresh_key();
  const std::string second = fresh_key();
  queue_up(at_a, sale.product, first);
  cluster_->kill("a");
  queue_up(at_b, sale.product, second);
  frozen.reset();

  // Their shards are consumed side by side: either may be the first. Nobody is told anything final
  // before it is known which.
  const auto outcome_of = [&](const std::string& key) {
    CheckAnswer answer;
    EXPECT_TRUE(eventually(kPatience, [&] {
      answer = at_b.buy(sale.product, key);
      return answer.result == "sold" || answer.result == "purchase-failed";
    })) << answer.response.body;
    if (answer.result == "purchase-failed") {
      EXPECT_THAT(answer.response.body, HasSubstr("limit-reached"));
    }
    return answer.result;
  };
  EXPECT_THAT((std::array{outcome_of(first), outcome_of(second)}),
              testing::UnorderedElementsAre("sold", "purchase-failed"));
  EXPECT_EQ(cluster_->number(
                fmt::format("SELECT COUNT(*) FROM orders WHERE buyer = {}", browser.id().value)),
            2);
  cluster_->start("a");
}

}  // namespace
}  // namespace stampede::test_support

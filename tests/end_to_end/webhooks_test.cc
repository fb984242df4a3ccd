// The merchant's own systems are told what happens to orders, on the running server: by a receiver
// that is away, refuses, never answers, is gone, or is told again.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <set>

#include "services/webhooks/signing.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"
#include "tests/support/temp_dir.h"
#include "tests/support/webhook_receiver.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;
using Delivery = WebhookReceiver::Delivery;

boost::json::value json(const Delivery& delivery) { return boost::json::parse(delivery.body); }

std::int64_t order_of(const Delivery& delivery) {
  return json(delivery).at("data").at("order").as_int64();
}

class WebhooksTest : public testing::Test {
 protected:
  WebhooksTest() { std::ofstream(config_) << "[webhooks]\nprivate_addresses = \"allowed\"\n"; }

  /// Its secret.
  std::string add(const std::string& url, const std::vector<std::string>& more = {}) {
    std::vector<std::string> arguments{"webhook", "add", url, "--config", config_.string()};
    arguments.insert(arguments.end(), more.begin(), more.end());
    std::string printed = shop_.run(arguments);
    printed.pop_back();  // the line's end
    return printed;
  }
  boost::json::value listed() {
    return boost::json::parse(shop_.run({"webhook", "list", "--json"}));
  }
  /// The number of an order that another buyer has bought.
  std::int64_t buy() {
    const CheckAnswer answer = shop_.buyer(++buyers_).order(lamp_, fresh_key());
    EXPECT_EQ(answer.result, "sold") << answer.response.body;
    return answer.order;
  }
  bool told(const std::string& path, std::int64_t order, const std::string& type) {
    return eventually(kPatience, [&] {
      return std::ranges::any_of(receiver_.at(path), [&](const Delivery& delivery) {
        const auto body = json(delivery);
        return body.at("type").as_string() == type && body.at("data").at("order") == order;
      });
    });
  }
  /// Of how many orders, without the first `passed` deliveries.
  std::size_t orders_told(const std::string& path, std::size_t passed = 0) {
    std::set<std::int64_t> orders;
    for (const Delivery& delivery : receiver_.at(path)) {
      if (passed == 0) orders.insert(order_of(delivery));
      if (passed != 0) --passed;
    }
    return orders.size();
  }

  const TempDir folder_;
  const std::filesystem::path config_ = folder_.path() / "shop.toml";
  WebhookReceiver receiver_;
  Shop shop_{{{"STAMPEDE_WEBHOOKS_PRIVATE_ADDRESSES", "allowed"}}};
  const ProductId lamp_ = shop_.open_sale({.quantity = 1'000});
  std::int64_t buyers_ = 0;
};

TEST_F(WebhooksTest, APurchaseIsToldSignedAndWhatFollowsIt) {
  const std::int64_t before = buy();
  const std::string secret = add(receiver_.url("/a"));
  const std::int64_t order = buy();
  ASSERT_TRUE(told("/a", order, "order.created"));
  const Delivery delivery = receiver_.at("/a").at(0);
  EXPECT_EQ(json(delivery).at("data").at("order"), order) << before << " was before it";
  const Instant at{std::chrono::seconds{std::stoll(delivery.timestamp)}};
  EXPECT_EQ(delivery.signature,
            services::webhooks::signature(secret, delivery.id, at, delivery.body));
  shop_.run({"order", "cancel", std::to_string(order), "--reason", "asked for"});
  ASSERT_TRUE(told("/a", order, "order.cancelled"));
  const auto cancelled = json(receiver_.at("/a").back());
  EXPECT_EQ(cancelled.at("data").at("reason").as_string(), "asked for");
  EXPECT_EQ(cancelled.at("data").at("state").as_string(), "cancelled");
}

TEST_F(WebhooksTest, ASecretThatWasRotatedSignsToo) {
  const std::string old_secret = add(receiver_.url("/a"));
  std::string secret = shop_.run({"webhook", "rotate", "1"});
  secret.pop_back();
  EXPECT_TRUE(eventually(kPatience, [&] {
    const std::int64_t order = buy();
    if (!told("/a", order, "order.created")) return false;
    const Delivery delivery = receiver_.at("/a").back();
    const Instant at{std::chrono::seconds{std::stoll(delivery.timestamp)}};
    return delivery.signature ==
           services::webhooks::signature(secret, delivery.id, at, delivery.body) + " " +
               services::webhooks::signature(old_secret, delivery.id, at, delivery.body);
  }));
}

TEST_F(WebhooksTest, OnlyWhatWasChosenIsTold) {
  add(receiver_.url("/chosen"), {"--events", "order.cancelled,order.paid"});
  add(receiver_.url("/all"));
  const std::int64_t order = buy();
  ASSERT_TRUE(told("/all", order, "order.created"));
  shop_.run({"order", "cancel", std::to_string(order)});
  ASSERT_TRUE(told("/chosen", order, "order.cancelled"));
  EXPECT_EQ(receiver_.at("/chosen").size(), 1U);
}

TEST_F(WebhooksTest, AReceiverThatWasAwayIsToldOnceItIsBack) {
  receiver_.answer_with([](const Delivery&) { return 503; });
  add(receiver_.url("/a"));
  const std::int64_t order = buy();
  ASSERT_TRUE(told("/a", order, "order.created"));
  ASSERT_EQ(shop_.stop(), 0);
  receiver_.answer_with([](const Delivery&) { return 200; });
  shop_.start();
  EXPECT_TRUE(eventually(kPatience, [&] { return receiver_.at("/a").size() >= 2; }))
      << "it is tried again, by whoever runs";
  const auto deliveries = receiver_.at("/a");
  EXPECT_EQ(deliveries.front().id, deliveries.back().id);
  EXPECT_EQ(deliveries.front().body, deliveries.back().body);
}

TEST_F(WebhooksTest, NeitherARefusalNorSilenceDelaysAnother) {
  receiver_.answer_with([](const Delivery& delivery) {
    if (delivery.path == "/silent") return 0;
    const bool poison = json(delivery).at("data").at("buyer") == 3;
    return delivery.path == "/refuses" && poison ? 500 : 204;
  });
  for (const char* path : {"/silent", "/refuses", "/a"}) add(receiver_.url(path));
  constexpr std::size_t kOrders = 30;
  for (std::size_t i = 0; i < kOrders; ++i) buy();
  EXPECT_TRUE(eventually(kPatience, [&] { return orders_told("/a") == kOrders; }));
  EXPECT_TRUE(eventually(kPatience, [&] { return orders_told("/refuses") == kOrders; }));
}

TEST_F(WebhooksTest, WhatWasToldIsToldAgain) {
  add(receiver_.url("/a"));
  const std::int64_t first = buy();
  const std::int64_t second = buy();
  const std::int64_t third = buy();
  ASSERT_TRUE(told("/a", third, "order.created"));
  ASSERT_TRUE(eventually(kPatience, [&] { return orders_told("/a") == 3; }));
  const auto deliveries = receiver_.at("/a");
  // What was told and is not written is told again, by itself: the log and the cursor are written
  // together.
  const auto told_first = std::ranges::find_if(
      deliveries, [&](const Delivery& each) { return order_of(each) == first; });
  ASSERT_NE(told_first, deliveries.end());
  ASSERT_TRUE(eventually(kPatience, [&] {
    return shop_.run({"webhook", "log", "1"}).find(told_first->id) != std::string::npos;
  }));
  shop_.run({"webhook", "replay", "1", "--from-order", std::to_string(second)});
  const auto times = [&](std::int64_t order) {
    return std::ranges::count_if(
        receiver_.at("/a"), [&](const Delivery& delivery) { return order_of(delivery) == order; });
  };
  EXPECT_TRUE(eventually(kPatience, [&] { return times(second) >= 2 && times(third) >= 2; }));
  EXPECT_EQ(times(first), 1);
  shop_.run({"webhook", "replay", "1", "--from-start"});
  EXPECT_TRUE(eventually(kPatience, [&] { return times(first) >= 2; }));
  EXPECT_NE(shop_.try_run({"webhook", "replay", "1"}).exit, 0);
}

TEST_F(WebhooksTest, OneThatIsGoneIsDisabledAndSaysSo) {
  receiver_.answer_with([](const Delivery&) { return 410; });
  add(receiver_.url("/a"));
  const std::int64_t order = buy();
  ASSERT_TRUE(told("/a", order, "order.created"));
  ASSERT_TRUE(eventually(kPatience, [&] { return !listed().at(0).at("disabled_at").is_null(); }));
  EXPECT_EQ(listed().at(0).at("disabled_reason").as_string(), "the receiver answered 410 Gone");
  EXPECT_TRUE(eventually(kPatience, [&] {
    return shop_.server().log().find("webhook disabled webhook=1") != std::string::npos;
  }));
  EXPECT_THAT(shop_.run({"webhook", "log", "1"}), HasSubstr("410"));
  receiver_.answer_with([](const Delivery&) { return 204; });
  const std::int64_t missed = buy();
  shop_.run({"webhook", "enable", "1"});
  EXPECT_TRUE(told("/a", missed, "order.created"));
  EXPECT_TRUE(eventually(kPatience, [&] {
    return shop_.run({"webhook", "log", "1"}).find("204") != std::string::npos;
  }));
}

TEST_F(WebhooksTest, KillsLoseNothing) {
  receiver_.answer_with([](const Delivery&) { return 0; });
  add(receiver_.url("/a"));
  std::set<std::int64_t> orders;
  for (int i = 0; i < 10; ++i) orders.insert(buy());
  ASSERT_TRUE(eventually(kPatience, [&] { return receiver_.count() != 0; })) << "under way";
  shop_.kill();
  const std::size_t unanswered = receiver_.count();
  receiver_.answer_with([](const Delivery&) { return 204; });
  shop_.start();
  EXPECT_TRUE(
      eventually(kPatience, [&] { return orders_told("/a", unanswered) == orders.size(); }));
}

TEST(WebhooksOfAPublicNetwork, APrivateAddressIsRefusedWhateverItsName) {
  WebhookReceiver receiver;
  Shop shop;
  for (const std::string& url :
       {receiver.url("/a"), std::string("https://127.0.0.1/"), std::string("https://localhost/")}) {
    const auto refused = shop.try_run({"webhook", "add", url});
    EXPECT_EQ(refused.exit, 1);
    EXPECT_THAT(refused.err, HasSubstr("expected")) << url;
  }
  const ProductId lamp = shop.open_sale();
  // Of a name nothing is known until it is looked up.
  std::string url = receiver.url("/a");
  url.replace(0, url.rfind(':'), "https://LOCALHOST");
  shop.run({"webhook", "add", url});
  Buyer buyer = shop.buyer(1);
  ASSERT_EQ(buyer.order(lamp, fresh_key()).result, "sold");
  EXPECT_TRUE(eventually(kPatience, [&] {
    return shop.run({"webhook", "log", "1"}).find("address-refused") != std::string::npos;
  }));
  EXPECT_EQ(receiver.count(), 0U);
}

}  // namespace
}  // namespace stampede::test_support

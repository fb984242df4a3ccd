// What the operator sees: health, metrics, commands that take effect on a running server.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <regex>
#include <sstream>
#include <thread>

#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

TEST(Operations, HealthAndMetricsAreOnTheConsoleOnly) {
  Shop shop;
  Buyer console(shop.server().console_port());
  Buyer visitor(shop.port());
  for (const char* path : {"/healthz", "/readyz", "/metrics"}) {
    EXPECT_EQ(console.get(path).status, 200) << path;
    EXPECT_EQ(visitor.get(path).status, 404) << path;
  }
}

TEST(Operations, MetricsAreThePrometheusTextFormat) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  ASSERT_EQ(shop.buyer(1).order(lamp, fresh_key()).result, "sold");
  const auto response = Buyer(shop.server().console_port()).get("/metrics");
  EXPECT_THAT(std::string(response.header("Content-Type")),
              testing::StartsWith("text/plain; version=0.0.4"));
  const std::regex comment(R"(# (HELP|TYPE) [a-zA-Z_:][a-zA-Z0-9_:]* .+)");
  const std::regex sample(
      R"(([a-zA-Z_:][a-zA-Z0-9_:]*)(\{([a-zA-Z_]\w*="[^"\n]*",?)*\})? [-+0-9.eEInfNa]+)");
  std::istringstream lines(response.body);
  int samples = 0;
  double sold = 0;
  for (std::string line; std::getline(lines, line);) {
    if (line.starts_with('#')) {
      EXPECT_TRUE(std::regex_match(line, comment)) << line;
      continue;
    }
    EXPECT_TRUE(std::regex_match(line, sample)) << line;
    ++samples;
    if (line.find("\"sold\"") != std::string::npos) sold += std::stod(line.substr(line.rfind(' ')));
  }
  EXPECT_GT(samples, 10);
  EXPECT_EQ(sold, 1) << response.body;
}

TEST(Operations, ACommandWithAKeyIsOneChangeHoweverOftenItIsGiven) {
  Shop shop;
  const std::vector<std::string> add{
      "product", "add", "--name", "Lamp", "--idempotency-key", "0123456789abcdef"};
  EXPECT_EQ(shop.run(add), "1\n");
  const CommandResult again = shop.try_run(add);
  EXPECT_EQ(again.out, "1\n");
  EXPECT_EQ(again.exit, 0);
  EXPECT_THAT(again.err, testing::HasSubstr("applied before"));
  EXPECT_THAT(
      shop.try_run({"product", "add", "--name", "Other", "--idempotency-key", "0123456789abcdef"})
          .err,
      testing::HasSubstr("used for something else"));
  shop.create_sale({.product = ProductId{1}, .quantity = 10});
  const std::vector<std::string> stock{"sale", "add-stock",         "1",
                                       "5",    "--idempotency-key", "fedcba9876543210"};
  EXPECT_EQ(shop.run(stock), "15\n");
  EXPECT_EQ(shop.run(stock), "15\n");
  EXPECT_EQ(shop.run({"sale", "add-stock", "1", "5"}), "20\n");
  EXPECT_EQ(shop.try_run({"sale", "add-stock", "1", "5", "--idempotency-key", "short"}).exit, 2);
}

/// By a command beside the server that sells.
TEST(Operations, ACancelledOrderIsSoldAgain) {
  Shop shop(Environment{{"STAMPEDE_ADMISSION_INTERVAL_SECONDS", "0"}});
  const ProductId lamp = shop.open_sale({.quantity = 1});
  Buyer first = shop.buyer(1);
  Buyer second = shop.buyer(2);
  const std::string key = fresh_key();
  ASSERT_EQ(first.order(lamp, key).result, "sold");
  ASSERT_TRUE(shop.await_status(lamp, "sold_out"));
  shop.run({"order", "cancel", "1", "--reason", "paid twice"});
  EXPECT_THAT(shop.try_run({"order", "cancel", "1"}).err, testing::HasSubstr("already"));
  EXPECT_EQ(shop.try_run({"order", "cancel", "2"}).exit, 1);

  ASSERT_TRUE(shop.await_status(lamp, "on"));
  const CheckAnswer again = first.order(lamp, key);
  EXPECT_EQ(again.status, 409);
  EXPECT_EQ(again.result, "purchase-failed");
  EXPECT_THAT(again.response.body, testing::HasSubstr("cancelled"));
  EXPECT_THAT(first.get("/orders", "application/json").body,
              testing::HasSubstr(R"("status":"cancelled")"));
  EXPECT_EQ(second.order(lamp, fresh_key()).result, "sold");
  EXPECT_EQ(shop.audited_orders(), 1);

  shop.kill();
  shop.start();
  shop.await_orders_known();
  EXPECT_EQ(shop.buyer(1).order(lamp, key).result, "purchase-failed");
  EXPECT_EQ(shop.buyer(1).order(lamp, fresh_key()).result, "sold-out");
}

TEST(Operations, AKilledRotationLeavesNoDraft) {
  Shop shop;
  const auto drafts = [&](std::string_view called = "keys.draft") {
    int count = 0;
    for (const auto& entry : std::filesystem::directory_iterator(shop.data())) {
      count += entry.path().filename().string().starts_with(called) ? 1 : 0;
    }
    return count;
  };
  for (int moment = 0; moment < 20; ++moment) {
    Child rotate({stampede_binary(), "keys", "rotate", "--data", shop.data().string()});
    std::this_thread::sleep_for(moment * 2ms);  // the input of this test, not a wait
    rotate.signal(SIGKILL);
    ASSERT_TRUE(rotate.wait(kPatience));
    EXPECT_EQ(drafts("keys.draft-"), 0) << "a file without a name goes with its process";
    EXPECT_LE(drafts(), 1) << "between its name and its place";
  }
  // What an earlier release left goes with the next rotation.
  std::ofstream(shop.data() / "keys.draft-4711") << "secret";
  shop.run({"keys", "rotate"});
  EXPECT_EQ(drafts(), 0);
  std::ofstream(shop.data() / "keys.draft") << "secret";
  shop.stop();
  shop.start();
  EXPECT_EQ(drafts(), 0);
}

TEST(Operations, ListingsAreJson) {
  Shop shop;
  shop.open_sale();
  shop.buyer(1);
  for (const std::vector<std::string>& listing :
       {std::vector<std::string>{"product", "list", "--json"},
        {"sale", "list", "--json"},
        {"sale", "show", "1", "--json"},
        {"user", "list", "--json"},
        {"audit", "--json"}}) {
    boost::json::error_code error;
    boost::json::parse(shop.run(listing), error);
    EXPECT_FALSE(error) << listing[0] << " " << listing[1];
  }
}

TEST(Operations, AMarkupInAProductsNameStaysText) {
  Shop shop;
  const ProductId product = shop.add_product("<script>alert(\"x\")</script>'&");
  shop.create_sale({.product = product});
  ASSERT_TRUE(shop.await_status(product, "on"));
  Buyer visitor(shop.port());
  for (const std::string& page : {std::string("/"), fmt::format("/product/{}", product.value)}) {
    const std::string body = visitor.get(page).body;
    EXPECT_THAT(body, testing::Not(testing::HasSubstr("<script>alert"))) << page;
    EXPECT_THAT(body, testing::HasSubstr("&lt;script&gt;")) << page;
  }
}

/// The command fails, prints nothing to standard output, and every word of `says` to standard
/// error.
void expect_refused(const Shop& shop, std::vector<std::string> arguments,
                    const std::vector<std::string>& says) {
  const std::string words = fmt::format("{}", fmt::join(arguments, " "));
  const CommandResult result = shop.try_run(std::move(arguments));
  EXPECT_NE(result.exit, 0) << words;
  EXPECT_LT(result.exit, 126) << words << " ended by a signal";
  EXPECT_EQ(result.out, "") << words;
  for (const std::string& word : says) {
    EXPECT_THAT(result.err, testing::HasSubstr(word)) << words;
  }
}

TEST(Operations, NumbersOutOfRangeAreNamed) {
  Shop shop;
  shop.add_product();
  const auto sale = [](const char* product, const char* price, const char* quantity,
                       const char* limit) {
    return std::vector<std::string>{"sale", "create",     "--product", product,   "--price-cents",
                                    price,  "--quantity", quantity,    "--limit", limit};
  };
  expect_refused(shop, sale("99", "1", "1", "1"), {"product", "99"});
  expect_refused(shop, sale("1", "-1", "1", "1"), {"price", "-1"});
  expect_refused(shop, sale("1", "1000000000001", "1", "1"), {"price", "1000000000001"});
  expect_refused(shop, sale("1", "1", "0", "1"), {"quantity", "0"});
  expect_refused(shop, sale("1", "1", "1000000001", "1"), {"quantity", "1000000001"});
  expect_refused(shop, sale("1", "1", "99999999999999999999", "1"),
                 {"quantity", "99999999999999999999"});
  expect_refused(shop, sale("1", "1", "1", "0"), {"limit", "0"});
  expect_refused(shop, sale("1", "1", "1", "1001"), {"limit", "1001"});
  expect_refused(shop, sale("1", "1", "many", "1"), {"quantity", "many"});
  expect_refused(shop, {"sale", "end", "77"}, {"77"});
  expect_refused(shop, {"user", "ban", "4711"}, {"4711"});
  expect_refused(shop, {"mint", "--users", "9-1"}, {"9-1"});
  expect_refused(shop, {"mint", "--users", "0-1"}, {"0-1"});
}

TEST(Operations, NamesAndTimesAreChecked) {
  Shop shop;
  expect_refused(shop, {"product", "add", "--name", ""}, {"name"});
  expect_refused(shop, {"product", "add", "--name", std::string(201, 'x')}, {"name", "200"});
  expect_refused(shop, {"product", "add", "--name", "bad \xff utf-8"}, {"UTF-8"});
  expect_refused(shop, {"product", "add", "--name", "overlong \xc0\xaf"}, {"UTF-8"});
  expect_refused(shop,
                 {"sale", "create", "--product", "1", "--price-cents", "1", "--quantity", "1",
                  "--starts", "tomorrow"},
                 {"starts", "tomorrow"});
  const ProductId lamp = shop.add_product();
  shop.create_sale({.product = lamp});
  expect_refused(shop,
                 {"sale", "create", "--product", "1", "--price-cents", "1", "--quantity", "1"},
                 {"sale"});  // one running sale per product
}

}  // namespace
}  // namespace stampede::test_support

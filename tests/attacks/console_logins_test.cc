// Log-ins at the operators' console that are to keep an operator out.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <string>
#include <vector>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"
#include "tests/support/raw_connection.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

/// Through a proxy, so that all have the addresses that it says.
class ConsoleLogins : public testing::Test {
 protected:
  static constexpr int kHonest = 20;
  static constexpr int kPurchases = 100;
  static constexpr int kWaiting = 16;  // as many as may wait

  ConsoleLogins() {
    Buyer visitor(port());
    const auto shown = visitor.get("/login");
    form_ = find_form(shown.body, "/login").value();
    form_cookie_ = shown.cookie("form");
    password_ = shop_.run({"operator", "add", "olga", "--role", "owner"});
    password_.resize(password_.find('\n'));
  }
  std::uint16_t port() { return shop_.server().console_port(); }
  std::string request(const std::string& name, const std::string& password,
                      const std::string& address) {
    Form form = form_;
    form.fields["name"] = name;
    form.fields["password"] = password;
    const std::string body = form.encoded();
    return fmt::format(
        "POST /login HTTP/1.1\r\nHost: 127.0.0.1:{0}\r\nOrigin: http://127.0.0.1:{0}\r\n"
        "X-Forwarded-For: {1}\r\nCookie: form={2}\r\n"
        "Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {3}\r\n\r\n{4}",
        port(), address, form_cookie_, body.size(), body);
  }
  /// The operator, each time by a new browser from another address.
  bool log_in() {
    const std::string address = fmt::format("198.51.100.{}", ++log_ins_);
    return RawConnection(port())
        .ask(request("olga", password_, address))
        .starts_with("HTTP/1.1 303 ");
  }

  Shop shop_{Environment{{"STAMPEDE_HTTP_TRUSTED_PROXIES", "127.0.0.1"}}};
  HonestBuyers sale_{shop_, shop_.open_sale({.quantity = 2 * kPurchases}), 2 * kPurchases};
  Form form_;
  std::string form_cookie_;
  std::string password_;
  int log_ins_ = 0;
};

TEST_F(ConsoleLogins, GuessesFromSeveralAddressesKeepNoOperatorOut) {
  const Honest calm = measure(kHonest, [&](int) { return log_in(); });
  const Honest calm_purchases = sale_.buy(kPurchases);
  std::atomic<int> asked = 0;
  Flood guessing(
      {.port = port(), .address = "127.0.0.1", .connections = 40, .at_once = 1, .request = [&] {
         const int i = asked++;
         return request(fmt::format("guess-{}", i), "wrong password",
                        fmt::format("203.0.113.{}", i % 4 + 1));
       }});
  ASSERT_TRUE(eventually(kPatience, [&] { return guessing.answers(401) > 10; }));
  std::vector<int> before;  // passwords of others that were checked meanwhile
  const Honest beside = measure(kHonest, [&](int) {
    const int checked = guessing.answers(401);
    const bool in = log_in();
    before.push_back(guessing.answers(401) - checked);
    return in;
  });
  const std::string attack = "40 guesses at a time at the console from 4 addresses";
  fmt::print("{}: at most {} passwords of others before one\n", attack,
             *std::ranges::max_element(before));
  expect_served(attack, "log-ins", calm, beside, Wait::kCounted);
  expect_served(attack, "purchases", calm_purchases, sale_.buy(kPurchases));
  // Two more are being checked, and one may be answered before its log-in is counted.
  EXPECT_LE(*std::ranges::max_element(before), kWaiting + 3);
  EXPECT_GT(guessing.answers(503), 0) << "those for whom no place is left";
  guessing.stop();
  sale_.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support

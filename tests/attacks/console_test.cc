// The operators' console: what strangers, other sites and operators of a lesser role may do there.
#include "tests/support/console.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <array>
#include <chrono>
#include <string>
#include <vector>

#include "controllers/console/route_roles.h"
#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_connection.h"
#include "tests/support/shop.h"
#include "tests/support/totp.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

constexpr int kHonest = 200;
constexpr const char* kPicture = "Content-Length: 5000000\r\nExpect: 100-continue\r\n";

std::string head(const std::string& method, const std::string& target,
                 const std::string& headers = {}, const std::string& host = "127.0.0.1") {
  return fmt::format("{} {} HTTP/1.1\r\nHost: {}\r\n{}\r\n", method, target, host, headers);
}

/// "/orders/{number}" → "/orders/1"
std::string address_of(std::string_view pattern) {
  std::string address(pattern);
  for (auto begin = address.find('{'); begin != std::string::npos; begin = address.find('{')) {
    address.replace(begin, address.find('}') - begin + 1, "1");
  }
  return address;
}

class ConsoleAttack : public testing::Test {
 protected:
  std::uint16_t port() { return shop_.server().console_port(); }
  std::string ask(const std::string& request) { return RawConnection(port()).ask(request); }
  /// The password that the command printed.
  std::string add_operator(const std::string& name, const std::string& role) {
    const std::string printed = shop_.run({"operator", "add", name, "--role", role});
    return printed.substr(0, printed.find('\n'));
  }

  Shop shop_;
};

TEST_F(ConsoleAttack, NoBodyIsReadBeforeTheLogIn) {
  for (const auto& route : controllers::kRouteRoles) {
    if (route.method != http::Method::kPost) continue;
    const std::string target = address_of(route.pattern);
    RawConnection stranger(port());
    // Of 5 MB nothing is sent, and nobody asks for it.
    const std::string refused = stranger.ask(head("POST", target, kPicture));
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 401 ")) << target;
    EXPECT_TRUE(stranger.closed()) << target;
    EXPECT_THAT(ask(head("POST", target, "Transfer-Encoding: chunked\r\n")),
                StartsWith("HTTP/1.1 401 "))
        << target;
  }
  EXPECT_THAT(ask(head("POST", "/nothing", kPicture)), StartsWith("HTTP/1.1 401 "));
  EXPECT_THAT(ask(head("POST", "/login", kPicture)), StartsWith("HTTP/1.1 413 "));
  EXPECT_THAT(ask(head("POST", "/login", "Transfer-Encoding: chunked\r\n")),
              StartsWith("HTTP/1.1 411 "));
  const Console olga(shop_);
  RawConnection known(port());
  known.send(head("POST", "/products/1/pictures",
                  fmt::format("Cookie: {}\r\n{}", olga.cookies(), kPicture)));
  EXPECT_THAT(known.until("\r\n\r\n"), StartsWith("HTTP/1.1 100 ")) << "an operator goes on";
}

/// Of an operator who has a connection of its own for each page.
bool sees_sales(std::uint16_t port, const std::string& cookies) {
  RawConnection honest(port, "127.7.0.1");
  return honest.ask(head("GET", "/sales", fmt::format("Cookie: {}\r\n", cookies)))
      .starts_with("HTTP/1.1 200 ");
}

TEST_F(ConsoleAttack, StrangersBodiesKeepNeitherBuyersNorOperators) {
  constexpr std::int64_t kStock = 2 * kBlocks * kHonest;
  HonestBuyers buyers(shop_, shop_.open_sale({.quantity = kStock}), kStock);
  buyers.prepare(kStock);
  const Console olga(shop_);
  const auto page = [&](int) { return sees_sales(port(), olga.cookies()); };
  const std::string request = head("POST", "/products/1/pictures", kPicture);
  expect_served_beside("uploads of strangers",
                       {{"purchases", [&] { return buyers.buy(kHonest); }},
                        {"pages", [&] { return measure(kHonest, page); }}},
                       [&] {
                         return flood_until(
                             401, 100,
                             {.port = port(), .address = "127.5.0.1", .at_once = 1, .request = [&] {
                                return request;
                              }});
                       });
  buyers.expect_all_sold_once();
}

TEST(ConsoleConnections, AreFewAndNoAddressHasThemAll) {
  Shop shop{Environment{{"STAMPEDE_CONSOLE_CONNECTIONS", "32"},
                        {"STAMPEDE_CONSOLE_CONNECTIONS_PER_ADDRESS", "8"}}};
  const std::uint16_t port = shop.server().console_port();
  Console olga(shop);
  HonestBuyers buyers(shop, shop.open_sale({.quantity = 2 * kHonest}), 2 * kHonest);
  const auto page = [&](int) { return sees_sales(port, olga.cookies()); };
  const Honest calm = buyers.buy(kHonest);
  const Honest calm_pages = measure(kHonest, page);
  std::vector<RawConnection> attackers;
  const auto answers = [](RawConnection& connection) {
    connection.send(head("GET", "/healthz"));
    const auto answer = connection.read_until("\r\n\r\n");  // what is refused is closed
    return answer && answer->starts_with("HTTP/1.1 200");
  };
  int held = 0;
  for (int i = 0; i < 20; ++i) {
    attackers.emplace_back(port, "127.5.0.1");
    held += answers(attackers.back()) ? 1 : 0;
  }
  EXPECT_EQ(held, 8) << "of one address";
  EXPECT_EQ(olga.get("/sales").status, 200);
  // And many addresses together leave an operator let in: the longest idle make room.
  for (int i = 0; i < 100; ++i) {
    attackers.emplace_back(port, fmt::format("127.6.{}.1", i % 20).c_str());
    attackers.back().send("GET /login HTTP/1.1\r\nHost: ");
  }
  ASSERT_TRUE(eventually(kPatience, [&] { return page(0); }));
  expect_served("the console's connections", "purchases", calm, buyers.buy(kHonest));
  expect_served("the console's connections", "pages", calm_pages, measure(kHonest, page));
  buyers.expect_all_sold_once();
}

TEST_F(ConsoleAttack, AnotherHostIsMisdirected) {
  for (const char* host : {"rebound.example", "127.0.0.1.rebound.example", "10.0.0.1"}) {
    for (const char* target : {"/login", "/sales", "/", "/nothing"}) {
      EXPECT_THAT(ask(head("GET", target, "", host)), StartsWith("HTTP/1.1 421 ")) << host;
    }
    EXPECT_THAT(ask(head("POST", "/login", "Content-Length: 0\r\n", host)),
                StartsWith("HTTP/1.1 421 "));
    for (const char* target : {"/healthz", "/readyz", "/metrics"}) {
      EXPECT_THAT(ask(head("GET", target, "", host)), StartsWith("HTTP/1.1 200 ")) << host;
    }
  }
  for (const char* host : {"127.0.0.1:8080", "localhost", "[::1]:8080"}) {
    EXPECT_THAT(ask(head("GET", "/login", "", host)), StartsWith("HTTP/1.1 200 ")) << host;
  }
}

TEST_F(ConsoleAttack, AFormOfAnotherSiteIsRefused) {
  shop_.mint(1, 1);
  Console olga(shop_);
  const std::string token = olga.token("/buyers/1", "/buyers/1/logout");
  const auto log_out = [&](const std::string& site) {
    return ask(head("POST", "/buyers/1/logout",
                    fmt::format("Cookie: {}\r\nForm-Token: {}\r\n{}Content-Length: 0\r\n",
                                olga.cookies(), token, site)));
  };
  for (const char* site : {"cross-site", "same-site"}) {
    const std::string refused = log_out(fmt::format("Sec-Fetch-Site: {}\r\n", site));
    EXPECT_THAT(refused, StartsWith("HTTP/1.1 403 ")) << site;
    EXPECT_THAT(refused, HasSubstr("#cross-site\"")) << site;
  }
  EXPECT_THAT(log_out("Origin: http://evil.example\r\n"), HasSubstr("#bad-origin\""));
  EXPECT_THAT(log_out("Sec-Fetch-Site: same-origin\r\n"), StartsWith("HTTP/1.1 303 "));
}

TEST_F(ConsoleAttack, ATokenIsGoodForOneFormOfOneSession) {
  shop_.mint(1, 2);
  Console olga(shop_);
  Console eve(shop_, "eve", "owner");
  const std::string token = olga.token("/buyers/1", "/buyers/1/logout");
  const auto expect_refused = [](const http::ClientResponse& answer) {
    EXPECT_EQ(answer.status, 403);
    EXPECT_THAT(answer.body, HasSubstr("#form-expired\""));
  };
  expect_refused(olga.post("/buyers/2/logout", "", token));     // another buyer's
  expect_refused(olga.post("/buyers/1/blacklist", "", token));  // another form
  expect_refused(eve.post("/buyers/1/logout", "", token));      // another session
  expect_refused(olga.post("/buyers/1/logout", "", olga.token("/logout", "/logout")));
  expect_refused(olga.post("/buyers/1/logout", "", ""));
  EXPECT_EQ(olga.post("/buyers/1/logout", "", token).status, 303);
}

TEST_F(ConsoleAttack, EveryRouteAsksForItsRole) {
  Console viewer(shop_, "vera", "viewer");
  Console seller(shop_, "otto", "operator");
  Console owner(shop_, "olga", "owner");
  for (const auto& [role, console] : {std::pair(UserRole::kViewer, &viewer),
                                      {UserRole::kOperator, &seller},
                                      {UserRole::kOwner, &owner}}) {
    for (const auto& route : controllers::kRouteRoles) {
      const std::string target = address_of(route.pattern);
      if (target.ends_with("/events")) continue;  // of a sale that is not there: a stream
      const auto answer = route.method == http::Method::kPost ? console->post(target, "", "")
                                                              : console->get(target);
      const std::string name = fmt::format("{} {}", to_string(role), target);
      EXPECT_NE(answer.status, 401) << name;
      const bool refused =
          answer.body.contains("role-required") || answer.body.contains("Not with your role");
      EXPECT_EQ(refused, role < route.least) << name << ": " << answer.status << answer.body;
      EXPECT_THAT(answer.body,
                  refused ? HasSubstr(std::string(to_string(route.least))) : HasSubstr(""))
          << name;
    }
  }
  add_operator("oda", "owner");  // the last owner stays one
  EXPECT_THAT(shop_.run({"operator", "role", "olga", "--role", "viewer"}), testing::IsEmpty());
  EXPECT_TRUE(eventually(kPatience, [&] { return owner.get("/sales").status == 303; }))
      << "a new role ends the session of the old one";
}

TEST_F(ConsoleAttack, ACodeIsTakenOnce) {
  const std::string password = add_operator("olga", "owner");
  const std::string uri = shop_.run({"operator", "totp", "olga"});
  const auto secret = uri.find("secret=") + 7;
  const auto code = [&] {
    return totp_of(uri.substr(secret, uri.find('&') - secret), read_clocks().wall);
  };
  Console olga(port());
  const auto asked = olga.log_in("olga", password);
  EXPECT_EQ(asked.status, 401);
  EXPECT_THAT(asked.body, HasSubstr("name=\"code\" required"));
  EXPECT_EQ(olga.log_in("olga", password, "000000").status, 401);
  const std::string used = code();
  ASSERT_EQ(olga.log_in("olga", password, used).status, 303);
  Console thief(port());
  EXPECT_EQ(thief.log_in("olga", password, used).status, 401) << "seen over the shoulder";
  EXPECT_EQ(olga.get("/sales").status, 200);
  EXPECT_THAT(shop_.run({"operator", "list", "--json"}), HasSubstr("\"second_factor\":true"));
  // Nor does the database tell it.
  const auto stored = run_command(
      {"sqlite3", (shop_.data() / "stampede.db").string(), "SELECT secret FROM second_factors;"});
  EXPECT_THAT(stored.out, Not(HasSubstr(uri.substr(secret, 16))));
}

TEST_F(ConsoleAttack, APasswordIsAcceptedAtOneSiteAlone) {
  Buyer visitor(shop_.port());
  ASSERT_EQ(visitor.register_as("bob", "correct horse").status, 303);
  for (const char* role : {"viewer", "operator", "owner"}) {
    const std::string password = add_operator(role, role);
    Buyer at_shop(shop_.port());
    const auto refused = at_shop.log_in(role, password);
    const auto wrong = Buyer(shop_.port()).log_in(role, "another horse");
    EXPECT_EQ(refused.status, 401) << role;
    EXPECT_EQ(wrong.status, 401) << role;
    EXPECT_THAT(refused.body, HasSubstr("Name or password is wrong.")) << role;
    EXPECT_THAT(wrong.body, HasSubstr("Name or password is wrong.")) << role;
    EXPECT_EQ(Console(port()).log_in(role, password).status, 303) << role;
  }
  const auto buyer = Console(port()).log_in("bob", "correct horse");
  EXPECT_EQ(buyer.status, 401);
  EXPECT_THAT(buyer.body, HasSubstr("Name or password is wrong."));
}

}  // namespace
}  // namespace stampede::test_support

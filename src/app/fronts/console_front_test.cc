// The console as `serve` and `admin` make it: what it answers without login.
#include "app/fronts/console_front.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <set>
#include <string>

#include "app/config/data_dir.h"
#include "app/process/from_config.h"
#include "tests/support/temp_dir.h"
#include "tests/support/visitor.h"

namespace stampede::app {
namespace {

using services::accounts::Sessions;
using test_support::header_of;
using test_support::Headers;

/// A pattern's own address: "/orders/{number}" → "/orders/1".
std::string address_of(std::string pattern) {
  for (auto begin = pattern.find('{'); begin != std::string::npos; begin = pattern.find('{')) {
    pattern.replace(begin, pattern.find('}') - begin + 1, "1");
  }
  return pattern;
}

bool turned_away(const http::Response& response) {
  return response.status == 401 ||
         (response.status == 303 && header_of(response, "Location").starts_with("/login"));
}

class ConsoleFrontTest : public testing::Test {
 protected:
  explicit ConsoleFrontTest(bool second_factor_required = false)
      : second_factor_required_(second_factor_required) {
    front_.start();
  }
  ~ConsoleFrontTest() override {
    front_.drain();
    front_.stop();
  }

  bool answers(const http::Router::Route& route, const Headers& headers) {
    const std::string target = address_of(route.pattern);
    return !turned_away(route.method == http::Method::kPost
                            ? visitor_.post_form(target, {{"token", "forged"}}, headers)
                            : visitor_.get(target, headers));
  }
  /// Every route that answers this visitor, as a page, as JSON or as anything else.
  std::set<std::string> open_routes() {
    std::set<std::string> open;
    for (const auto& route : front_.router().routes()) {
      for (const char* accept : {"text/html,*/*;q=0.8", "application/json", "*/*", ""}) {
        if (!answers(route, {{"Accept", accept}})) continue;
        const bool asset = route.pattern.starts_with("/static/");  // a route a file
        open.insert((route.method == http::Method::kPost ? "POST " : "GET ") +
                    (asset ? "/static/{file}" : route.pattern));
      }
    }
    return open;
  }

  const bool second_factor_required_;
  const test_support::TempDir folder_;
  const identity::KeyRing keys_{(prepare_data_dir(folder_.path()), key_path(folder_.path()))};
  repositories::sql::Database database_{{.path = database_path(folder_.path())}};
  repositories::sql::Repositories repositories_{database_};
  Sessions sessions_{keys_};
  services::catalog::Catalog catalog_{repositories_.catalog()};
  const Config config_ = [] {
    Config config;
    config.http.console = "127.0.0.1:0";
    config.console.origin = "http://shop.example";  // the visitor's
    return config;
  }();
  ConsoleFront front_{console_listener(config_),
                      {.origin = config_.console.origin,
                       .keys = keys_,
                       .sessions = sessions_,
                       .storage = repositories_,
                       .catalog = catalog_,
                       .second_factor_required = second_factor_required_,
                       .totals = [] { return services::live::Totals{}; },
                       .ready = [] { return true; },
                       .metrics = {}}};
  test_support::Visitor visitor_{front_.router()};
};

const std::set<std::string> kOpenRoutes = {"GET /healthz", "GET /readyz", "GET /metrics",
                                           "GET /login",   "POST /login", "GET /static/{file}"};

TEST_F(ConsoleFrontTest, OnlyOpenRoutesAnswerWithoutALogin) {
  EXPECT_EQ(open_routes(), kOpenRoutes);
  EXPECT_GT(front_.router().routes().size(), 2 * kOpenRoutes.size());
}

TEST_F(ConsoleFrontTest, OnlyOpenRoutesAnswerABuyer) {
  const std::string sign = sessions_.issue(UserId{1}, 0, read_clocks().wall);
  visitor_.cookies = {{"uid", "1"}, {"sign", sign}, {"operator", sign}};
  EXPECT_EQ(open_routes(), kOpenRoutes);
}

TEST_F(ConsoleFrontTest, EveryRouteAsksForTheRoleOfTheTable) {
  std::set<std::string> asked;
  for (const UserRole role : {UserRole::kViewer, UserRole::kOperator, UserRole::kOwner}) {
    visitor_.cookies = {
        {"operator", sessions_.issue_at_console(UserId{1}, role, 0, read_clocks().wall)}};
    for (const auto& route : controllers::kRouteRoles) {
      const std::string target = address_of(std::string(route.pattern));
      const bool posts = route.method == http::Method::kPost;
      const auto answer = posts ? visitor_.post_form(target, {}) : visitor_.get(target);
      const std::string body(test_support::body_of(answer));
      const bool refused = body.find("#role-required\"") != std::string::npos;
      EXPECT_EQ(refused, role < route.least) << to_string(role) << ' ' << target << ' ' << body;
      if (refused) {
        EXPECT_NE(body.find("\"role\":\"" + std::string(to_string(route.least)) + "\""),
                  std::string::npos)
            << body;
      }
      asked.insert((posts ? "POST " : "GET ") + std::string(route.pattern));
    }
  }
  // And there is no other route behind the log-in, but for the API's.
  for (const auto& route : front_.router().routes()) {
    const std::string name =
        (route.method == http::Method::kPost ? "POST " : "GET ") + route.pattern;
    if (route.pattern.starts_with(controllers::kApi)) {
      EXPECT_FALSE(answers(route, {})) << name << ": an owner's session is no token";
      continue;
    }
    const bool open = route.pattern.starts_with("/static/") || kOpenRoutes.contains(name) ||
                      route.pattern == "/logout";
    EXPECT_TRUE(open || asked.contains(name)) << name;
  }
}

class RequiredSecondFactorTest : public ConsoleFrontTest {
 protected:
  RequiredSecondFactorTest() : ConsoleFrontTest(true) {}
  void log_in(UserRole role, bool second_factor) {
    visitor_.cookies = {{"operator", sessions_.issue_at_console(
                                         UserId{1}, role, 0, read_clocks().wall, second_factor)}};
  }
};

TEST_F(RequiredSecondFactorTest, WithoutOneEveryRouteLeadsThere) {
  const Headers page{{"Accept", "text/html,*/*;q=0.8"}};
  for (const UserRole role : {UserRole::kViewer, UserRole::kOperator, UserRole::kOwner}) {
    log_in(role, false);
    for (const auto& route : controllers::kRouteRoles) {
      if (route.pattern == controllers::kSecondFactorPath) continue;
      const std::string target = address_of(std::string(route.pattern));
      const bool posts = route.method == http::Method::kPost;
      const auto led = posts ? visitor_.post_form(target, {}, page) : visitor_.get(target, page);
      EXPECT_EQ(led.status, 303) << to_string(role) << ' ' << target;
      EXPECT_EQ(header_of(led, "Location"), "/second-factor") << target;
      const auto told = posts ? visitor_.post_form(target, {}) : visitor_.get(target);
      EXPECT_EQ(told.status, 403) << to_string(role) << ' ' << target;
      EXPECT_NE(test_support::body_of(told).find("#second-factor-required\""), std::string::npos)
          << target;
    }
    EXPECT_EQ(header_of(visitor_.get("/nothing", page), "Location"), "/second-factor");
    EXPECT_EQ(visitor_.get("/logout").status, 200) << "one may go";
  }
}

TEST_F(RequiredSecondFactorTest, WithoutOneNoBodyIsReadButThatOfTheFormThatSetsItUp) {
  const auto refused = [this](std::string_view path) {
    http::Request request;
    request.method = http::Method::kPost;
    request.path = request.target = path;
    const std::string cookie = "operator=" + visitor_.cookies.at("operator");
    request.headers.emplace_back("Host", "shop.example");
    request.headers.emplace_back("Content-Length", "5000000");
    request.headers.emplace_back("Cookie", cookie);
    return front_.router().refuse_head(request).has_value();
  };
  log_in(UserRole::kOwner, false);
  EXPECT_TRUE(refused("/products/1/pictures"));
  EXPECT_FALSE(refused("/second-factor"));
  EXPECT_FALSE(refused("/logout"));
  log_in(UserRole::kOwner, true);
  EXPECT_FALSE(refused("/products/1/pictures"));
}

TEST_F(RequiredSecondFactorTest, WithOneTheRoleDecides) {
  log_in(UserRole::kViewer, true);
  EXPECT_EQ(visitor_.get("/sales").status, 200);
  EXPECT_EQ(visitor_.get("/sales/new").status, 403);
}

TEST_F(ConsoleFrontTest, AnotherHostIsMisdirected) {
  http::Request request;
  request.method = http::Method::kGet;
  request.path = request.target = "/login";
  request.headers.emplace_back("Host", "rebound.example");
  const auto refused = front_.router().refuse_head(request);
  ASSERT_TRUE(refused);
  EXPECT_EQ(refused->status, 421);
}

TEST_F(ConsoleFrontTest, WhatIsNotThereIsNotOpenEither) {
  for (const char* accept : {"text/html", "*/*"}) {
    EXPECT_TRUE(turned_away(visitor_.get("/nothing", {{"Accept", accept}}))) << accept;
    EXPECT_TRUE(turned_away(visitor_.post("/nothing", "", {{"Accept", accept}}))) << accept;
  }
}

TEST_F(ConsoleFrontTest, LoginsAreInItsMetrics) {
  services::accounts::Accounts::create(repositories_.accounts(), "boss", "correct horse",
                                       UserRole::kViewer, Instant{});
  const std::string page(test_support::body_of(visitor_.get("/login")));
  constexpr std::string_view kField = "name=\"token\" value=\"";
  const auto token = page.find(kField) + kField.size();
  for (const char* password : {"wrong horse", "correct horse"}) {
    visitor_.post_form("/login", {{"token", page.substr(token, page.find('"', token) - token)},
                                  {"name", "boss"},
                                  {"password", password}});
  }
  const std::string metrics(test_support::body_of(visitor_.get("/metrics")));
  EXPECT_NE(metrics.find("\nstampede_console_logins_total 1\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("\nstampede_console_account_refusals_total{reason=\"wrong-login\"} 1\n"),
            std::string::npos)
      << metrics;
  EXPECT_NE(metrics.find("\nstampede_console_live_streams 0\n"), std::string::npos) << metrics;
  EXPECT_NE(metrics.find("\nstampede_console_exports 0\n"), std::string::npos) << metrics;
  EXPECT_EQ(metrics.find("registrations"), std::string::npos) << "nobody registers here";
}

}  // namespace
}  // namespace stampede::app

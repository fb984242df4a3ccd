#pragma once

#include <span>
#include <string>
#include <string_view>

#include "controllers/console/operator_guard.h"
#include "services/audit/journal.h"
#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/test_ring.h"
#include "tests/support/visitor.h"

namespace stampede::controllers {

/// What stands around the controllers of a console: an owner called "olga", whose browser the
/// visitor is once log_in() was called. Routes are added by the test; those that `roles` has.
struct TestConsole {
  std::span<const RouteRole> roles = kRouteRoles;
  bool second_factor_required = false;
  Now now{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};
  test::TestRing ring;
  services::accounts::Sessions sessions{ring.ring()};
  test_support::FakeBuyers users;
  test_support::FakeAuditLog log;
  services::audit::Journal journal{log, users};
  FormTokens forms{ring.ring()};
  OriginRule origin{std::nullopt};
  views::ConsolePages pages{[](std::string_view path) { return "/static/" + std::string(path); }};
  concurrency::WorkerPool pool{{.name = "console", .threads = 1, .queue = 8}};
  OperatorGuard guard{{sessions, forms, origin, pages, pool, roles, second_factor_required},
                      [this] { return now; }};
  http::Router router;
  test_support::Visitor browser{router};
  UserId olga = users.add("olga", UserRole::kOwner);

  std::string cookie(UserId user, UserRole role = UserRole::kOwner, bool second_factor = false) {
    return sessions.issue_at_console(user, role, 0, now.wall, second_factor);
  }
  void log_in(UserRole role = UserRole::kOwner, bool second_factor = false) {
    browser.cookies["operator"] = cookie(olga, role, second_factor);
  }

  /// The token of the form that is sent to `target`: of the session, or for the log-in form with
  /// the cookie that belongs to it.
  std::string token(std::string_view target) {
    const std::string_view action = target.substr(0, target.find('?'));
    const auto session = browser.cookies.find("operator");
    FormTokens::Scope scope{.action = action, .session = {}};
    if (action != "/login" && session != browser.cookies.end()) scope.session = session->second;
    const auto issued = forms.issue(http::Request{}, now.wall, scope);
    if (!issued.cookie.empty()) {
      browser.cookies["form"] = issued.cookie.substr(5, issued.cookie.find(';') - 5);
    }
    return issued.token;
  }
  http::Response post(std::string_view target, test_support::Fields fields) {
    fields.emplace_back("token", token(target));
    return browser.post_form(target, fields);
  }
  std::string html(std::string_view target) {
    return std::string(test_support::body_of(browser.get(target)));
  }
};

/// For Accept, as browsers send it when they go to a page.
inline const test_support::Headers kBrowserPage = {{"Accept", "text/html,*/*;q=0.8"}};

}  // namespace stampede::controllers

#include "controllers/console/orders/buyers_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/test_console.h"
#include "tests/support/fakes/fake_order_search.h"
#include "tests/support/fakes/fake_second_factors.h"

namespace stampede::controllers {
namespace {

using services::accounts::Sessions;
using test_support::body_of;
using test_support::Fields;
using test_support::header_of;
using testing::HasSubstr;
using testing::Not;

class BuyersControllerTest : public testing::Test {
 protected:
  BuyersControllerTest() {
    controller_.add_routes(console_.router, console_.guard);
    console_.log_in();
  }

  std::string path(const std::string& rest = "") {
    return "/buyers/" + std::to_string(alice_.value) + rest;
  }
  http::Response blacklist(const std::string& reason, const std::string& until,
                           const std::string& hours) {
    return console_.post(path("/blacklist"),
                         {{"reason", reason}, {"until", until}, {"hours", hours}});
  }
  /// The last change, as the command line words it.
  std::string last_change() {
    if (console_.log.entries.empty()) return "";
    const auto& entry = console_.log.entries.back();
    return entry.actor + " " + entry.action + ", " + entry.subject;
  }

  TestConsole console_;
  UserId alice_ = console_.users.add("alice");
  UserId bob_ = console_.users.add("bob");
  test_support::FakeOrderSearch search_;
  services::orders::OrderArchive archive_{search_};
  services::accounts::Buyers buyers_{{console_.users, console_.users, console_.users}};
  services::operations::UserOperations operations_{{console_.users, console_.users, console_.users},
                                                   console_.journal};
  views::ConsoleBuyersPages pages_{console_.pages};
  test_support::FakeSecondFactors factors_;
  services::operations::OperatorOperations operators_{console_.users, factors_, console_.journal};
  BuyersController controller_{{buyers_, console_.sessions, archive_, operations_, operators_,
                                console_.journal, pages_, console_.pages}};
  test_support::Visitor& browser_ = console_.browser;
};

TEST_F(BuyersControllerTest, FindsByIdAndName) {
  EXPECT_THAT(console_.html("/buyers?who=al"), HasSubstr("href=\"" + path() + "\">alice"));
  EXPECT_THAT(console_.html("/buyers?who=al"), Not(HasSubstr("bob")));
  EXPECT_THAT(console_.html("/buyers?who=" + std::to_string(bob_.value)), HasSubstr(">bob<"));
  EXPECT_THAT(console_.html("/buyers?who=zoe"), HasSubstr("Nobody has this id"));
  EXPECT_THAT(console_.html("/buyers"), HasSubstr(">olga<"));
  const auto bad = browser_.get("/buyers?who=%3Cscript%3Ex");
  EXPECT_EQ(bad.status, 400);
  EXPECT_THAT(std::string(body_of(bad)), HasSubstr("role=\"alert\""));
  EXPECT_THAT(std::string(body_of(bad)), HasSubstr("value=\"&lt;script&gt;x\""));
  EXPECT_EQ(browser_.get("/buyers?who=%ff").status, 400);
}

TEST_F(BuyersControllerTest, LongListsGoOn) {
  for (int i = 100; i < 151; ++i) console_.users.add("user" + std::to_string(i));
  const auto first = console_.html("/buyers?who=user");
  EXPECT_THAT(first, HasSubstr("href=\"/buyers?who=user&amp;after=user149\""));
  EXPECT_THAT(first, Not(HasSubstr(">user150<")));
  const auto last = console_.html("/buyers?who=user&after=user149");
  EXPECT_THAT(last, HasSubstr(">user150<"));
  EXPECT_THAT(last, Not(HasSubstr("rel=\"next\"")));
}

TEST_F(BuyersControllerTest, ShowsABuyersOrdersBySale) {
  search_.add(10, alice_).line.order.sale = {8};
  search_.add(11, alice_);
  search_.add(12, bob_);
  search_.add(13, alice_, FailureReason::kLimitReached).line.order.sale = {8};
  const auto html = console_.html(path());
  EXPECT_LT(html.find("Sale 8: Lamp"), html.find("Sale 3: Lamp"));
  EXPECT_LT(html.find("/orders/13\""), html.find("/orders/10\""));
  EXPECT_THAT(html, Not(HasSubstr("/orders/12\"")));
  EXPECT_THAT(html, Not(HasSubstr("All orders")));
  for (int i = 100; i < 150; ++i) search_.add(i, alice_);
  EXPECT_THAT(console_.html(path()), HasSubstr("/orders?buyer=" + std::to_string(alice_.value)));
  for (const char* target : {"/buyers/99", "/buyers/0", "/buyers/x"}) {
    EXPECT_EQ(browser_.get(target).status, 404) << target;
  }
}

TEST_F(BuyersControllerTest, PutsOnTheBlacklistForSomeHours) {
  const auto done = blacklist("a bot", "hours", "48");
  EXPECT_EQ(done.status, 303);
  EXPECT_EQ(header_of(done, "Location"), path("?done=blacklisted"));
  const auto& entry = console_.users.entries.at(alice_);
  EXPECT_EQ(entry.reason, "a bot");
  EXPECT_EQ(entry.created_at, console_.now.wall);
  EXPECT_EQ(entry.expires_at, console_.now.wall + std::chrono::hours{48});
  EXPECT_EQ(last_change(), "console:olga user ban, user 2 alice: a bot");
  const auto html = console_.html(path("?done=blacklisted"));
  EXPECT_THAT(html, HasSubstr("role=\"status\""));
  EXPECT_THAT(html, HasSubstr("2026-11-24 08:24:00 UTC"));
}

TEST_F(BuyersControllerTest, PutsOnTheBlacklistForGood) {
  EXPECT_EQ(blacklist("a bot", "ever", "").status, 303);
  EXPECT_EQ(console_.users.entries.at(alice_).expires_at, std::nullopt);
  const auto shorter = blacklist("less", "hours", "1");
  EXPECT_EQ(shorter.status, 409);
  EXPECT_THAT(std::string(body_of(shorter)), HasSubstr("Lift that entry"));
  EXPECT_EQ(console_.users.entries.at(alice_).reason, "a bot");
  EXPECT_EQ(console_.log.entries.size(), 1U);
}

TEST_F(BuyersControllerTest, SaysWhatIsWrongAndKeepsWhatWasTyped) {
  const auto refused = [&](const http::Response& response, const char* words) {
    const std::string html(body_of(response));
    EXPECT_EQ(response.status, 422);
    EXPECT_THAT(html, HasSubstr("role=\"alert\""));
    EXPECT_THAT(html, HasSubstr(words));
    return html;
  };
  refused(blacklist("", "ever", ""), "Reason: expected 1 to 200 bytes");
  refused(blacklist(std::string(201, 'x'), "ever", ""), "Reason: expected 1 to 200 bytes");
  refused(blacklist("\xff", "ever", ""), "Reason: expected 1 to 200 bytes");
  for (const char* hours : {"", "0", "-1", "1.5", "x", "87673", "99999999999999999999"}) {
    refused(blacklist("a bot", "hours", hours), "Hours: expected a whole number from 1 to 87672.");
  }
  refused(blacklist("a bot", "", "5"), "Hours: expected");
  const auto html = refused(blacklist("<b>", "hours", "\"x"), "Hours: expected");
  EXPECT_THAT(html, HasSubstr("name=\"reason\" value=\"&lt;b&gt;\""));
  EXPECT_THAT(html, HasSubstr("name=\"hours\" value=\"&quot;x\""));
  EXPECT_THAT(html, HasSubstr("value=\"hours\" checked"));
  EXPECT_THAT(std::string(body_of(blacklist("", "ever", ""))), HasSubstr("value=\"ever\" checked"));
  EXPECT_TRUE(console_.users.entries.empty());
  EXPECT_TRUE(console_.log.entries.empty());
  EXPECT_EQ(console_.post("/buyers/99/blacklist", {{"reason", "a"}, {"until", "ever"}}).status,
            404);
}

TEST_F(BuyersControllerTest, LiftsAnEntry) {
  blacklist("a bot", "ever", "");
  const auto done = console_.post(path("/unban"), {});
  EXPECT_EQ(done.status, 303);
  EXPECT_EQ(header_of(done, "Location"), path("?done=unbanned"));
  EXPECT_TRUE(console_.users.entries.empty());
  EXPECT_EQ(last_change(), "console:olga user unban, user 2 alice");

  const auto again = console_.post(path("/unban"), {});
  EXPECT_EQ(again.status, 409);
  EXPECT_THAT(std::string(body_of(again)), HasSubstr("not on the blacklist"));
  EXPECT_EQ(console_.log.entries.size(), 2U);
  EXPECT_EQ(console_.post("/buyers/99/unban", {}).status, 404);

  blacklist("a bot", "ever", "");
  EXPECT_EQ(header_of(console_.post(path("/unban"), {{"from", "blacklist"}}), "Location"),
            "/blacklist?done=unbanned");
}

TEST_F(BuyersControllerTest, LogsOutEverywhere) {
  const auto sign = console_.sessions.issue(alice_, 0, console_.now.wall);
  const auto done = console_.post(path("/logout"), {});
  EXPECT_EQ(done.status, 303);
  EXPECT_EQ(console_.users.find(alice_)->session_epoch, 1);
  EXPECT_EQ(console_.sessions.authenticate(sign, console_.now.wall), std::nullopt);
  EXPECT_EQ(last_change(), "console:olga user logout, user 2 alice");
  EXPECT_EQ(console_.post("/buyers/99/logout", {}).status, 404);
  EXPECT_EQ(console_.log.entries.size(), 1U);
}

TEST_F(BuyersControllerTest, OwnersAloneLogOwnersOut) {
  const UserId oda = console_.users.add("oda", UserRole::kOwner);
  const UserId vera = console_.users.add("vera", UserRole::kViewer);
  const auto log_out = [&](UserId user) {
    return console_.post("/buyers/" + std::to_string(user.value) + "/logout", {});
  };
  console_.log_in(UserRole::kOperator);
  const auto refused = log_out(oda);
  EXPECT_EQ(refused.status, 403);
  EXPECT_THAT(std::string(body_of(refused)),
              testing::AllOf(HasSubstr("#role-required\""), HasSubstr("\"role\":\"owner\"")));
  EXPECT_EQ(console_.users.find(oda)->session_epoch, 0);
  EXPECT_TRUE(console_.log.entries.empty());
  EXPECT_EQ(log_out(vera).status, 303);
  console_.log_in(UserRole::kOwner);
  EXPECT_EQ(log_out(oda).status, 303);
  EXPECT_EQ(console_.users.find(oda)->session_epoch, 1);
}

TEST_F(BuyersControllerTest, AnOwnerRemovesOperatorsButNotTheLastOwner) {
  const UserId vera = console_.users.add("vera", UserRole::kViewer, "hash");
  const std::string session = console_.cookie(vera, UserRole::kViewer);
  const auto remove = [&](UserId user) {
    return console_.post("/operators/" + std::to_string(user.value) + "/remove", {});
  };
  EXPECT_THAT(console_.html(path()), Not(HasSubstr("from the console"))) << "a buyer";
  EXPECT_THAT(console_.html("/buyers/" + std::to_string(vera.value)),
              HasSubstr("Remove vera from the console"));
  const auto done = remove(vera);
  EXPECT_EQ(done.status, 303);
  EXPECT_THAT(console_.html(header_of(done, "Location")), HasSubstr("no operator any more"));
  EXPECT_EQ(console_.users.find(vera)->role, UserRole::kBuyer);
  EXPECT_EQ(console_.guard.operator_of(session, console_.now.wall), std::nullopt) << "at once";
  EXPECT_EQ(last_change(), "console:olga operator remove, user 4 vera");

  EXPECT_EQ(remove(vera).status, 409) << "a buyer now";
  const auto last = remove(console_.olga);
  EXPECT_EQ(last.status, 409);
  EXPECT_THAT(std::string(body_of(last)), HasSubstr("olga is the last owner"));
  EXPECT_EQ(remove(UserId{99}).status, 404);
  EXPECT_EQ(console_.log.entries.size(), 1U);

  console_.log_in(UserRole::kOperator);
  EXPECT_EQ(remove(alice_).status, 403);
}

TEST_F(BuyersControllerTest, NothingChangesWithoutASessionOrAFormOfOurs) {
  for (const char* action : {"/blacklist", "/unban", "/logout"}) {
    const Fields fields{{"reason", "x"}, {"until", "ever"}};
    EXPECT_EQ(browser_.post_form(path(action), fields).status, 403) << action;
    EXPECT_EQ(browser_.get(path(action)).status, 405) << action;
  }
  browser_.cookies.erase("operator");
  for (const char* action : {"/blacklist", "/unban", "/logout"}) {
    EXPECT_EQ(console_.post(path(action), {{"reason", "x"}, {"until", "ever"}}).status, 401);
  }
  EXPECT_TRUE(console_.users.entries.empty());
  EXPECT_TRUE(console_.log.entries.empty());
}

TEST_F(BuyersControllerTest, ListsTheBlacklistInPages) {
  EXPECT_THAT(console_.html("/blacklist"), HasSubstr("Everybody may buy."));
  const auto put = [&](UserId user, std::optional<Instant> expires_at) {
    console_.users.entries[user] = {user, "a bot", expires_at, console_.now.wall};
  };
  put(alice_, std::nullopt);
  put(bob_, console_.now.wall);  // has just ended
  const auto html = console_.html("/blacklist");
  EXPECT_THAT(html, HasSubstr(">alice<"));
  EXPECT_THAT(html, HasSubstr("for good"));
  EXPECT_THAT(html, HasSubstr("action=\"/buyers/2/unban\""));
  EXPECT_THAT(html, HasSubstr("aria-label=\"Lift the entry of alice\""));
  EXPECT_THAT(html, Not(HasSubstr("bob")));

  for (int id = 101; id <= 150; ++id) put({id}, std::nullopt);  // of users who are no more
  const auto first = console_.html("/blacklist");
  EXPECT_THAT(first, HasSubstr("href=\"/blacklist?after=149\""));
  EXPECT_THAT(first, HasSubstr(">user 149<"));
  EXPECT_THAT(console_.html("/blacklist?after=149"), HasSubstr(">user 150<"));
  EXPECT_EQ(browser_.get("/blacklist?after=x").status, 400);
}

}  // namespace
}  // namespace stampede::controllers

// Every page of orders, buyers and the audit log, with script wherever somebody's text can stand.

#include "views/console/orders_pages.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <vector>

#include "views/console/audit_pages.h"
#include "views/console/buyers_pages.h"
#include "views/test_pages.h"

namespace stampede::views {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

class ConsoleOrdersPagesTest : public ::testing::Test {
 protected:
  static ConsoleOrder order(const std::string& text) {
    const Order order{.number = {5},
                      .sale = {3},
                      .buyer = {2},
                      .intent = *IdempotencyKey::parse("0123456789abcdef"),
                      .slot = 1,
                      .lease = {4},
                      .created_at = {}};
    return {order, ProductId{7}, text, 129'900, text};
  }
  static OrderEvent event(const std::string& text) {
    return {.order = {1}, .actor = text, .reason = text, .at = {}};
  }
  static Payment payment(const std::string& text) {
    return {.order = {5},
            .reference = text,
            .amount_cents = 1999,
            .state = PaymentState::kRefundDue,
            .reason = text,
            .at = {},
            .changed_at = {}};
  }
  static User user(const std::string& text) {
    return {.id = {2}, .name = text, .password_hash = "secret hash", .created_at = {}};
  }

  std::vector<std::string> every_page(const std::string& text) const {
    const BlacklistEntry entry{{2}, text, std::nullopt, {}};
    const FormToken token = [&](std::string_view) { return text; };
    return {
        orders_.search({text, text, text, text, text, text, {text}, {}, {}, {}, {}}),
        orders_.search({.orders = {order(text)}, .csv_url = text, .older_url = text}),
        orders_.search({.further_url = text}),
        orders_.order({order(text), {event(text)}, token, text, text, {payment(text)}, text, text}),
        buyers_.buyers({text, text, {user(text)}, text}),
        buyers_.buyer(
            {user(text), entry, {order(text)}, true, token, text, text, text, text, true}),
        buyers_.buyer({.user = user(text), .token = token, .reason = text, .hours = text}),
        buyers_.blacklist({{{entry, text}}, {2}, token, text}),
        audit_.log({{{text, text, text, {}}}, 7})};
  }

  const ConsolePages console_{testing::asset_url};
  const ConsoleOrdersPages orders_{console_};
  const ConsoleBuyersPages buyers_{console_};
  const ConsoleAuditPages audit_{console_};
};

TEST_F(ConsoleOrdersPagesTest, ScriptIsTextEverywhere) {
  testing::expect_escaped(every_page(testing::kScript));
}

TEST_F(ConsoleOrdersPagesTest, NoValueIsATemplate) {
  for (const std::string& html : every_page("{{{title}}}")) {
    EXPECT_THAT(html, HasSubstr("{{{title}}}"));
  }
}

TEST_F(ConsoleOrdersPagesTest, PasswordsStayInside) {
  for (const std::string& html : every_page("x")) EXPECT_THAT(html, Not(HasSubstr("secret")));
}

TEST_F(ConsoleOrdersPagesTest, TablesAndFormsCanBeHeard) {
  for (const std::string& html : every_page("x")) {
    for (std::size_t at = 0; (at = html.find("<table>", at)) != std::string::npos; ++at) {
      const std::string_view before = std::string_view(html).substr(0, at);
      const std::string_view box = before.substr(before.rfind("<div"));
      EXPECT_THAT(std::string(box), HasSubstr("role=\"region\" aria-label=\""));
      EXPECT_THAT(std::string(box), HasSubstr("tabindex=\"0\""));
      EXPECT_EQ(html.substr(at + 8, 9), "<caption>");
    }
    for (std::size_t at = 0; (at = html.find("<th", at)) != std::string::npos; ++at) {
      if (html.substr(at, 6) == "<thead") continue;
      EXPECT_EQ(html.substr(at, 11), "<th scope=\"");
    }
    for (const char* field : {"<input id=\"", "<select id=\""}) {
      for (std::size_t at = 0; (at = html.find(field, at)) != std::string::npos; ++at) {
        const auto begin = at + std::string_view(field).size();
        const std::string id = html.substr(begin, html.find('"', begin) - begin);
        EXPECT_THAT(html, HasSubstr("<label for=\"" + id + "\">"));
      }
    }
  }
}

TEST_F(ConsoleOrdersPagesTest, AnOrdersLineOfCsvIsNoFormulaEither) {
  std::string line;
  append_csv(line, order("=1+1"));
  EXPECT_EQ(line,
            "5,1970-01-01T00:00:00.000Z,success,,3,7,\"'=1+1\",129900,1299.00,2,\"'=1+1\"\r\n");
  const std::string heading = orders_csv_heading();
  EXPECT_EQ(std::ranges::count(heading, ','), std::ranges::count(line, ','));
}

}  // namespace
}  // namespace stampede::views

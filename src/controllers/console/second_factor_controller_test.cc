#include "controllers/console/second_factor_controller.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/console/test_console.h"
#include "tests/support/fakes/fake_second_factors.h"
#include "tests/support/totp.h"

namespace stampede::controllers {
namespace {

using services::accounts::SecondFactor;
using test_support::body_of;
using test_support::header_of;
using testing::HasSubstr;
using testing::Not;

class SecondFactorControllerTest : public testing::Test {
 protected:
  SecondFactorControllerTest() {
    controller_.add_routes(console_.router, console_.guard);
    console_.log_in(UserRole::kViewer);
  }

  /// The secret that the page shows, and what its form sends back for it.
  struct Shown {
    std::string text;
    std::string sealed;
  };
  static Shown shown(const std::string& html) {
    Shown shown;
    const auto begin = html.find("<p><code>") + 9;
    for (const char c : html.substr(begin, html.find("</code>", begin) - begin)) {
      if (c != ' ') shown.text += c;
    }
    constexpr std::string_view kField = "name=\"secret\" value=\"";
    const auto sealed = html.find(kField) + kField.size();
    shown.sealed = html.substr(sealed, html.find('"', sealed) - sealed);
    return shown;
  }
  http::Response send(const std::string& sealed, const std::string& code) {
    return console_.post("/second-factor", {{"secret", sealed}, {"code", code}});
  }
  std::string code_of(const std::string& secret) {
    return test_support::totp_of(secret, console_.now.wall);
  }

  TestConsole console_{.second_factor_required = true};
  test_support::FakeSecondFactors factors_{&console_.users};
  SecondFactor factor_{factors_, console_.ring.ring()};
  services::accounts::Buyers users_{{console_.users, console_.users, console_.users}};
  services::operations::OperatorOperations operations_{console_.users, factors_, console_.journal};
  SecondFactorController controller_{
      {users_, factor_, operations_, console_.journal, console_.pages, true}};
};

TEST_F(SecondFactorControllerTest, IsSetUpWithACodeThatIsTakenThen) {
  const std::string html = console_.html("/second-factor");
  const Shown first = shown(html);
  EXPECT_THAT(html, HasSubstr("otpauth://totp/Stampede:olga?secret=" + first.text));
  EXPECT_THAT(html, HasSubstr("asks for a second factor"));
  EXPECT_FALSE(factors_.find(console_.olga)) << "nothing is stored yet";

  const auto done = send(first.sealed, code_of(first.text));
  EXPECT_EQ(done.status, 303);
  EXPECT_EQ(header_of(done, "Location"), "/login?done=second-factor");
  EXPECT_EQ(console_.users.find(console_.olga)->session_epoch, 1) << "every session ends";
  ASSERT_EQ(console_.log.entries.size(), 1U);
  EXPECT_EQ(console_.log.entries[0].actor, "console:olga");
  EXPECT_EQ(console_.log.entries[0].action, "operator totp");
  EXPECT_EQ(factor_.check(console_.olga, code_of(first.text), console_.now.wall),
            SecondFactor::Proof::kWrong)
      << "a code is taken once";
  console_.now.wall += std::chrono::seconds{30};
  EXPECT_EQ(factor_.check(console_.olga, code_of(first.text), console_.now.wall),
            SecondFactor::Proof::kRight);
}

TEST_F(SecondFactorControllerTest, AWrongCodeKeepsTheSecret) {
  const Shown first = shown(console_.html("/second-factor"));
  const auto wrong = send(first.sealed, "000000");
  EXPECT_EQ(wrong.status, 422);
  const std::string html(body_of(wrong));
  EXPECT_THAT(html, HasSubstr("role=\"alert\""));
  const Shown again = shown(html);
  EXPECT_EQ(again.text, first.text) << "the authenticator has it already";
  EXPECT_FALSE(factors_.find(console_.olga));
  EXPECT_TRUE(console_.log.entries.empty());
  EXPECT_EQ(send(again.sealed, code_of(again.text)).status, 303);
}

TEST_F(SecondFactorControllerTest, NobodysSecretButOnesOwnIsTaken) {
  const UserId eve = console_.users.add("eve", UserRole::kOwner);
  const auto offer = factor_.offer(*console_.users.find(eve));
  EXPECT_EQ(send(offer.sealed, code_of(offer.text)).status, 422);
  EXPECT_EQ(send("forged", code_of(offer.text)).status, 422);
  EXPECT_EQ(send("", "").status, 422);
  EXPECT_FALSE(factors_.find(console_.olga));
}

TEST_F(SecondFactorControllerTest, OneThatIsThereStays) {
  const Shown first = shown(console_.html("/second-factor"));
  factor_.renew(*console_.users.find(console_.olga), console_.now.wall);
  const std::string secret = factors_.find(console_.olga)->secret;
  const auto refused = send(first.sealed, code_of(first.text));
  EXPECT_EQ(refused.status, 409);
  EXPECT_EQ(factors_.find(console_.olga)->secret, secret);
  EXPECT_TRUE(console_.log.entries.empty());
  const std::string html = console_.html("/second-factor");
  EXPECT_THAT(html, Not(HasSubstr("<form")));
  EXPECT_THAT(html, HasSubstr("href=\"/login\"")) << "a session without it is told to begin anew";
  console_.log_in(UserRole::kViewer, true);
  EXPECT_THAT(console_.html("/second-factor"), Not(HasSubstr("href=\"/login\"")));
}

}  // namespace
}  // namespace stampede::controllers

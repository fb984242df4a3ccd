// Operators of a running shop: how they are removed, and let in where a second factor is required.
#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "tests/support/console.h"
#include "tests/support/eventually.h"
#include "tests/support/totp.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;

std::string password_of(const std::string& printed) {
  return printed.substr(0, printed.find('\n'));
}

TEST(Operators, AreRemovedByTheCommandAndByAnOwner) {
  Shop shop;
  Console olga(shop, "olga", "owner");
  Console vera(shop, "vera", "viewer");
  Console otto(shop, "otto", "operator");
  const CommandResult last = shop.try_run({"operator", "remove", "olga"});
  EXPECT_NE(last.exit, 0);
  EXPECT_THAT(last.err, HasSubstr("olga is the last owner"));

  EXPECT_EQ(shop.run({"operator", "remove", "vera"}), "");
  EXPECT_TRUE(eventually(kPatience, [&] { return vera.get("/sales").status == 303; }));
  EXPECT_EQ(olga.submit("/buyers/3", "/operators/3/remove", {}).status, 303);
  EXPECT_EQ(otto.get("/sales").status, 303) << "at once";
  EXPECT_THAT(shop.run({"operator", "list"}), testing::Not(HasSubstr("otto")));
  EXPECT_THAT(shop.try_run({"operator", "remove", "otto"}).err, HasSubstr("is a buyer"));
  EXPECT_THAT(shop.try_run({"operator", "add", "otto", "--role", "viewer"}).err,
              HasSubstr("taken"));
  const std::string log = olga.get("/audit-log").body;
  EXPECT_THAT(log, HasSubstr("console:olga"));
  EXPECT_THAT(log, HasSubstr("operator remove"));
}

TEST(Operators, SetUpASecondFactorWhereOneIsRequired) {
  Shop shop{Environment{{"STAMPEDE_CONSOLE_TOTP", "required"}}};
  const std::string password =
      password_of(shop.run({"operator", "add", "olga", "--role", "owner"}));
  Console olga(shop.server().console_port());
  ASSERT_EQ(olga.log_in("olga", password).status, 303);
  EXPECT_EQ(olga.get("/second-factor").status, 200);
  const std::string page = olga.get("/second-factor").body;
  const auto form = find_form(page, "/second-factor");
  ASSERT_TRUE(form);
  const auto secret = page.find("secret=") + 7;
  const std::string key = page.substr(secret, page.find('&', secret) - secret);
  const Instant now = read_clocks().wall;
  const auto done = olga.post("/second-factor",
                              "secret=" + form->fields.at("secret") + "&code=" + totp_of(key, now),
                              form->fields.at("token"));
  EXPECT_EQ(done.status, 303) << done.body;
  EXPECT_EQ(done.header("Location"), "/login?done=second-factor");
  // The next one: each is taken once, and the console takes one that is 30 s ahead.
  ASSERT_EQ(olga.log_in("olga", password, totp_of(key, now + std::chrono::seconds{30})).status,
            303);
  EXPECT_EQ(olga.get("/sales").status, 200);
}

}  // namespace
}  // namespace stampede::test_support

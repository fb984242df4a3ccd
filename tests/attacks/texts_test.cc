// Texts with control characters: they would change a terminal, or be read otherwise than stored.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/support/console.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

const std::string kTurned = "fox\u202egnp.exe";
const std::string kClears = "fox\x1b[2J";
constexpr const char* kOverride = "U+202E (right-to-left override) at byte 3";
constexpr const char* kEscape = "U+001B (control character) at byte 3";

TEST(Texts, AnArgumentThatSteersIsRefusedAndNotRepeated) {
  Shop shop;
  shop.add_product();
  shop.mint(1, 1);
  for (const auto& [text, named] : {std::pair(kTurned, kOverride), std::pair(kClears, kEscape)}) {
    for (const std::vector<std::string>& words : std::vector<std::vector<std::string>>{
             {"product", "add", "--name", text},
             {"product", "add", "--name", "x", "--description", text},
             {"product", "picture", "add", "1", text},
             {"user", "ban", "id:1", "--reason", text},
             {"user", "add", text},
             {"user", "list", "--who", text},
             {text},
             {"sale", "list", "--config", text}}) {
      const CommandResult refused = shop.try_run(words);
      EXPECT_EQ(refused.exit, 2) << words.front();
      EXPECT_THAT(refused.err,
                  AllOf(HasSubstr(named), Not(HasSubstr("\u202e")), Not(HasSubstr("\x1b"))));
    }
  }
  const CommandResult environment =
      run_command({"env", "STAMPEDE_HTTP_LISTEN=" + kTurned, stampede_binary(), "config", "check"});
  EXPECT_EQ(environment.exit, 2);
  EXPECT_THAT(environment.err, AllOf(HasSubstr(kOverride), Not(HasSubstr("\u202e"))));
}

TEST(Texts, TheConsoleRefusesThemByTheirCodePoint) {
  Shop shop;
  const ProductId lamp = shop.add_product();
  shop.mint(1, 1);
  Console console(shop);
  const auto product = fmt::format("/products/{}", lamp.value);
  const auto expect_refused = [](const http::ClientResponse& answer, const char* named) {
    EXPECT_EQ(answer.status, 422);
    EXPECT_THAT(answer.body, HasSubstr(named));
  };
  expect_refused(console.submit("/products/new", "/products/new", {{"name", kTurned}}), kOverride);
  expect_refused(console.submit(product, product, {{"name", "fox"}, {"description", kClears}}),
                 kEscape);
  expect_refused(
      console.submit("/buyers/1", "/buyers/1/blacklist", {{"reason", kTurned}, {"until", "ever"}}),
      kOverride);
  EXPECT_EQ(shop.run({"product", "list"}).find("fox"), std::string::npos);
}

TEST(Texts, WhatAnOlderReleaseHasStoredIsShownHarmlessly) {
  Shop shop;
  shop.add_product("fox");
  const auto changed =
      run_command({"sqlite3", (shop.data() / "stampede.db").string(),
                   "UPDATE products SET name = 'fox' || char(0x202e, 27) || 'gnp';"});
  ASSERT_EQ(changed.exit, 0) << changed.err;
  const std::string listed = shop.run({"product", "list"});
  EXPECT_THAT(listed, HasSubstr("fox\\u{202e}\\u{1b}gnp"));
  EXPECT_THAT(listed, AllOf(Not(HasSubstr("\u202e")), Not(HasSubstr("\x1b"))));
}

}  // namespace
}  // namespace stampede::test_support

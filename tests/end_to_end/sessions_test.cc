// Sessions: cookies that are forged, cut, revoked; bans; the automatic blacklist.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <boost/json.hpp>
#include <chrono>
#include <set>

#include "model/time.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// The same base64url text with one bit of its bytes flipped. Bits of the last character that
/// encode nothing are not counted.
std::string with_bit_flipped(std::string token, std::size_t bit) {
  char& character = token[bit / 6];
  const std::size_t value = kAlphabet.find(character);
  character = kAlphabet[value ^ (std::size_t{32} >> (bit % 6))];
  return token;
}

TEST(Sessions, EveryBitOfTheCookieCounts) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  Buyer buyer = shop.buyer(1);
  const std::string sign = buyer.sign();
  std::set<std::string> refusals;
  const std::size_t bits = sign.size() * 6 / 8 * 8;
  for (std::size_t bit = 0; bit < bits; ++bit) {
    buyer.set_sign(with_bit_flipped(sign, bit));
    const CheckAnswer answer = buyer.buy(lamp, fresh_key());
    ASSERT_EQ(answer.status, 401) << "bit " << bit << " of " << sign;
    refusals.insert(answer.response.body);
  }
  for (std::size_t length = 0; length < sign.size(); ++length) {
    buyer.set_sign(sign.substr(0, length));
    const CheckAnswer answer = buyer.buy(lamp, fresh_key());
    ASSERT_EQ(answer.status, 401) << "cut to " << length;
    refusals.insert(answer.response.body);
  }
  buyer.set_sign(shop.mint_pass(buyer.id(), lamp, fresh_key()));  // another purpose's key
  refusals.insert(buyer.buy(lamp, fresh_key()).response.body);
  buyer.set_sign({});
  refusals.insert(buyer.buy(lamp, fresh_key()).response.body);
  EXPECT_EQ(refusals.size(), 1) << "the answers differ";
  EXPECT_THAT(*refusals.begin(), testing::HasSubstr("login-required"));

  buyer.set_sign(sign);
  EXPECT_EQ(buyer.order(lamp, fresh_key()).result, "sold");
}

TEST(Sessions, LogoutEndsTheOldCookieOnAllConnections) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  Buyer buyer(shop.port());
  ASSERT_EQ(buyer.register_as("grace", "correct horse battery").status, 303);
  ASSERT_EQ(buyer.get("/orders").status, 200);
  Buyer thief(shop.port(), buyer.id(), buyer.sign());
  ASSERT_EQ(buyer.log_out().status, 303);
  EXPECT_EQ(thief.buy(lamp, fresh_key()).status, 401);
  shop.kill();
  shop.start();
  Buyer later(shop.port(), thief.id(), thief.sign());
  EXPECT_EQ(later.buy(lamp, fresh_key()).status, 401);
}

TEST(Sessions, KeysRotateAndThePreviousOneStillOpens) {
  Shop shop(Environment{{"STAMPEDE_ADMISSION_INTERVAL_SECONDS", "0"}});
  const ProductId lamp = shop.open_sale({.quantity = 1000, .limit = 1000});
  Buyer before = shop.buyer(1);
  shop.run({"keys", "rotate"});
  // A cookie minted now is sealed by the new key; the running server follows within a second.
  Buyer after = shop.buyer(2);
  EXPECT_TRUE(eventually(kPatience, [&] { return after.buy(lamp, fresh_key()).status == 201; }));
  EXPECT_EQ(before.order(lamp, fresh_key()).result, "sold");
  shop.run({"keys", "rotate"});
  EXPECT_TRUE(eventually(kPatience, [&] { return before.buy(lamp, fresh_key()).status == 401; }));
}

TEST(Sessions, ABanHoldsAndAnUnbanToo) {
  Shop shop(Environment{{"STAMPEDE_ADMISSION_INTERVAL_SECONDS", "0"}});
  const ProductId lamp = shop.open_sale({.limit = 3});
  const ProductId gone = shop.open_sale();
  shop.run({"sale", "end", "2"});
  ASSERT_TRUE(shop.await_status(gone, "ended"));
  Buyer buyer = shop.buyer(1);
  // Asked of a sale that is over, of which nothing can be bought meanwhile.
  const auto await_told = [&](std::string_view result) {
    return eventually(kPatience, [&] { return buyer.buy(gone, fresh_key()).result == result; });
  };
  ASSERT_TRUE(await_told("sale-ended"));
  ASSERT_EQ(buyer.order(lamp, fresh_key()).result, "sold");
  shop.run({"user", "ban", "1"});
  EXPECT_TRUE(await_told("blacklisted"));
  EXPECT_EQ(buyer.buy(lamp, fresh_key()).result, "blacklisted");
  shop.run({"user", "unban", "1"});
  EXPECT_TRUE(await_told("sale-ended"));
  EXPECT_EQ(buyer.order(lamp, fresh_key()).result, "sold");
  EXPECT_EQ(shop.audited_orders(), 2);
}

TEST(Sessions, TenAttemptsBeforeTheStartBlacklistForAWhile) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  const ProductId later = shop.open_sale({.starts = format_rfc3339(read_clocks().wall + 24h)});
  Buyer script = shop.buyer(1);
  for (int i = 0; i < 10; ++i) EXPECT_EQ(script.buy(later, fresh_key()).result, "not-started");
  EXPECT_EQ(script.buy(later, fresh_key()).result, "blacklisted");
  EXPECT_EQ(script.buy(lamp, fresh_key()).result, "blacklisted");
  EXPECT_EQ(shop.buyer(2).order(lamp, fresh_key()).result, "sold");
  // It is written down, so a restart does not forgive it.
  ASSERT_TRUE(eventually(kPatience, [&] {
    return shop.run({"user", "list", "--json"}).find("\"until\":\"2") != std::string::npos;
  }));
  shop.kill();
  shop.start();
  // Until the orders from before the start are loaded, nobody is told no.
  std::string result;
  ASSERT_TRUE(eventually(
      kPatience, [&] { return (result = script.buy(lamp, fresh_key()).result) != "unavailable"; }));
  EXPECT_EQ(result, "blacklisted");
}

TEST(Sessions, NamesAndPasswordsAreChecked) {
  Shop shop;
  for (const std::string& name :
       {std::string("ab"), std::string(33, 'a'), std::string("caf\xc3\xa9 bar"),
        std::string("\xff"), std::string("<script>"), std::string("x' OR '1'='1")}) {
    Buyer buyer(shop.port());
    EXPECT_EQ(buyer.register_as(name, "correct horse battery").status, 422) << name;
    EXPECT_TRUE(buyer.sign().empty());
  }
  for (const std::string& password :
       {std::string("short"), std::string(129, 'p'), std::string("\xff\xfe bad bytes")}) {
    Buyer buyer(shop.port());
    EXPECT_EQ(buyer.register_as("heidi", password).status, 422) << password;
  }
  Buyer buyer(shop.port());
  EXPECT_EQ(buyer.register_as("heidi", "correct horse battery").status, 303);
  Buyer second(shop.port());
  EXPECT_EQ(second.register_as("HEIDI", "correct horse battery").status, 409);
  Buyer wrong(shop.port());
  const auto unknown_user = wrong.log_in("nobody", "correct horse battery");
  const auto wrong_password = wrong.log_in("heidi", "incorrect horse");
  EXPECT_EQ(unknown_user.status, wrong_password.status);
  EXPECT_TRUE(wrong.sign().empty());
}

}  // namespace
}  // namespace stampede::test_support

// Log-ins that are to keep others from logging in.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <chrono>
#include <string>

#include "tests/attacks/flood.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;
using Clock = std::chrono::steady_clock;

const std::string kPassword = "correct horse";

/// A log-in as the form sends it, to be sent again and again.
std::string login_request(Shop& shop, const std::string& name, const std::string& password) {
  Buyer visitor(shop.port());
  const auto shown = visitor.get("/user/login");
  auto form = find_form(shown.body, "/user/login").value();
  form.fields[form.text_field] = name;
  form.fields[form.password_fields.at(0)] = password;
  const std::string body = form.encoded();
  return fmt::format(
      "POST /user/login HTTP/1.1\r\nHost: 127.0.0.1:{}\r\nOrigin: http://127.0.0.1:{}\r\n"
      "Cookie: form={}\r\nContent-Type: application/x-www-form-urlencoded\r\n"
      "Content-Length: {}\r\n\r\n{}",
      shop.port(), shop.port(), shown.cookie("form"), body.size(), body);
}

class Logins : public testing::Test {
 protected:
  static constexpr int kHonest = 40;

  Logins() {
    for (int i = 0; i < kHonest; ++i) register_honest(i);
  }
  void register_honest(int i) {
    Buyer buyer(shop_.port());
    ASSERT_EQ(buyer.register_as(name_of(i), kPassword).status, 303);
  }
  static std::string name_of(int i) { return fmt::format("honest-{}", i); }

  /// Honest buyers who were logged in within 2 s, one after the other.
  int logged_in_soon() {
    int soon = 0;
    for (int i = 0; i < kHonest; ++i) {
      const auto began = Clock::now();
      Buyer buyer(shop_.port());
      const bool in = buyer.log_in(name_of(i), kPassword).status == 303;
      if (in && Clock::now() - began < 2s) ++soon;
    }
    return soon;
  }
  /// 300 connections that try that account without pause.
  Flood::Options flood(const std::string& name, const std::string& password) {
    return {.port = shop_.port(),
            .address = "127.0.0.2",
            .connections = 300,
            .at_once = 1,
            .request = [request = login_request(shop_, name, password)] { return request; }};
  }

  Shop shop_;
};

TEST_F(Logins, OneAccountThatLogsInWithoutEndKeepsNobodyOut) {
  Buyer owner(shop_.port());
  ASSERT_EQ(owner.register_as("flood", kPassword).status, 303);
  Flood flooding(flood("flood", kPassword));
  ASSERT_TRUE(eventually(kPatience, [&] { return flooding.answers(429) > 300; }));
  EXPECT_GE(logged_in_soon(), kHonest * 95 / 100) << "of " << kHonest;
}

TEST_F(Logins, GuessesOfOneAccountKeepNobodyOutAndItsOwnerLeast) {
  Buyer owner(shop_.port());
  ASSERT_EQ(owner.register_as("victim", kPassword).status, 303);
  Flood flooding(flood("victim", "wrong password"));
  ASSERT_TRUE(eventually(kPatience, [&] { return flooding.answers(429) > 300; }));
  EXPECT_GE(logged_in_soon(), kHonest * 95 / 100) << "of " << kHonest;
  // By a browser that it has logged in from before.
  EXPECT_EQ(owner.log_in("victim", kPassword).status, 303);
}

/// Before a start, behind one address: more than were let in a minute before.
TEST_F(Logins, ManyBuyersOfOneAddressAreNotShutOut) {
  for (int i = kHonest; i < 2 * kHonest; ++i) register_honest(i);
  EXPECT_GE(logged_in_soon(), kHonest * 95 / 100);
}

}  // namespace
}  // namespace stampede::test_support

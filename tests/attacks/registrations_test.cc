// Registrations that are to keep others from logging in.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <string>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/attacks/logins.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

/// Each costs as much as a log-in: a hash of its password.
TEST_F(Logins, RegistrationsFromSeveralAddressesKeepNobodyWaiting) {
  Buyer visitor(shop_.port());
  const auto shown = visitor.get("/user/register");
  const Form form = find_form(shown.body, "/user/register").value();
  const std::string cookie = shown.cookie("form");
  auto buyers = honest_buyers();
  const LogIns calm = log_in_all(buyers);
  EXPECT_EQ(calm.in_turn(), kHonest);
  for (Login& buyer : buyers) buyer.device.clear();
  Flood registering({.port = shop_.port(),
                     .address = "127.0.0.1",
                     .connections = 300,
                     .at_once = 1,
                     .request = [&] {
                       const int i = asked_++;
                       return request({.name = fmt::format("new-{}", i),
                                       .address = fmt::format("203.0.113.{}", i % 4 + 1)},
                                      form, cookie);
                     }});
  ASSERT_TRUE(eventually(kPatience, [&] { return registering.answers(303) > 10; }));
  expect_others_served("300 registrations at a time from 4 addresses", calm, buyers, registering);
  EXPECT_GT(registering.answers(429), 0) << "beyond what one address may have a minute";
}

}  // namespace
}  // namespace stampede::test_support

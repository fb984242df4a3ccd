// Log-ins that are to keep others from logging in.
#include "tests/attacks/logins.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>
#include <vector>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

TEST_F(Logins, GuessesAtManyNamesFromSeveralAddressesKeepNobodyWaiting) {
  expect_served_beside_guesses(
      "300 guesses at a time from 4 addresses", 300,
      [](int i) { return fmt::format("203.0.113.{}", i % 4 + 1); }, false);
}

/// More networks than tasks may wait.
TEST_F(Logins, AnIpv6SiteKeepsNobodyWaiting) {
  expect_served_beside_guesses(
      "1,100 guesses at a time from one IPv6 site", 1'100,
      [](int i) { return fmt::format("2001:db8:1:{:x}::1", i * 64 % 65'536); }, false);
}

TEST_F(Logins, AThousandNetworksKeepNoKnownBrowserWaiting) {
  expect_served_beside_guesses(
      "1,100 guesses at a time from as many networks, known browsers", 1'100,
      [](int i) { return fmt::format("10.{}.{}.1", i / 250 % 250, i % 250); }, true);
}

TEST_F(Logins, OneAccountThatLogsInWithoutEndKeepsNobodyWaiting) {
  auto buyers = honest_buyers();
  const LogIns calm = log_in_all(buyers);
  for (Login& buyer : buyers) buyer.device.clear();
  make_accounts("flood", 1);
  Flood flooding(
      flood(300, [](int) { return Login{.name = "flood-0", .address = "203.0.113.1"}; }));
  ASSERT_TRUE(eventually(kPatience, [&] { return flooding.answers(429) > 300; }));
  expect_others_served("300 log-ins of one account at a time", calm, buyers, flooding);
}

TEST_F(Logins, GuessesOfOneAccountFromTenAddressesKeepItsOwnerNotOut) {
  constexpr int kAddresses = 10;
  auto buyers = honest_buyers();
  const LogIns calm = log_in_all(buyers);
  for (Login& buyer : buyers) buyer.device.clear();
  make_accounts("victim", 1);
  const auto guesser = [](int i) { return fmt::format("203.0.113.{}", i % kAddresses + 1); };
  Login at_home{.name = "victim-0", .address = "192.0.2.1"};
  ASSERT_EQ(log_in(at_home), 303);
  Flood guessing(flood(50, [&](int i) {
    return Login{.name = "victim-0", .password = kWrong, .address = guesser(i)};
  }));
  ASSERT_TRUE(eventually(kPatience, [&] { return guessing.answers(429) > 300; }));
  expect_others_served("guesses of one account from 10 addresses", calm, buyers, guessing);

  Login new_browser{.name = "victim-0", .address = "192.0.2.77"};
  EXPECT_EQ(log_in(new_browser), 303) << "from an address that guesses nothing";
  for (int i = 0; i < kAddresses; ++i) {
    Login beside{.name = "victim-0", .address = guesser(i)};
    // Where a minute has just ended, its guesses use up what begins anew.
    EXPECT_TRUE(eventually(kPatience, [&] { return log_in(beside) == 429; }))
        << "a stranger, " << beside.address;
    Login known{.name = "victim-0", .address = guesser(i), .device = at_home.device};
    EXPECT_EQ(log_in(known), 303) << "its browser, " << known.address;
  }
  // Each has five free, and then has to wait for longer and longer: whatever the machine's pace.
  EXPECT_LE(guessing.answers(401), kAddresses * 10);
}

/// Before a start, and one of them logs in 128 accounts of his own again and again.
TEST_F(LoginsOfOneAddress, FiveHundredAtOnceAreLetInBesideAFlood) {
  constexpr int kBuyers = 500;
  constexpr int kAccounts = 128;
  const std::string shared = "198.51.100.1";
  make_accounts("honest", kBuyers);
  make_accounts("flood", kAccounts);
  const Honest calm = log_in_at_once(kBuyers, shared);
  Flood flooding(flood(4 * kAccounts, [&](int i) {
    return Login{.name = fmt::format("flood-{}", i % kAccounts), .address = shared};
  }));
  ASSERT_TRUE(eventually(kPatience, [&] { return flooding.answers(303) > 10; }));
  const Honest beside = log_in_at_once(kBuyers, shared);
  const std::string attack = "log-ins of 128 accounts behind the address of 500";
  expect_served(attack, "log-ins", calm, beside);
  expect_served(attack, "purchases", calm_purchases_, sale_.buy(kPurchases));
}

}  // namespace
}  // namespace stampede::test_support

// How tries are counted and refused: whoever guesses is slowed, and keeps nobody else out.
#include <gtest/gtest.h>

#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <vector>

#include "services/accounts/test_accounts.h"

namespace stampede::services::accounts {
namespace {

TEST_F(AccountsTest, RegistrationsOfOneAddressAreBounded) {
  restart({.registrations_per_network = 1});
  ASSERT_TRUE(sign_up("first"));
  EXPECT_EQ(sign_up("second").error(), AccountError::kThrottled);
  EXPECT_TRUE(sign_up("second", kPassword, kElsewhere));
  pass(std::chrono::minutes{1});
  EXPECT_TRUE(sign_up("third"));
}

TEST_F(AccountsTest, GuessingIsThrottledAndTheVictimNotLockedOut) {
  restart({.tries = {.wrong_per_place = 2}});
  ASSERT_TRUE(sign_up("ada"));
  for (const char* name : {"ada", "nobody"}) {  // throttling does not tell them apart either
    for (int i = 0; i < 2; ++i) {
      EXPECT_EQ(log_in(name, kWrong, {kElsewhere}).error(), AccountError::kWrongLogin);
    }
    EXPECT_EQ(log_in(name, kWrong, {kElsewhere}).error(), AccountError::kThrottled);
  }
  EXPECT_EQ(log_in("ADA", kPassword, {kElsewhere}).error(), AccountError::kThrottled);
  EXPECT_TRUE(log_in("ada", kPassword, {kHome}));
  pass(std::chrono::minutes{1});
  EXPECT_TRUE(log_in("ada", kPassword, {kElsewhere}));
}

TEST_F(AccountsTest, GuessingOfManyNamesFromOneAddressIsThrottled) {
  restart({.tries = {.wrong_per_network = 2}});
  ASSERT_TRUE(sign_up("ada"));
  EXPECT_EQ(log_in("name1", kWrong, {kElsewhere}).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("name2", kWrong, {kElsewhere}).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("name3", kWrong, {kElsewhere}).error(), AccountError::kThrottled);
  EXPECT_TRUE(log_in("ada", kPassword, {kHome}));
}

TEST_F(AccountsTest, RightPasswordsAreNotCountedAsWrongOnes) {
  restart({.tries = {.wrong_per_place = 2, .wrong_per_network = 2}});
  ASSERT_TRUE(sign_up("ada"));
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(log_in("ada"));
}

TEST_F(AccountsTest, RightPasswordsAreCountedForTheWorkTheyMake) {
  restart({.tries = {.right_per_place = 3}});
  ASSERT_TRUE(sign_up("ada"));
  ASSERT_TRUE(sign_up("bob"));
  for (int i = 0; i < 3; ++i) EXPECT_TRUE(log_in("ada"));
  EXPECT_EQ(log_in("ada").error(), AccountError::kThrottled);
  EXPECT_TRUE(log_in("bob"));
  EXPECT_TRUE(log_in("ada", kPassword, {kElsewhere}));
  pass(std::chrono::minutes{1});
  EXPECT_TRUE(log_in("ada"));
}

/// Ten addresses guess for as long as they like: each has one try more once too many were wrong.
TEST_F(AccountsTest, GuessesFromManyAddressesAreSlowedAndKeepNoOwnerOut) {
  restart({.tries = {.wrong_per_account = 3}});
  const Result ada = sign_up("Ada");
  ASSERT_TRUE(ada);
  const auto guesser = [](int i) { return Client{"198.51.100." + std::to_string(i)}; };
  for (int i = 0; i < 10; ++i) {
    EXPECT_EQ(log_in("ada", kWrong, guesser(i)).error(), AccountError::kWrongLogin) << i;
  }
  for (int i = 3; i < 10; ++i) {
    EXPECT_EQ(log_in("ada", kWrong, guesser(i)).error(), AccountError::kThrottled) << i;
  }
  EXPECT_TRUE(log_in("ada", kPassword, {kHome})) << "by a new browser, from a network of its own";
  EXPECT_EQ(log_in("ada", kPassword, guesser(9)).error(), AccountError::kThrottled);
  const Result owner = log_in("ada", kPassword, {guesser(9).address, ada->device});
  ASSERT_TRUE(owner) << "by a known browser, from a network that guesses";
  EXPECT_EQ(owner->device, "") << "the browser has one";
}

TEST_F(AccountsTest, AHouseholdSharesABrowser) {
  restart({.tries = {.wrong_per_place = 1}});
  const Result ada = sign_up("ada");
  const Result bob = sign_up("bob");
  ASSERT_TRUE(ada && bob);
  const Result both = log_in("bob", kPassword, {kHome, ada->device});
  ASSERT_TRUE(both);
  for (const char* name : {"ada", "bob"}) {
    EXPECT_EQ(log_in(name, kWrong).error(), AccountError::kWrongLogin);
    EXPECT_EQ(log_in(name).error(), AccountError::kThrottled) << "a stranger";
    EXPECT_TRUE(log_in(name, kPassword, {kHome, both->device})) << name;
  }
}

/// Those who have had the password keep nothing.
TEST_F(AccountsTest, ANewPasswordMakesDevicesStrangers) {
  restart({.tries = {.wrong_per_place = 1}});
  const Result ada = sign_up("ada");
  ASSERT_TRUE(ada);
  const std::string renewed = "a new password";
  const Result changed = change(ada->user, kPassword, renewed);
  ASSERT_TRUE(changed);
  EXPECT_EQ(log_in("ada", kWrong, {kHome}).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("ada", renewed, {kHome}).error(), AccountError::kThrottled);
  EXPECT_EQ(log_in("ada", renewed, {kHome, ada->device}).error(), AccountError::kThrottled);
  EXPECT_TRUE(log_in("ada", renewed, {kHome, changed->device}));
}

TEST_F(AccountsTest, ManyDevicesOfAnAccountTryNoMoreThanOne) {
  restart({.tries = {.wrong_per_place = 2, .wrong_per_account = 3, .right_per_account = 4}});
  ASSERT_TRUE(sign_up("ada"));
  std::vector<std::string> devices;
  for (int i = 0; i < 4; ++i) devices.push_back(log_in("ada")->device);
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(log_in("ada", kWrong, {kHome, devices[i]}).error(), AccountError::kWrongLogin);
  }
  EXPECT_EQ(log_in("ada", kPassword, {kHome, devices[3]}).error(), AccountError::kThrottled);
  pass(std::chrono::minutes{1});
  for (int i = 0; i < 4; ++i) EXPECT_TRUE(log_in("ada", kPassword, {kHome, devices[i]}));
  EXPECT_EQ(log_in("ada", kPassword, {kHome, devices[0]}).error(), AccountError::kThrottled);
}

TEST_F(AccountsTest, AKnownDeviceGuessesNoMoreThanAStranger) {
  restart({.tries = {.wrong_per_place = 2}});
  const Result ada = sign_up("ada");
  ASSERT_TRUE(ada);
  const Client known{kElsewhere, ada->device};
  for (int i = 0; i < 2; ++i) {
    EXPECT_EQ(log_in("ada", kWrong, known).error(), AccountError::kWrongLogin);
  }
  EXPECT_EQ(log_in("ada", kPassword, known).error(), AccountError::kThrottled);
  EXPECT_TRUE(log_in("ada", kPassword, {kHome}));
}

TEST_F(AccountsTest, ParallelGuessesDoNotSlipThrough) {
  restart({.threads = 2, .tries = {.wrong_per_place = 2}});
  ASSERT_TRUE(sign_up("ada"));
  constexpr int kTries = 8;
  std::atomic<int> looked_at{0};
  std::latch answered{kTries};
  for (int i = 0; i < kTries; ++i) {
    accounts_->log_in("ada", kWrong, {kHome}, now_, [&](const Result& result) {
      if (result.error() == AccountError::kWrongLogin) ++looked_at;
      answered.count_down();
    });
  }
  answered.wait();
  EXPECT_EQ(looked_at, 2);
}

TEST_F(AccountsTest, GuessingTheOldPasswordIsThrottled) {
  restart({.tries = {.wrong_per_place = 1}});
  const Result user = sign_up("ada");
  ASSERT_TRUE(user);
  EXPECT_EQ(change(user->user, kWrong, kPassword).error(), AccountError::kWrongLogin);
  EXPECT_EQ(change(user->user, kPassword, kWrong).error(), AccountError::kThrottled);
}

TEST_F(AccountsTest, StrangersOfTheSameAddressKeepNobodyFromANewPassword) {
  restart({.tries = {.wrong_per_network = 2}});
  const Result user = sign_up("ada");
  ASSERT_TRUE(user);
  EXPECT_EQ(log_in("name1", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("name2", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("ada").error(), AccountError::kThrottled) << "a stranger";
  EXPECT_TRUE(log_in("ada", kPassword, {kHome, user->device}));
  EXPECT_TRUE(change(user->user, kPassword, "a new password"));
}

}  // namespace
}  // namespace stampede::services::accounts

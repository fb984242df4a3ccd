// In which order log-ins that wait for a check of the password take turns, and which find no room.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <latch>
#include <string>
#include <vector>

#include "concurrency/mutex.h"
#include "services/accounts/test_accounts.h"
#include "tests/support/eventually.h"

namespace stampede::services::accounts {
namespace {

/// Holds up the first call of the repository until it is opened.
class Gate {
 public:
  void pass() {
    if (reached_once_.exchange(true)) return;
    reached_.count_down();
    open_.wait();
  }
  void wait_until_reached() { reached_.wait(); }
  void open() {
    if (!opened_.exchange(true)) open_.count_down();
  }

 private:
  std::atomic<bool> reached_once_{false};
  std::atomic<bool> opened_{false};
  std::latch reached_{1};
  std::latch open_{1};
};

/// The only thread is held up while the queue fills; then what was begun is answered in turn.
class AccountsQueueTest : public AccountsTest {
 protected:
  void TearDown() override {
    gate_.open();
    AccountsTest::TearDown();
  }
  void hold(Accounts::Options options, std::chrono::milliseconds refusal_delay = {}) {
    options.threads = 1;
    options.thread_for_few = false;
    restart(options, refusal_delay);
    hold();
  }
  void hold() {
    repository_.before = [this] { gate_.pass(); };
    accounts_->log_out(UserId{1}, {"203.0.113.250"}, now_, [](bool) {});
    gate_.wait_until_reached();
  }
  /// Waits in the queue as `name`, and is noted when it is answered.
  void begin_log_in(const std::string& name, const Client& client) {
    accounts_->log_in(name, kPassword, client, now_, [this, name](const Result& result) {
      const bool full = !result && result.error() == AccountError::kOverloaded;
      order_.with([&](auto& names) { names.push_back(full ? name + " refused" : name); });
    });
  }
  void begin_log_out(UserId user, const Client& client) {
    accounts_->log_out(user, client, now_, [this, user](bool ended) {
      const std::string name = "#" + std::to_string(user.value);
      order_.with([&](auto& names) { names.push_back(ended ? name : name + " refused"); });
    });
  }
  std::vector<std::string> answered() {
    return order_.with([](auto& names) { return names; });
  }
  /// Of those whose names begin so.
  std::ptrdiff_t refused(std::string_view names) {
    return std::ranges::count_if(answered(), [&](const std::string& name) {
      return name.starts_with(names) && name.ends_with(" refused");
    });
  }

  Gate gate_;
  concurrency::Guarded<std::vector<std::string>> order_;
};

TEST_F(AccountsQueueTest, WhatDoesNotFitIsRefusedAtOnce) {
  hold({.queue = {.in_all = 1}});
  begin_log_out(UserId{1}, {kHome});
  begin_log_in("ada", {kHome});
  EXPECT_EQ(sign_up("ada").error(), AccountError::kOverloaded);
  begin_log_out(UserId{1}, {kHome});
  EXPECT_THAT(answered(), testing::ElementsAre("ada refused", "#1 refused"));
}

TEST_F(AccountsQueueTest, OneAccountHasFewWaiting) {
  hold({});
  std::atomic<int> throttled{0};
  for (int i = 0; i < 30; ++i) {
    accounts_->log_in("flood", kWrong, {kHome}, now_, [&](const Result& result) {
      throttled += result.error() == AccountError::kThrottled ? 1 : 0;
    });
  }
  EXPECT_EQ(throttled, 26) << "all but as many as one account may have waiting";
  gate_.open();
  accounts_.reset();  // before what the callbacks use
}

/// Too many tries, too many waiting, no room.
TEST_F(AccountsQueueTest, WhoIsRefusedIsToldLate) {
  hold({.queue = {.in_all = 2, .per_path = 1}}, std::chrono::hours{1});
  begin_log_in("ada", {kHome});
  begin_log_in("ada", {kHome});           // as many as may wait
  begin_log_in("bob", {kHome});           // the last place
  begin_log_in("eve", {kElsewhere});      // displaces bob, whose address has more
  begin_log_in("mallory", {kElsewhere});  // no room
  EXPECT_THAT(answered(), testing::IsEmpty());
  gate_.open();
  accounts_->stop();
  EXPECT_THAT(answered(), testing::SizeIs(5));
}

/// A tunnel's /48 has 65,536 networks, and each asks once, under names that need not exist.
TEST_F(AccountsQueueTest, ManyNetworksOfOneSiteShutNobodyOut) {
  hold({});
  for (int i = 0; i < 1'100; ++i) {
    begin_log_in(fmt::format("name-{}", i), {fmt::format("2001:db8:1:{:x}::1", i * 32)});
  }
  ASSERT_GT(refused("name"), 0) << "it is full";
  begin_log_in("ada", {kHome});
  begin_log_in("bob", {"2001:db8:2::1"});
  EXPECT_EQ(refused("ada") + refused("bob"), 0);
  const auto before = answered().size();
  gate_.open();
  ASSERT_TRUE(test_support::eventually(test_support::kPatience,
                                       [&] { return answered().size() >= before + 3; }));
  const auto all = answered();
  EXPECT_THAT(std::vector(all.begin() + static_cast<std::ptrdiff_t>(before),
                          all.begin() + static_cast<std::ptrdiff_t>(before) + 3),
              testing::IsSupersetOf({"ada", "bob"}));
}

/// 128 accounts with four log-ins each, which one thread cannot keep up with.
TEST_F(AccountsQueueTest, OneOfASharedAddressDoesNotShutTheOthersOut) {
  hold({.queue = {.in_all = 512}});
  for (int i = 0; i < 512; ++i) begin_log_in(fmt::format("flood-{}", i % 128), {kHome});
  ASSERT_EQ(refused("flood"), 0);
  for (int i = 0; i < 100; ++i) begin_log_in(fmt::format("honest-{}", i), {kHome});
  EXPECT_EQ(refused("honest"), 0);
  EXPECT_EQ(refused("flood"), 100) << "to make room";
}

TEST_F(AccountsQueueTest, NetworksThatGuessShareOneTurn) {
  restart({.threads = 1, .thread_for_few = false, .tries = {.wrong_of_guesser = 1}});
  const auto guesser = [](int i) { return Client{fmt::format("198.51.100.{}", i % 8)}; };
  for (int i = 0; i < 8; ++i) {
    EXPECT_EQ(log_in("victim", kWrong, guesser(i)).error(), AccountError::kWrongLogin);
  }
  hold();
  for (int i = 0; i < 100; ++i) begin_log_in(fmt::format("victim-{}", i), guesser(i));
  begin_log_in("ada", {kHome});
  gate_.open();
  const auto two_answered = [&] { return answered().size() >= 2; };
  ASSERT_TRUE(test_support::eventually(test_support::kPatience, two_answered));
  const auto all = answered();
  EXPECT_TRUE(all[0] == "ada" || all[1] == "ada") << all[0] << ", " << all[1];
}

TEST_F(AccountsQueueTest, RegistrationsKeepNobodyFromLoggingIn) {
  hold({});
  for (int i = 0; i < 100; ++i) {
    const std::string name = fmt::format("new-{}", i);
    accounts_->register_buyer(
        name, kPassword, {fmt::format("203.0.113.{}", i)}, now_,
        [this, name](const Result&) { order_.with([&](auto& names) { names.push_back(name); }); });
  }
  begin_log_in("ada", {kHome});
  gate_.open();
  ASSERT_TRUE(
      test_support::eventually(test_support::kPatience, [&] { return answered().size() >= 2; }));
  const auto all = answered();
  EXPECT_TRUE(all[0] == "ada" || all[1] == "ada") << all[0] << ", " << all[1];
}

/// One thread is held up.
TEST_F(AccountsTest, WhereFewOfAKindWaitOneMoreThreadIsThereForThem) {
  restart({.threads = 1});
  Gate gate;
  repository_.before = [&] { gate.pass(); };
  accounts_->log_out(UserId{1}, {"203.0.113.250"}, now_, [](bool) {});
  gate.wait_until_reached();
  EXPECT_EQ(log_in("nobody", kPassword, {kHome}).error(), AccountError::kWrongLogin);
  gate.open();
  accounts_.reset();  // before the gate
}

TEST_F(AccountsQueueTest, FloodingStrangersDisplaceNobodyWhoIsKnown) {
  hold({});
  for (int i = 0; i < 500; ++i) {
    const std::string name = fmt::format("honest-{}", i);
    begin_log_in(name, {kHome, devices_.issue("", name, 0, now_.wall)});
  }
  for (int i = 0; i < 9 * 256; ++i) {
    begin_log_in(fmt::format("flood-{}", i), {fmt::format("203.0.113.{}", i % 9)});
  }
  EXPECT_GT(refused("flood"), 0) << "it is full";
  EXPECT_EQ(refused("honest"), 0);
}

TEST_F(AccountsQueueTest, NobodyIsKeptFromLoggingOutByOthersWhoDo) {
  hold({.queue = {.in_all = 512}});
  for (int i = 0; i < 600; ++i) begin_log_out(UserId{i % 150 + 2'000}, {kElsewhere});
  for (int i = 0; i < 50; ++i) begin_log_out(UserId{i + 1'000}, {kHome});
  EXPECT_EQ(refused("#1"), 0);
  EXPECT_GT(refused("#"), 0) << "it is full";
}

TEST_F(AccountsTest, AfterStopEveryCallbackHasRunAndNoneComesLater) {
  restart({.threads = 1, .queue = {.in_all = 10, .per_path = 10}});
  Gate gate;
  repository_.before = [&] { gate.pass(); };
  std::atomic<int> answered{0};
  accounts_->log_out(UserId{1}, {kHome}, now_, [&](bool) { ++answered; });
  gate.wait_until_reached();
  for (int i = 0; i < 5; ++i)
    accounts_->log_out(UserId{1}, {kHome}, now_, [&](bool) { ++answered; });
  gate.open();
  accounts_->stop();
  EXPECT_EQ(answered, 6);
  EXPECT_EQ(log_in("ada").error(), AccountError::kOverloaded);
}

TEST_F(AccountsTest, AtItsEndWhatWaitsIsAnswered) {
  restart({.threads = 1, .queue = {.in_all = 10, .per_path = 10}});
  Gate gate;
  repository_.before = [&] { gate.pass(); };
  std::atomic<int> answered{0};
  accounts_->log_out(UserId{1}, {kHome}, now_, [&](bool) { ++answered; });
  gate.wait_until_reached();
  for (int i = 0; i < 10; ++i) {
    accounts_->log_in("ada", kPassword, {kHome}, now_, [&](const Result&) { ++answered; });
  }
  gate.open();
  accounts_.reset();
  EXPECT_EQ(answered, 11);
}

}  // namespace
}  // namespace stampede::services::accounts

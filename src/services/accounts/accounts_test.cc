#include "services/accounts/accounts.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <functional>
#include <future>
#include <latch>
#include <map>
#include <vector>

#include "concurrency/mutex.h"
#include "identity/password.h"
#include "repositories/storage_error.h"
#include "services/accounts/credentials.h"
#include "tests/support/eventually.h"
#include "tests/support/fakes/fake_accounts.h"
#include "tests/support/fakes/fake_second_factors.h"
#include "tests/support/test_ring.h"
#include "tests/support/totp.h"

namespace stampede::services::accounts {
namespace {

using repositories::StorageError;
using Result = std::expected<Login, AccountError>;

const std::string kPassword = "correct horse";
const std::string kWrong = "battery staple";
const std::string kHome = "192.0.2.1";
const std::string kElsewhere = "198.51.100.9";

class AccountsTest : public testing::Test {
 protected:
  void TearDown() override { accounts_.reset(); }
  void restart(Accounts::Options options, std::chrono::milliseconds refusal_delay = {}) {
    options.refusal_delay = refusal_delay;
    accounts_ = std::make_unique<Accounts>(repository_, sessions_, devices_, options);
  }

  /// Calls `begin` with a callback and waits for its answer.
  static Result wait_for(const std::function<void(LoginDone)>& begin) {
    std::promise<Result> promise;
    begin([&](Result result) { promise.set_value(std::move(result)); });
    return promise.get_future().get();
  }
  Result sign_up(const std::string& name, const std::string& password = kPassword,
                 const std::string& address = kHome) {
    return wait_for([&](LoginDone done) {
      accounts_->register_buyer(name, password, {address}, now_, std::move(done));
    });
  }
  Result log_in(const std::string& name, const std::string& password = kPassword,
                const Client& client = {kHome}) {
    return wait_for(
        [&](LoginDone done) { accounts_->log_in(name, password, client, now_, std::move(done)); });
  }
  Result change(UserId user, const std::string& old_password, const std::string& new_password) {
    return wait_for([&](LoginDone done) {
      accounts_->change_password(user, old_password, new_password, {kHome}, now_, std::move(done));
    });
  }
  bool log_out(UserId user) {
    std::promise<bool> promise;
    accounts_->log_out(user, {kHome}, now_, [&](bool ended) { promise.set_value(ended); });
    return promise.get_future().get();
  }
  std::optional<UserId> holder(const std::string& cookie) const {
    return sessions_.authenticate(cookie, now_.wall);
  }
  void pass(std::chrono::seconds time) {
    now_.wall += time;
    now_.tick += time;
  }

  const test::TestRing keys_;
  const identity::KeyRing& ring_ = keys_.ring();
  Sessions sessions_{ring_};
  const Devices devices_{ring_};
  test_support::FakeAccounts repository_;
  Now now_{Instant{std::chrono::hours{500'000}}, Tick{std::chrono::hours{1}}};
  std::unique_ptr<Accounts> accounts_ = std::make_unique<Accounts>(
      repository_, sessions_, devices_, Accounts::Options{.refusal_delay = {}});
};

TEST_F(AccountsTest, ARegisteredUserIsLoggedInAndCanLogIn) {
  const Result registered = sign_up("Ada.L");
  ASSERT_TRUE(registered);
  EXPECT_EQ(registered->name, "Ada.L");
  EXPECT_EQ(holder(registered->sign), registered->user);

  const Result login = log_in("ada.l");  // names compare without regard to case
  ASSERT_TRUE(login);
  EXPECT_EQ(login->user, registered->user);
  EXPECT_EQ(login->name, "Ada.L");
  EXPECT_EQ(holder(login->sign), registered->user);
  EXPECT_EQ(accounts_->statistics().registered, 1u);
  EXPECT_EQ(accounts_->statistics().logged_in, 1u);
}

TEST_F(AccountsTest, RegistrationKeepsTheRules) {
  EXPECT_EQ(sign_up("ab").error(), AccountError::kBadName);
  EXPECT_EQ(sign_up("a b c").error(), AccountError::kBadName);
  EXPECT_EQ(sign_up("ada", "1234567").error(), AccountError::kBadPassword);
  EXPECT_EQ(sign_up("ada", "1234567\xFF").error(), AccountError::kBadPassword);
  EXPECT_EQ(sign_up("ada", std::string(129, 'p')).error(), AccountError::kBadPassword);
  ASSERT_TRUE(sign_up("ada"));
  EXPECT_EQ(sign_up("ADA").error(), AccountError::kNameTaken);
  EXPECT_EQ(accounts_->statistics().refused[std::size_t(AccountError::kNameTaken)], 1u);
}

TEST_F(AccountsTest, RegistrationsOfOneAddressAreBounded) {
  restart({.registrations_per_network = 1});
  ASSERT_TRUE(sign_up("first"));
  EXPECT_EQ(sign_up("second").error(), AccountError::kThrottled);
  EXPECT_TRUE(sign_up("second", kPassword, kElsewhere));
  pass(std::chrono::minutes{1});
  EXPECT_TRUE(sign_up("third"));
}

TEST_F(AccountsTest, UnknownNameAndWrongPasswordAreOneAnswer) {
  ASSERT_TRUE(sign_up("ada"));
  ASSERT_TRUE(Accounts::create(repository_, "locked", "", UserRole::kBuyer, now_.wall));
  EXPECT_EQ(log_in("ada", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("nobody", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("locked", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("no such name", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("ada", "short").error(), AccountError::kWrongLogin);
}

TEST_F(AccountsTest, UnknownNameAndWrongPasswordTakeOneTime) {
  ASSERT_TRUE(sign_up("ada"));
  const auto best_of_three = [&](const std::string& name) {
    auto best = std::chrono::steady_clock::duration::max();
    for (int i = 0; i < 3; ++i) {
      const auto begin = std::chrono::steady_clock::now();
      EXPECT_EQ(log_in(name, kWrong).error(), AccountError::kWrongLogin);
      best = std::min(best, std::chrono::steady_clock::now() - begin);
    }
    return best;
  };
  // Without the same work for both, they would differ by a factor of a thousand.
  EXPECT_GT(best_of_three("nobody"), best_of_three("ada") / 2);
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

TEST_F(AccountsTest, ANewPasswordEndsAllOtherSessions) {
  const Result first = sign_up("ada");
  const Result second = log_in("ada");
  ASSERT_TRUE(first && second);
  const std::string renewed = "a new password";

  EXPECT_EQ(change(first->user, kWrong, renewed).error(), AccountError::kWrongLogin);
  EXPECT_EQ(change(first->user, kPassword, "short").error(), AccountError::kBadPassword);
  EXPECT_EQ(change(UserId{99}, kPassword, renewed).error(), AccountError::kWrongLogin);
  EXPECT_EQ(holder(second->sign), first->user);  // nothing changed so far

  const Result changed = change(first->user, kPassword, renewed);
  ASSERT_TRUE(changed);
  EXPECT_EQ(holder(changed->sign), first->user);
  EXPECT_EQ(holder(first->sign), std::nullopt);
  EXPECT_EQ(holder(second->sign), std::nullopt);
  EXPECT_EQ(log_in("ada", kPassword).error(), AccountError::kWrongLogin);
  const Result again = log_in("ada", renewed);
  ASSERT_TRUE(again);
  EXPECT_EQ(holder(again->sign), first->user);
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

TEST_F(AccountsTest, LogoutEndsEverySession) {
  const Result here = sign_up("ada");
  const Result there = log_in("ada");
  const Result other = sign_up("bob");
  ASSERT_TRUE(here && there && other);
  EXPECT_TRUE(log_out(here->user));
  EXPECT_EQ(holder(here->sign), std::nullopt);
  EXPECT_EQ(holder(there->sign), std::nullopt);
  EXPECT_EQ(holder(other->sign), other->user);
  const Result again = log_in("ada");
  ASSERT_TRUE(again);
  EXPECT_EQ(holder(again->sign), here->user);
  EXPECT_TRUE(log_out(UserId{99}));  // nobody's sessions have ended
}

TEST_F(AccountsTest, AFailingDatabaseIsAnAnswerAndRevokesNothing) {
  const Result user = sign_up("ada");
  ASSERT_TRUE(user);
  repository_.before = [] { throw StorageError(StorageError::Kind::kFull, "no space left"); };
  EXPECT_EQ(sign_up("bob").error(), AccountError::kStorage);
  for (int i = 0; i < 10; ++i) {  // nobody's wrong tries
    EXPECT_EQ(log_in("ada").error(), AccountError::kStorage);
  }
  EXPECT_EQ(change(user->user, kPassword, kWrong).error(), AccountError::kStorage);
  EXPECT_FALSE(log_out(user->user));
  EXPECT_EQ(holder(user->sign), user->user);
  repository_.before = [] {};
  EXPECT_TRUE(log_in("ada"));
  EXPECT_EQ(accounts_->statistics().refused[std::size_t(AccountError::kStorage)], 13u);
}

TEST_F(AccountsTest, AFailedFlushEndsTheProcess) {
  GTEST_FLAG_SET(death_test_style, "threadsafe");
  EXPECT_DEATH(
      {
        restart({});
        repository_.before = [] { throw StorageError(StorageError::Kind::kDurability, "fsync"); };
        log_in("ada");
      },
      "fsync");
}

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
  restart({.threads = 1, .tries = {.wrong_of_guesser = 1}});
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

TEST_F(AccountsTest, OperatorsCreateUsersAndSetPasswords) {
  EXPECT_EQ(Accounts::create(repository_, "x", kPassword, UserRole::kOperator, now_.wall).error(),
            AccountError::kBadName);
  EXPECT_EQ(Accounts::create(repository_, "root", "short", UserRole::kOperator, now_.wall).error(),
            AccountError::kBadPassword);
  const auto id = Accounts::create(repository_, "root", "", UserRole::kOperator, now_.wall);
  ASSERT_TRUE(id);
  EXPECT_EQ(repository_.find(*id)->role, UserRole::kOperator);
  EXPECT_EQ(
      Accounts::create(repository_, "Root", kPassword, UserRole::kOperator, now_.wall).error(),
      AccountError::kNameTaken);

  restart({.site = Sessions::Site::kConsole});
  EXPECT_EQ(log_in("root").error(), AccountError::kWrongLogin);
  EXPECT_EQ(Accounts::set_password(repository_, *id, "short", now_.wall).error(),
            AccountError::kBadPassword);
  EXPECT_EQ(Accounts::set_password(repository_, UserId{99}, kPassword, now_.wall).error(),
            AccountError::kWrongLogin);
  EXPECT_EQ(Accounts::set_password(repository_, *id, kPassword, now_.wall), SessionEpoch{1});
  EXPECT_TRUE(log_in("root"));
}

TEST_F(AccountsTest, APasswordIsAcceptedAtOneSiteAlone) {
  const std::map<std::string, UserRole> users{{"buyer", UserRole::kBuyer},
                                              {"viewer", UserRole::kViewer},
                                              {"operator", UserRole::kOperator},
                                              {"owner", UserRole::kOwner}};
  for (const auto& [name, role] : users) {
    Accounts::create(repository_, name, kPassword, role, now_.wall);
  }
  for (const auto site : {Sessions::Site::kShop, Sessions::Site::kConsole}) {
    restart({.site = site});
    for (const auto& [name, role] : users) {
      const bool at_home = (role == UserRole::kBuyer) == (site == Sessions::Site::kShop);
      const Result result = log_in(name);
      EXPECT_EQ(result.has_value(), at_home) << name;
      if (!at_home) {
        EXPECT_EQ(result.error(), AccountError::kWrongLogin) << name;
        continue;
      }
      const auto session = sessions_.open(result->sign, now_.wall, site);
      ASSERT_TRUE(session) << name;
      EXPECT_EQ(session->role, role) << "the console's cookie says what its user may do";
    }
  }
}

class SecondFactorTest : public AccountsTest {
 protected:
  SecondFactorTest() {
    restart({.site = Sessions::Site::kConsole, .second_factor = &factor_});
    id_ = *Accounts::create(repository_, "olga", kPassword, UserRole::kOwner, now_.wall);
    renew();
  }
  void renew() {
    const std::string uri = factor_.renew(*repository_.find(id_), now_.wall);
    const auto secret = uri.find("secret=") + 7;
    secret_ = uri.substr(secret, uri.find('&') - secret);
  }
  std::string code() const { return test_support::totp_of(secret_, now_.wall); }
  Result log_in_with(const std::string& code, const std::string& password = kPassword) {
    return wait_for([&](LoginDone done) {
      accounts_->log_in({"olga", password, code}, {kHome}, now_, std::move(done));
    });
  }

  test_support::FakeSecondFactors factors_;
  SecondFactor factor_{factors_, ring_};
  UserId id_;
  std::string secret_;
};

TEST_F(SecondFactorTest, ACodeIsNeededAndTakenOnce) {
  EXPECT_EQ(log_in("olga").error(), AccountError::kCodeNeeded);
  EXPECT_EQ(log_in_with("000000").error(), AccountError::kCodeNeeded);
  const std::string first = code();
  EXPECT_EQ(log_in_with(first, kWrong).error(), AccountError::kWrongLogin);
  EXPECT_TRUE(log_in_with(first)) << "a wrong password used up no code";
  EXPECT_EQ(log_in_with(first).error(), AccountError::kCodeNeeded) << "replayed";
  pass(std::chrono::seconds{30});
  EXPECT_TRUE(log_in_with(code()));
  EXPECT_EQ(log_in_with(first).error(), AccountError::kCodeNeeded) << "older than one taken";
}

TEST_F(SecondFactorTest, WrongCodesAreCountedAsWrongPasswords) {
  restart({.tries = {.wrong_per_place = 3},
           .site = Sessions::Site::kConsole,
           .second_factor = &factor_});
  EXPECT_EQ(log_in_with("000000").error(), AccountError::kCodeNeeded);
  EXPECT_EQ(log_in_with("000000", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in_with("000001").error(), AccountError::kCodeNeeded);
  EXPECT_EQ(log_in_with(code()).error(), AccountError::kThrottled);
  pass(GrowingDelay::kFirst);
  EXPECT_TRUE(log_in_with(code()));
}

TEST_F(SecondFactorTest, TheSecretIsSealedForItsUserAndANewOneReplacesIt) {
  const std::string sealed = factors_.find(id_)->secret;
  EXPECT_EQ(sealed.find(secret_), std::string::npos);
  const std::string old_code = code();
  renew();
  EXPECT_EQ(log_in_with(old_code).error(), AccountError::kCodeNeeded);
  EXPECT_TRUE(log_in_with(code()));
  EXPECT_NE(factors_.find(id_)->secret, sealed) << "sealed anew with each code";
  // Somebody else's secret under this user's number opens nothing, and lets nobody in without one.
  const UserId eve = *Accounts::create(repository_, "eve", kPassword, UserRole::kOwner, now_.wall);
  factors_.put(eve, factors_.find(id_)->secret, now_.wall);
  EXPECT_EQ(log_in("eve").error(), AccountError::kCodeNeeded);
  EXPECT_EQ(factor_.check(eve, code(), now_.wall + std::chrono::seconds{30}),
            SecondFactor::Proof::kWrong);
  factors_.remove(id_);
  EXPECT_TRUE(log_in("olga"));
}

TEST(AccountErrors, EachIsExplained) {
  for (std::size_t i = 0; i < kAccountErrors; ++i) {
    EXPECT_GT(explain(static_cast<AccountError>(i)).size(), 20u);
  }
}

}  // namespace
}  // namespace stampede::services::accounts

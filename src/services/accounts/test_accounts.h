#pragma once

#include <gtest/gtest.h>

#include <chrono>
#include <expected>
#include <functional>
#include <future>
#include <memory>
#include <optional>
#include <string>

#include "services/accounts/accounts.h"
#include "tests/support/fakes/fake_accounts.h"
#include "tests/support/test_ring.h"

namespace stampede::services::accounts {

using Result = std::expected<Login, AccountError>;

inline const std::string kPassword = "correct horse";
inline const std::string kWrong = "battery staple";
inline const std::string kHome = "192.0.2.1";
inline const std::string kElsewhere = "198.51.100.9";

/// Accounts of a shop in memory, whose clock the test moves, and which refuse at once.
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

}  // namespace stampede::services::accounts

#include "services/accounts/second_factor.h"

#include <gtest/gtest.h>

#include <chrono>
#include <string>

#include "services/accounts/test_accounts.h"
#include "tests/support/fakes/fake_second_factors.h"
#include "tests/support/totp.h"

namespace stampede::services::accounts {
namespace {

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
  factors_.remove(id_, now_.wall);
  EXPECT_TRUE(log_in("olga"));
}

}  // namespace
}  // namespace stampede::services::accounts

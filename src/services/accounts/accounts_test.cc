#include "services/accounts/accounts.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <ctime>
#include <limits>
#include <map>
#include <string>

#include "repositories/storage_error.h"
#include "services/accounts/test_accounts.h"

namespace stampede::services::accounts {
namespace {

using repositories::StorageError;

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

TEST_F(AccountsTest, UnknownNameAndWrongPasswordAreOneAnswer) {
  ASSERT_TRUE(sign_up("ada"));
  ASSERT_TRUE(Accounts::create(repository_, "locked", "", UserRole::kBuyer, now_.wall));
  EXPECT_EQ(log_in("ada", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("nobody", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("locked", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("no such name", kWrong).error(), AccountError::kWrongLogin);
  EXPECT_EQ(log_in("ada", "short").error(), AccountError::kWrongLogin);
}

/// By what this process works for each, which other work on the machine does not change.
TEST_F(AccountsTest, UnknownNameAndWrongPasswordAreTheSameWork) {
  ASSERT_TRUE(sign_up("ada"));
  const auto least_of_three = [&](const std::string& name) {
    std::clock_t least = std::numeric_limits<std::clock_t>::max();
    for (int i = 0; i < 3; ++i) {
      const std::clock_t begin = std::clock();
      EXPECT_EQ(log_in(name, kWrong).error(), AccountError::kWrongLogin);
      least = std::min(least, std::clock() - begin);
    }
    return least;
  };
  // Without the same work for both, they would differ by a factor of a thousand.
  EXPECT_GT(least_of_three("nobody"), least_of_three("ada") / 2);
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

TEST(AccountErrors, EachIsExplained) {
  for (std::size_t i = 0; i < kAccountErrors; ++i) {
    EXPECT_GT(explain(static_cast<AccountError>(i)).size(), 20u);
  }
}

}  // namespace
}  // namespace stampede::services::accounts

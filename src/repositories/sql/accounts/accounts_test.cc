#include <fmt/format.h>
#include <gmock/gmock.h>
#include <soci/soci.h>

#include <atomic>
#include <thread>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

struct AccountsTest : OnEveryEngine {};
struct BlacklistTest : OnEveryEngine {};
struct AuditLogTest : OnEveryEngine {};
INSTANTIATE_TEST_SUITE_P(On, AccountsTest, every_engine(), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(On, BlacklistTest, every_engine(), testing::PrintToStringParamName());
INSTANTIATE_TEST_SUITE_P(On, AuditLogTest, every_engine(), testing::PrintToStringParamName());

TEST_P(AccountsTest, CountUpFromOneAndAreFoundAgain) {
  EXPECT_EQ(shop.accounts().create("Alice", "$argon2id$a", UserRole::kBuyer, at(7)), UserId{1});
  EXPECT_EQ(shop.accounts().create("bob", "$argon2id$b", UserRole::kOperator, at(8)), UserId{2});
  const auto alice = shop.accounts().find(UserId{1});
  ASSERT_TRUE(alice);
  EXPECT_EQ(alice->name, "Alice");
  EXPECT_EQ(alice->password_hash, "$argon2id$a");
  EXPECT_EQ(alice->role, UserRole::kBuyer);
  EXPECT_EQ(alice->session_epoch, 0);
  EXPECT_EQ(alice->created_at, at(7));
  EXPECT_EQ(shop.accounts().find(UserId{2})->role, UserRole::kOperator);
  EXPECT_FALSE(shop.accounts().find(UserId{3}));
}

TEST_P(AccountsTest, ANewRoleRaisesTheEpoch) {
  for (const UserRole role : kUserRoles) {
    const auto id = shop.accounts().create(to_string(role), "!", role, at(1));
    EXPECT_EQ(shop.accounts().find(*id)->role, role);
  }
  EXPECT_EQ(shop.accounts().set_role(UserId{2}, UserRole::kOwner, at(2)), SessionEpoch{1});
  EXPECT_EQ(shop.accounts().find(UserId{2})->role, UserRole::kOwner);
  EXPECT_EQ(shop.accounts().epochs_raised(0, at(0)).epochs.size(), 1U);
  using Error = Accounts::OperatorError;
  EXPECT_EQ(shop.accounts().set_role(UserId{99}, UserRole::kOwner, at(2)).error(),
            Error::kNoOperator);
  EXPECT_EQ(shop.accounts().set_role(UserId{1}, UserRole::kOwner, at(2)).error(),
            Error::kNoOperator)
      << "a buyer, perhaps removed meanwhile";
}

TEST_P(AccountsTest, TheLastOwnerIsNotRemoved) {
  using Error = Accounts::OperatorError;
  auto& accounts = shop.accounts();
  ASSERT_TRUE(accounts.create("olga", "hash", UserRole::kOwner, at(1)));
  ASSERT_TRUE(accounts.create("vera", "hash", UserRole::kViewer, at(1)));
  ASSERT_TRUE(accounts.create("bob", "hash", UserRole::kBuyer, at(1)));
  EXPECT_EQ(accounts.remove_operator(UserId{1}, at(2)).error(), Error::kLastOwner);
  EXPECT_EQ(accounts.remove_operator(UserId{3}, at(2)).error(), Error::kNoOperator);
  EXPECT_EQ(accounts.remove_operator(UserId{9}, at(2)).error(), Error::kNoOperator);
  EXPECT_EQ(accounts.find(UserId{1})->role, UserRole::kOwner);
  EXPECT_EQ(accounts.find(UserId{1})->password_hash, "hash");
  EXPECT_THAT(accounts.epochs_raised(0, at(0)).epochs, IsEmpty()) << "what is refused ends nothing";

  EXPECT_EQ(accounts.set_role(UserId{1}, UserRole::kViewer, at(2)).error(), Error::kLastOwner);
  EXPECT_THAT(accounts.epochs_raised(0, at(0)).epochs, IsEmpty()) << "what is refused ends nothing";
  EXPECT_TRUE(shop.second_factors().add(UserId{2}, "sealed", 5, at(2)));
  EXPECT_EQ(accounts.find(UserId{2})->session_epoch, 1) << "no session without it goes on";
  EXPECT_EQ(accounts.remove_operator(UserId{2}, at(3)), SessionEpoch{2});
  EXPECT_FALSE(shop.second_factors().find(UserId{2}));
  const auto vera = accounts.find_by_name("vera");
  ASSERT_TRUE(vera) << "the name is not free";
  EXPECT_EQ(vera->role, UserRole::kBuyer);
  EXPECT_EQ(vera->password_hash, "!");
  EXPECT_THAT(accounts.epochs_raised(0, at(0)).epochs, ElementsAre(std::pair(UserId{2}, 2)));
  EXPECT_EQ(accounts.remove_operator(UserId{2}, at(4)).error(), Error::kNoOperator);

  ASSERT_TRUE(accounts.create("oda", "hash", UserRole::kOwner, at(5)));
  EXPECT_EQ(accounts.remove_operator(UserId{1}, at(6)), SessionEpoch{1});
  EXPECT_EQ(accounts.remove_operator(UserId{4}, at(7)).error(), Error::kLastOwner);
}

TEST_P(AccountsTest, OfTwoOwnersWhoRemoveEachOtherOneStays) {
  auto& accounts = shop.accounts();
  for (int round = 0; round < 10; ++round) {
    const auto a = accounts.create(fmt::format("a{}", round), "!", UserRole::kOwner, at(1));
    const auto b = accounts.create(fmt::format("b{}", round), "!", UserRole::kOwner, at(1));
    std::atomic<int> removed{0};
    {
      const auto remove = [&](UserId id) {
        removed += accounts.remove_operator(id, at(2)) ? 1 : 0;
      };
      const std::jthread one([&] { remove(*a); });
      const std::jthread other([&] { remove(*b); });
    }
    EXPECT_EQ(removed, 1) << round;
    // The next round begins without an owner.
    shop.database.write(
        [](soci::session& session) { session << "UPDATE users SET role = 'buyer'"; });
  }
}

TEST_P(AccountsTest, ASecondFactorAcceptsLaterStepsAlone) {
  auto& factors = shop.second_factors();
  EXPECT_FALSE(factors.find(UserId{1}));
  EXPECT_FALSE(factors.remove(UserId{1}, at(9)));
  EXPECT_TRUE(factors.add(UserId{2}, "first", 5, at(1)));
  EXPECT_FALSE(factors.add(UserId{2}, "second", 6, at(2))) << "there is one";
  EXPECT_EQ(factors.find(UserId{2})->secret, "first");
  EXPECT_EQ(factors.find(UserId{2})->last_step, 5);
  EXPECT_TRUE(factors.remove(UserId{2}, at(9)));
  factors.put(UserId{1}, "sealed", at(1));
  EXPECT_EQ(factors.find(UserId{1})->secret, "sealed");
  EXPECT_EQ(factors.find(UserId{1})->last_step, 0);
  EXPECT_TRUE(factors.accept(UserId{1}, 7, "sealed", "again"));
  EXPECT_EQ(factors.find(UserId{1})->secret, "again");
  EXPECT_FALSE(factors.accept(UserId{1}, 7, "again", "twice")) << "the same code";
  EXPECT_FALSE(factors.accept(UserId{1}, 6, "again", "twice")) << "an older one";
  EXPECT_FALSE(factors.accept(UserId{1}, 8, "sealed", "twice")) << "of a secret that is gone";
  EXPECT_FALSE(factors.accept(UserId{2}, 8, "again", "twice"));
  EXPECT_EQ(factors.find(UserId{1})->last_step, 7);
  factors.put(UserId{1}, "new", at(2));
  EXPECT_EQ(factors.find(UserId{1})->last_step, 0);
  EXPECT_TRUE(factors.remove(UserId{1}, at(9)));
  EXPECT_FALSE(factors.find(UserId{1}));
}

TEST_P(AccountsTest, NamesDifferInMoreThanCase) {
  ASSERT_TRUE(shop.accounts().create("Alice", "!", UserRole::kBuyer, at(1)));
  EXPECT_FALSE(shop.accounts().create("aLICE", "!", UserRole::kBuyer, at(1)));
  EXPECT_EQ(shop.accounts().find_by_name("ALICE")->name, "Alice");
  EXPECT_FALSE(shop.accounts().find_by_name("Alic"));
  EXPECT_TRUE(shop.accounts().create("Alic", "!", UserRole::kBuyer, at(1)));
}

TEST_P(AccountsTest, SqlInANameIsText) {
  const std::string name = "x'; DROP TABLE users; --";
  ASSERT_TRUE(shop.accounts().create(name, "'\"; --", UserRole::kBuyer, at(1)));
  EXPECT_EQ(shop.accounts().find_by_name(name)->name, name);
  EXPECT_EQ(shop.accounts().find_by_name(name)->password_hash, "'\"; --");
  EXPECT_FALSE(shop.accounts().find_by_name("' OR 1=1 --"));
  EXPECT_FALSE(shop.accounts().find_by_name(":name"));
}

TEST_P(AccountsTest, AreListedPageByPage) {
  for (const char* name : {"a", "b", "c"}) {
    ASSERT_TRUE(shop.accounts().create(name, "!", UserRole::kBuyer, at(1)));
  }
  const auto names = [&](UserId after, std::size_t limit) {
    std::vector<std::string> found;
    for (const auto& user : shop.accounts().list(after, limit)) found.push_back(user.name);
    return found;
  };
  EXPECT_THAT(names({}, 2), ElementsAre("a", "b"));
  EXPECT_THAT(names(UserId{2}, 2), ElementsAre("c"));
  EXPECT_THAT(names(UserId{3}, 2), IsEmpty());
}

TEST_P(AccountsTest, EpochsRise) {
  auto& accounts = shop.accounts();
  ASSERT_TRUE(accounts.create("alice", "old", UserRole::kBuyer, at(1)));
  ASSERT_TRUE(accounts.create("bob", "old", UserRole::kBuyer, at(1)));
  EXPECT_THAT(accounts.epochs_raised(-1, at(0)).epochs, IsEmpty());
  EXPECT_EQ(accounts.raise_epoch(UserId{1}, at(100)), 1);
  EXPECT_EQ(accounts.set_password(UserId{1}, "new", at(200)), 2);
  EXPECT_EQ(accounts.find(UserId{1})->password_hash, "new");
  EXPECT_EQ(accounts.find(UserId{1})->session_epoch, 2);
  EXPECT_EQ(accounts.find(UserId{2})->password_hash, "old");
  EXPECT_EQ(accounts.raise_epoch(UserId{3}, at(1)), std::nullopt);
  EXPECT_EQ(accounts.set_password(UserId{3}, "new", at(1)), std::nullopt);
}

TEST_P(AccountsTest, APasswordIsReplacedWhereItIsStillTheOneThatWasProven) {
  auto& accounts = shop.accounts();
  ASSERT_TRUE(accounts.create("alice", "old", UserRole::kBuyer, at(1)));
  EXPECT_EQ(accounts.replace_password(UserId{1}, "old", "new", at(100)), 1);
  EXPECT_EQ(accounts.replace_password(UserId{1}, "old", "another", at(200)), std::nullopt);
  EXPECT_EQ(accounts.find(UserId{1})->password_hash, "new");
  EXPECT_EQ(accounts.find(UserId{1})->session_epoch, 1);
  EXPECT_EQ(accounts.replace_password(UserId{2}, "old", "new", at(300)), std::nullopt);
}

TEST_P(AccountsTest, RaisedEpochsTravelByRevision) {
  auto& accounts = shop.accounts();
  for (const char* name : {"alice", "bob"}) {
    ASSERT_TRUE(accounts.create(name, "old", UserRole::kBuyer, at(1)));
  }
  EXPECT_EQ(accounts.epochs_raised(-1, at(0)).revision, 0);
  accounts.raise_epoch(UserId{1}, at(900));
  const auto first = accounts.epochs_raised(0, at(1'000));
  EXPECT_GT(first.revision, 0);
  EXPECT_THAT(first.epochs, ElementsAre(std::pair(UserId{1}, 1)));
  // By a process whose clock is far behind.
  accounts.set_password(UserId{2}, "new", at(100));
  const auto second = accounts.epochs_raised(first.revision, at(1'000));
  EXPECT_GT(second.revision, first.revision);
  EXPECT_THAT(second.epochs, ElementsAre(std::pair(UserId{2}, 1)));
  EXPECT_THAT(accounts.epochs_raised(second.revision, at(0)).epochs, IsEmpty());
  EXPECT_THAT(accounts.epochs_raised(-1, at(500)).epochs, ElementsAre(std::pair(UserId{1}, 1)))
      << "an old change does not matter to a process that begins";
  EXPECT_THAT(accounts.epochs_raised(second.revision + 1, at(500)).epochs,
              ElementsAre(std::pair(UserId{1}, 1)))
      << "nor to a process that knows more than the database";
}

TEST_P(AccountsTest, AChangeAfterAFailoverHasAnotherRevisionThanTheOneThatWasLost) {
  auto& accounts = shop.accounts();
  ASSERT_TRUE(accounts.create("alice", "old", UserRole::kBuyer, at(1)));
  accounts.raise_epoch(UserId{1}, at(900));
  const auto lost = accounts.epochs_raised(0, at(0)).revision;
  shop.database.write(
      [](soci::session& session) { session << "UPDATE revisions SET revision = 0"; });
  accounts.raise_epoch(UserId{1}, at(901));
  EXPECT_NE(accounts.epochs_raised(0, at(0)).revision, lost);
}

TEST_P(AccountsTest, ARangeIsFilledUp) {
  auto& accounts = shop.accounts();
  ASSERT_TRUE(accounts.create("alice", "hash", UserRole::kBuyer, at(1)));
  accounts.raise_epoch(UserId{1}, at(1));
  const auto epochs = accounts.ensure_range(UserId{1}, UserId{25'000}, at(2));
  ASSERT_EQ(epochs.size(), 25'000U);
  EXPECT_EQ(epochs[0], 1);
  EXPECT_EQ(epochs[24'999], 0);
  EXPECT_EQ(accounts.find(UserId{1})->name, "alice");
  EXPECT_EQ(accounts.find(UserId{25'000})->name, "user25000");
  EXPECT_EQ(accounts.find(UserId{25'000})->password_hash, "!");
  EXPECT_FALSE(accounts.find(UserId{25'001}));
  EXPECT_EQ(accounts.ensure_range(UserId{1}, UserId{25'000}, at(3)), epochs);
  EXPECT_THAT(accounts.ensure_range(UserId{2}, UserId{1}, at(3)), IsEmpty());
}

TEST_P(AccountsTest, ARangeSaysWhichNamesAreInTheWay) {
  ASSERT_TRUE(shop.accounts().create("User77", "hash", UserRole::kBuyer, at(1)));
  try {
    shop.accounts().ensure_range(UserId{70}, UserId{80}, at(2));
    FAIL() << "made a second user77";
  } catch (const StorageError& error) {
    EXPECT_THAT(error.what(), HasSubstr("user70 to user80"));
  }
  EXPECT_FALSE(shop.accounts().find(UserId{70}));
}

TEST_P(BlacklistTest, HoldsUntilItExpires) {
  auto& blacklist = shop.repositories.blacklist();
  const std::vector<BlacklistEntry> entries{
      {.user = {2}, .reason = "'; --", .expires_at = at(500), .created_at = at(100)},
      {.user = {1}, .reason = "a bot", .expires_at = std::nullopt, .created_at = at(90)}};
  blacklist.put(entries);
  const auto held = blacklist.list(at(499)).entries;
  ASSERT_EQ(held.size(), 2U);
  EXPECT_EQ(held[0].user, UserId{1});
  EXPECT_EQ(held[0].reason, "a bot");
  EXPECT_EQ(held[0].expires_at, std::nullopt);
  EXPECT_EQ(held[0].created_at, at(90));
  EXPECT_EQ(held[1].user, UserId{2});
  EXPECT_EQ(held[1].reason, "'; --");
  EXPECT_EQ(held[1].expires_at, at(500));
  EXPECT_EQ(blacklist.list(at(500)).entries.size(), 1U);
  EXPECT_TRUE(blacklist.remove(UserId{1}));
  EXPECT_FALSE(blacklist.remove(UserId{1}));
  EXPECT_THAT(blacklist.list(at(500)).entries, IsEmpty());
}

TEST_P(BlacklistTest, TheListGoesWithItsRevision) {
  auto& blacklist = shop.repositories.blacklist();
  const auto changes = shop.repositories.changes();
  const BlacklistEntry entry{UserId{1}, "a bot", std::nullopt, at(1)};
  blacklist.put({&entry, 1});
  EXPECT_EQ(blacklist.list(at(2)).revision, changes->poll()->blacklist);
  blacklist.remove(UserId{1});
  EXPECT_EQ(blacklist.list(at(2)).revision, changes->poll()->blacklist);
}

TEST_P(BlacklistTest, AnEntryNeverReplacesOneThatHoldsForLonger) {
  auto& blacklist = shop.repositories.blacklist();
  const auto put = [&](std::int64_t expires_at, const char* reason) {
    const BlacklistEntry entry{UserId{1}, reason, at(expires_at), at(1)};
    blacklist.put({&entry, 1});
  };
  put(900, "an operator's");
  put(600, "automatic");
  EXPECT_EQ(blacklist.list(at(0)).entries.at(0).reason, "an operator's");
  put(1'000, "longer");
  EXPECT_EQ(blacklist.list(at(0)).entries.at(0).reason, "longer");
}

TEST_P(BlacklistTest, AnAutomaticEntryNeverReplacesABan) {
  auto& blacklist = shop.repositories.blacklist();
  const auto put = [&](std::string reason, std::optional<Instant> expires_at) {
    const BlacklistEntry entry{
        .user = {1}, .reason = std::move(reason), .expires_at = expires_at, .created_at = at(1)};
    blacklist.put({&entry, 1});
  };
  put("early", at(500));
  put("early again", at(600));
  EXPECT_EQ(blacklist.list(at(0)).entries.at(0).expires_at, at(600));
  put("banned", std::nullopt);
  put("early once more", at(700));
  EXPECT_EQ(blacklist.list(at(0)).entries.at(0).reason, "banned");
  put("banned for another reason", std::nullopt);
  EXPECT_EQ(blacklist.list(at(0)).entries.at(0).reason, "banned for another reason");
}

TEST_P(AuditLogTest, ListsTheNewestFirst) {
  auto& log = shop.repositories.audit_log();
  log.append("root", "sale end", "sale 1", at(10));
  log.append("root", "user ban", "user'; DROP TABLE audit_log; --", at(20));
  const auto entries = log.list(0, 10);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].subject, "user'; DROP TABLE audit_log; --");
  EXPECT_EQ(entries[1].actor, "root");
  EXPECT_EQ(entries[1].action, "sale end");
  EXPECT_EQ(entries[1].at, at(10));
  EXPECT_EQ(log.list(0, 1).size(), 1U);
  const auto older = log.list(entries[0].id, 10);
  ASSERT_EQ(older.size(), 1U);
  EXPECT_EQ(older[0].id, entries[1].id);
}

}  // namespace
}  // namespace stampede::repositories::sql

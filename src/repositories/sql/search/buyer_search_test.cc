#include "repositories/sql/search/buyer_search.h"

#include <gmock/gmock.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct BuyerSearchTest : OnEveryEngine {
  UserId add(std::string_view name) {
    return *shop.accounts().create(name, "!", UserRole::kBuyer, at(1));
  }
  std::vector<std::string> named(std::string_view prefix, std::string_view after = "",
                                 std::size_t limit = 10) {
    std::vector<std::string> names;
    for (const User& user : search.named(prefix, after, limit)) names.push_back(user.name);
    return names;
  }
  void blacklist(UserId user, std::optional<Instant> expires_at) {
    const BlacklistEntry entry{user, "a bot", expires_at, at(7)};
    shop.repositories.blacklist().put({&entry, 1});
  }
  std::vector<std::string> blacklisted(UserId after, std::size_t limit, Instant now) {
    std::vector<std::string> names;
    for (const auto& buyer : search.blacklist(after, limit, now)) names.push_back(buyer.name);
    return names;
  }

  BuyerSearch& search = shop.repositories.buyer_search();
};

INSTANTIATE_TEST_SUITE_P(On, BuyerSearchTest, every_engine(), testing::PrintToStringParamName());

TEST_P(BuyerSearchTest, FindsByTheBeginningOfANameInAnyCase) {
  for (const char* name : {"bob", "Alice", "al_1", "al-2", "alz", "al.0", "ALBERT", "al", "am"}) {
    add(name);
  }
  EXPECT_THAT(named("AL"), ElementsAre("al", "al-2", "al.0", "al_1", "ALBERT", "Alice", "alz"));
  EXPECT_THAT(named("al_"), ElementsAre("al_1"));
  EXPECT_THAT(named("alice"), ElementsAre("Alice"));
  EXPECT_THAT(named("alicex"), IsEmpty());
  EXPECT_THAT(named("al", "", 2), ElementsAre("al", "al-2"));
  EXPECT_THAT(named("al", "AL-2", 2), ElementsAre("al.0", "al_1"));
  EXPECT_THAT(named("al", "alz"), IsEmpty());
}

TEST_P(BuyerSearchTest, ListsWhoIsOnTheBlacklistNow) {
  const auto alice = add("alice");
  const auto bob = add("bob");
  blacklist(bob, at(100));
  blacklist(alice, std::nullopt);
  blacklist({77}, at(200));  // of nobody
  EXPECT_THAT(blacklisted({}, 10, at(50)), ElementsAre("alice", "bob", ""));
  EXPECT_THAT(blacklisted({}, 1, at(50)), ElementsAre("alice"));
  EXPECT_THAT(blacklisted(alice, 1, at(50)), ElementsAre("bob"));
  EXPECT_THAT(blacklisted({}, 10, at(100)), ElementsAre("alice", ""));

  const auto entry = search.blacklisted(bob, at(99));
  ASSERT_TRUE(entry);
  EXPECT_EQ(entry->user, bob);
  EXPECT_EQ(entry->reason, "a bot");
  EXPECT_EQ(entry->expires_at, at(100));
  EXPECT_EQ(entry->created_at, at(7));
  EXPECT_FALSE(search.blacklisted(bob, at(100)));
  EXPECT_EQ(search.blacklisted(alice, at(100))->expires_at, std::nullopt);
}

}  // namespace
}  // namespace stampede::repositories::sql

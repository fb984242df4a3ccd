#include "services/accounts/buyers.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/test_ring.h"

namespace stampede::services::accounts {
namespace {

using std::chrono::hours;
using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

const Instant kNow = *parse_rfc3339("2026-11-22T08:24:00Z");

class BuyersTest : public testing::Test {
 protected:
  /// Why not; nullopt if it was done.
  std::optional<BanError> ban(UserId user, const Ban& ban) {
    const auto banned = buyers_.ban(user, ban, kNow);
    return banned ? std::nullopt : std::optional(banned.error());
  }
  std::vector<std::string> search(std::string_view text, std::string_view after = "",
                                  std::size_t limit = 10) {
    std::vector<std::string> names;
    const auto page = buyers_.search(text, after, limit);
    if (!page) return {"refused"};
    for (const User& user : page->users) names.push_back(user.name);
    if (!page->more_after.empty()) names.push_back("after " + page->more_after);
    return names;
  }

  test_support::FakeBuyers storage_;
  UserId alice_ = storage_.add("alice");
  Buyers buyers_{{storage_, storage_, storage_}};
};

TEST_F(BuyersTest, BansForGoodOrForAWhile) {
  const auto banned = buyers_.ban(alice_, {"a bot", hours{2}}, kNow);
  ASSERT_TRUE(banned);
  EXPECT_EQ(banned->name, "alice");
  EXPECT_EQ(storage_.entries.at(alice_).expires_at, kNow + hours{2});
  EXPECT_EQ(storage_.entries.at(alice_).created_at, kNow);
  EXPECT_EQ(ban(alice_, {"again", hours{1}}), std::nullopt);  // a shorter one of the same kind
  EXPECT_EQ(storage_.entries.at(alice_).expires_at, kNow + hours{1});
  EXPECT_EQ(ban(alice_, {"a bot", {}}), std::nullopt);
  EXPECT_EQ(storage_.entries.at(alice_).expires_at, std::nullopt);
}

TEST_F(BuyersTest, RefusesWhatIsNoBan) {
  EXPECT_EQ(ban(alice_, {"", {}}), BanError::kBadReason);
  EXPECT_EQ(ban(alice_, {std::string(201, 'x'), {}}), BanError::kBadReason);
  EXPECT_EQ(ban(alice_, {"\xc3", {}}), BanError::kBadReason);
  EXPECT_EQ(ban(alice_, {"fox\u202egnp", {}}), BanError::kBadReason);
  EXPECT_EQ(ban(alice_, {"two\nlines", {}}), BanError::kBadReason);
  EXPECT_EQ(explain(BanError::kBadReason, "fox\u202egnp"),
            "Reason: it has U+202E (right-to-left override) at byte 3; expected text without "
            "control characters.");
  EXPECT_EQ(explain(BanError::kBadReason, ""), explain(BanError::kBadReason));
  EXPECT_EQ(ban(alice_, {"x", milliseconds{0}}), BanError::kBadDuration);
  EXPECT_EQ(ban(alice_, {"x", milliseconds{-1}}), BanError::kBadDuration);
  EXPECT_EQ(ban(alice_, {"x", kLongestBan + milliseconds{1}}), BanError::kBadDuration);
  EXPECT_EQ(ban({77}, {"x", {}}), BanError::kUnknownUser);
  EXPECT_THAT(storage_.entries, IsEmpty());
  EXPECT_EQ(ban(alice_, {std::string(200, 'x'), kLongestBan}), std::nullopt);
}

TEST_F(BuyersTest, AShorterBanNeverReplacesOneForGood) {
  ban(alice_, {"for good", {}});
  EXPECT_EQ(ban(alice_, {"an hour", hours{1}}), BanError::kBannedForGood);
  EXPECT_EQ(storage_.entries.at(alice_).reason, "for good");
  EXPECT_EQ(ban(alice_, {"for another reason", {}}), std::nullopt);
  EXPECT_EQ(storage_.entries.at(alice_).reason, "for another reason");
}

TEST_F(BuyersTest, LiftsABanOnce) {
  ban(alice_, {"a bot", {}});
  const auto unbanned = buyers_.unban(alice_);
  ASSERT_TRUE(unbanned);
  EXPECT_EQ(subject_of(*unbanned), "user 1 alice");
  EXPECT_THAT(storage_.entries, IsEmpty());
  EXPECT_EQ(buyers_.unban(alice_).error(), BanError::kNotBanned);
  EXPECT_EQ(buyers_.unban({77}).error(), BanError::kUnknownUser);
}

TEST_F(BuyersTest, LoggingOutRevokesEverySession) {
  test::TestRing ring;
  Sessions sessions(ring.ring());
  const auto shop = sessions.issue(alice_, 0, kNow);
  const auto console = sessions.issue_at_console(alice_, UserRole::kOwner, 0, kNow);
  const auto gone = buyers_.log_out(alice_, sessions, kNow);
  ASSERT_TRUE(gone);
  EXPECT_EQ(gone->session_epoch, 1);
  EXPECT_EQ(sessions.authenticate(shop, kNow), std::nullopt);
  EXPECT_EQ(sessions.authenticate(console, kNow, Sessions::Site::kConsole), std::nullopt);
  EXPECT_EQ(buyers_.log_out({77}, sessions, kNow), std::nullopt);
}

TEST_F(BuyersTest, SearchesByIdAndByTheBeginningOfAName) {
  storage_.add("albert");
  storage_.add("1st");
  storage_.add("2nd");
  EXPECT_THAT(search("al"), ElementsAre("albert", "alice"));
  EXPECT_THAT(search("al", "", 1), ElementsAre("albert", "after albert"));
  EXPECT_THAT(search("al", "albert", 1), ElementsAre("alice"));
  EXPECT_THAT(search("1"), ElementsAre("alice", "1st"));  // the id comes first
  EXPECT_THAT(search("77"), IsEmpty());
  EXPECT_THAT(search("", "", 2), ElementsAre("1st", "2nd", "after 2nd"));
  for (const char* text : {"a b", "%", "é", "<b>", "123456789012345678901234567890123"}) {
    EXPECT_THAT(search(text), ElementsAre("refused")) << text;
  }
  EXPECT_THAT(search("", "a b"), ElementsAre("refused"));
}

TEST_F(BuyersTest, AnIdThatIsAlsoANameIsThereOnce) {
  for (int i = 0; i < 110; ++i) storage_.add("user" + std::to_string(i));
  const UserId odd = storage_.add("112");
  ASSERT_EQ(odd, UserId{112});
  EXPECT_THAT(search("112"), ElementsAre("112"));
}

TEST_F(BuyersTest, ListsTheBlacklistInPages) {
  const UserId bob = storage_.add("bob");
  ban(alice_, {"x", {}});
  ban(bob, {"y", hours{1}});
  const auto first = buyers_.blacklist({}, 1, kNow);
  ASSERT_EQ(first.buyers.size(), 1U);
  EXPECT_EQ(first.buyers[0].name, "alice");
  EXPECT_EQ(first.more_after, alice_);
  const auto second = buyers_.blacklist(first.more_after, 1, kNow);
  ASSERT_EQ(second.buyers.size(), 1U);
  EXPECT_EQ(second.buyers[0].name, "bob");
  EXPECT_FALSE(second.more_after);
  EXPECT_THAT(buyers_.blacklist(alice_, 1, kNow + hours{1}).buyers, IsEmpty());
}

}  // namespace
}  // namespace stampede::services::accounts

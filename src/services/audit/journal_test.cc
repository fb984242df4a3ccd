#include "services/audit/journal.h"

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "tests/support/fakes/fake_buyers.h"

namespace stampede::services::audit {
namespace {

const Now kNow{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}};

class JournalTest : public testing::Test {
 protected:
  test_support::FakeBuyers users_;
  test_support::FakeAuditLog log_;
  Journal journal_{log_, users_};
};

TEST_F(JournalTest, SaysWhoDidWhatAndWhen) {
  const UserId alice = users_.add("alice", UserRole::kOperator);
  journal_.record(journal_.at_console(alice, kNow), "sale end", "sale 3");
  // This operator is no more.
  journal_.record(journal_.at_console(UserId{77}, kNow), "user ban", "user 7 bob: a bot");
  const auto entries = journal_.list(0, 10);
  ASSERT_EQ(entries.size(), 2U);
  EXPECT_EQ(entries[0].actor, "console:77");
  EXPECT_EQ(entries[1].actor, "console:alice");
  EXPECT_EQ(entries[1].action, "sale end");
  EXPECT_EQ(entries[1].subject, "sale 3");
  EXPECT_EQ(entries[1].at, kNow.wall);
}

TEST_F(JournalTest, CutsALongSubjectBetweenCharacters) {
  std::string subject;
  for (int i = 0; i < 300; ++i) subject += "é";
  journal_.record({"cli:alice", kNow}, "user ban", subject);
  EXPECT_EQ(journal_.list(0, 1).front().subject, subject.substr(0, 2 * 255));
}

}  // namespace
}  // namespace stampede::services::audit

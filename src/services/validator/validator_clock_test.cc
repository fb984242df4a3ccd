// Clocks that are wrong, jump or stand still.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/validator/test_validator.h"

namespace stampede::services::validator {
namespace {

using testing::IsEmpty;

TEST_F(ValidatorTest, ByAWrongClockNobodyIsToldNoOrNotYet) {
  auto first = first_reply({"a"});
  first.sales->front().ends_at = kStart + seconds{600};
  first.oldest_open = LeaseId{1};
  first.database_time = kStart + seconds{10};
  const auto wrong = [](milliseconds ahead) {
    return Now{kStart + seconds{10} + ahead, at(seconds{10}).tick};
  };
  for (const milliseconds ahead : {milliseconds{3'600'000}, -milliseconds{3'600'000}}) {
    apply(first, wrong(ahead));
    grant(1, 9, wrong(ahead));
    EXPECT_EQ(no(wrong(ahead)), Verdict::kUnavailable);
    EXPECT_EQ(verdict(wrong(ahead)), Verdict::kPending) << "by the database's time the sale is on";
    EXPECT_NE(validator_.clocks().problem(wrong(ahead)), "");
  }
  first.database_time = kStart - seconds{10};
  apply(first, wrong(seconds{0}));
  EXPECT_EQ(verdict(wrong(seconds{0})), Verdict::kPending) << "the same intent";
  const auto early = validator_.attempt(
      {UserId{8}, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, wrong({})}, {});
  EXPECT_EQ(early->verdict, Verdict::kUnavailable) << "not: not started";
  first.database_time = kStart + seconds{10};
  apply(first, wrong(seconds{0}));
  EXPECT_EQ(no(wrong(seconds{0})), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, AWrongClockBlacklistsNobodyForComingEarly) {
  auto first = first_reply({"a"});
  first.database_time = kStart - seconds{30};
  const Now now = at(-seconds{40});
  apply(first, now);
  for (int i = 0; i < 20; ++i) EXPECT_EQ(verdict(now), Verdict::kUnavailable);
  EXPECT_THAT(validator_.compose(now).blacklisted, IsEmpty());
}

TEST_F(ValidatorTest, AfterAJumpNothingIsDecidedUntilTheNextReply) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  grant(1, 9);
  const Now jumped{kStart + milliseconds{2'101}, at(milliseconds{100}).tick};
  EXPECT_EQ(verdict(jumped), Verdict::kUnavailable) << "its leases may be over";
  EXPECT_EQ(no(jumped), Verdict::kUnavailable);
  EXPECT_EQ(verdict(at(milliseconds{100})), Verdict::kPending) << "it was a wrong reading";
}

TEST_F(ValidatorTest, WhereTheTickStoodStillOnlyRenewedLeasesAreSoldFrom) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  grant(1, 9);
  const Now awake{kStart + seconds{4}, at(milliseconds{100}).tick};  // 3.9 s were not counted
  auto next = reply(1, {"a"});
  next.database_time = awake.wall;
  next.renewed = {LeaseId{1}};
  apply(next, awake);
  EXPECT_EQ(units(), 9) << "it is renewed";
  next.database_time = awake.wall + seconds{4};
  next.renewed = {};
  apply(next, {awake.wall + seconds{4}, awake.tick});
  EXPECT_EQ(units(), 0) << "quantity control may have given it up";
}

/// That it is sold out was counted by that tick; this reply does not tell it.
TEST_F(ValidatorTest, WhereTheTickStoodStillNothingIsSoldOut) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  first.stock = {{.sale = {.id = kSale}}};
  apply(first);
  ASSERT_EQ(verdict(at(milliseconds{100})), Verdict::kSoldOut);
  const Now awake{kStart + seconds{9}, at(milliseconds{100}).tick};
  auto without = reply(1, {"a"});
  without.database_time = awake.wall;
  apply(without, awake);
  EXPECT_EQ(verdict(awake), Verdict::kUnavailable);
  without.stock = first.stock;
  apply(without, awake);
  EXPECT_EQ(verdict(awake), Verdict::kSoldOut);
}

/// Its word for a *no* was counted by that tick; this reply gives none.
TEST_F(ValidatorTest, WhereTheTickStoodStillAReplyWithoutARingEndsTheWordBefore) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  EXPECT_EQ(no(at(milliseconds{100})), Verdict::kUnknownProduct);
  const Now awake{kStart + seconds{9}, at(milliseconds{100}).tick};
  auto without = reply(0, {});
  without.database_time = awake.wall;
  apply(without, awake);
  EXPECT_EQ(no(awake), Verdict::kUnavailable);
  auto next = reply(1, {"a"});
  next.database_time = awake.wall;
  apply(next, awake);
  EXPECT_EQ(no(awake), Verdict::kUnknownProduct) << "this one gives its word";
}

TEST_F(ValidatorTest, AReplyOrALeaseDuringWhichAClockJumpedIsNotCountedFromItsRequest) {
  apply(first_reply({"a"}));
  const Now after{kStart + seconds{10}, at(milliseconds{10}).tick};
  auto next = reply(2, {"a"});
  const auto applied = validator_.apply(next, at(seconds{0}), after);
  ASSERT_FALSE(applied);
  EXPECT_THAT(applied.error(), testing::HasSubstr("jumped"));
  const auto asks = validator_.wanted(at(seconds{0}));
  ASSERT_EQ(asks.size(), 1);
  const StockLease lease{.id = LeaseId{1}, .sale = kSale, .granted = 5, .holder = asks[0].holder};
  validator_.answered(asks[0], peers::LeaseReply{.lease = lease}, at(seconds{0}), after);
  EXPECT_EQ(units(), 0);
  const auto again = validator_.wanted(at(seconds{1}));
  ASSERT_EQ(again.size(), 1);
  EXPECT_EQ(again[0].number, asks[0].number) << "it is the same request";
}

TEST_F(ValidatorTest, ASuspendedMachineWakesUpWithItsLeasesOver) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  apply(first);
  grant(1, 9);
  const Now awake = at(seconds{30});  // both clocks count the suspension
  EXPECT_EQ(verdict(awake), Verdict::kUnavailable);
  EXPECT_EQ(no(awake), Verdict::kUnavailable);
  validator_.review(awake);
  EXPECT_EQ(units(), 0);
}

}  // namespace
}  // namespace stampede::services::validator

#include "services/validator/clocks.h"

#include <gtest/gtest.h>

namespace stampede::services::validator {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using Clock = purchase::Attempt::Clock;

constexpr Instant kStart{seconds{1'800'000'000}};

/// So long after the start by the tick, with a wall clock that is `ahead` of the database's.
Now at(milliseconds since, milliseconds ahead = {}) {
  return {kStart + since + ahead, Tick{seconds{1'000}} + since};
}

TEST(Clocks, BeforeTheFirstReplyTheWallClockMayBeWrong) {
  const Clocks clocks;
  EXPECT_EQ(clocks.read(at(seconds{5})).clock, Clock::kWrong);
  EXPECT_EQ(clocks.read(at(seconds{5})).now.wall, kStart + seconds{5});
  EXPECT_EQ(clocks.problem(at(seconds{5})), "") << "nothing that is known";
}

TEST(Clocks, TwoSecondsOfDifferenceAreBelieved) {
  for (const seconds difference : {seconds{2}, -seconds{2}}) {
    Clocks clocks;
    clocks.note(kStart, at({}, difference), at({}, difference));
    EXPECT_EQ(clocks.read(at({}, difference)).clock, Clock::kTrusted);
    EXPECT_EQ(clocks.read(at({}, difference)).now.wall, kStart + difference) << "its own";
    EXPECT_EQ(clocks.problem(at({}, difference)), "");
    EXPECT_EQ(clocks.ahead(at({}, difference)), difference);
  }
}

TEST(Clocks, BeyondThemTheTimeIsTheDatabases) {
  for (const milliseconds difference : {milliseconds{2'001}, -milliseconds{3'600'000}}) {
    Clocks clocks;
    clocks.note(kStart, at({}, difference), at({}, difference));
    const auto reading = clocks.read(at(milliseconds{300}, difference));
    EXPECT_EQ(reading.clock, Clock::kWrong);
    EXPECT_EQ(reading.now.wall, kStart + milliseconds{300});
    EXPECT_EQ(reading.now.tick, at(milliseconds{300}).tick);
  }
}

TEST(Clocks, TheProblemIsSaidInWords) {
  Clocks clocks;
  clocks.note(kStart, at({}, -seconds{3'600}), at({}, -seconds{3'600}));
  EXPECT_EQ(clocks.problem(at({}, -seconds{3'600})),
            "the wall clock is 3600.0 s behind the database's");
  EXPECT_EQ(clocks.problem(at({}, seconds{400})),
            "the wall clock jumped by 4000.0 s within a heartbeat");
  clocks.note(kStart, at({}, milliseconds{2'400}), at({}, milliseconds{2'400}));
  EXPECT_EQ(clocks.problem(at({}, milliseconds{2'400})),
            "the wall clock is 2.4 s ahead of the database's");
}

TEST(Clocks, ASlowReplyIsNoDifference) {
  Clocks clocks;
  // Read at once, it would be 1 s of difference; read when it is there, 2 s.
  clocks.note(kStart - seconds{1}, at({}), at(seconds{1}));
  EXPECT_EQ(clocks.read(at(seconds{1})).clock, Clock::kTrusted);
  EXPECT_EQ(clocks.ahead(at(seconds{1})), seconds{1});
  clocks.note(kStart - milliseconds{1'001}, at(seconds{1}), at(seconds{1}));
  EXPECT_EQ(clocks.read(at(seconds{1})).clock, Clock::kWrong);
}

/// A wall clock that is wrong by as much as the reply was under way looks right (seed 225621).
TEST(Clocks, AReplyThatWasUnderWayForLongSaysTooLittle) {
  Clocks clocks;
  const milliseconds behind{-1'500};
  clocks.note(kStart, at({}, behind), at(seconds{2}, behind));
  EXPECT_EQ(clocks.read(at(seconds{2}, behind)).clock, Clock::kTrusted) << "2 s at worst";
  clocks.note(kStart, at({}, behind), at(milliseconds{2'001}, behind));
  EXPECT_EQ(clocks.read(at(milliseconds{2'001}, behind)).clock, Clock::kWrong);
  EXPECT_NE(clocks.problem(at(milliseconds{2'001}, behind)), "");
  clocks.note(kStart + seconds{3}, at(seconds{3}, behind), at(seconds{3}, behind));
  EXPECT_EQ(clocks.read(at(seconds{3}, behind)).clock, Clock::kTrusted) << "a quick one";
}

TEST(Clocks, AJumpSinceTheLastReplyIsNoticedAtOnce) {
  Clocks clocks;
  clocks.note(kStart, at({}), at({}));
  EXPECT_EQ(clocks.read(at(seconds{60})).clock, Clock::kTrusted) << "however long ago it was";
  EXPECT_EQ(clocks.read(at({}, seconds{2})).clock, Clock::kTrusted);
  for (const milliseconds jump : {milliseconds{2'001}, -milliseconds{2'001}}) {
    const auto reading = clocks.read(at(milliseconds{100}, jump));
    EXPECT_EQ(reading.clock, Clock::kJumped);
    EXPECT_EQ(reading.now.wall, kStart + milliseconds{100}) << "as if it had not jumped";
  }
  EXPECT_FALSE(clocks.tick_stood_still(kStart, at({}, seconds{9}), at({}, seconds{9})))
      << "the tick went on";
  clocks.note(kStart, at({}, seconds{9}), at({}, seconds{9}));
  EXPECT_EQ(clocks.read(at({}, seconds{9})).clock, Clock::kWrong) << "the next reply tells";
}

TEST(Clocks, ASuspensionThatBothClocksCountIsNoJump) {
  Clocks clocks;
  clocks.note(kStart, at({}), at({}));
  EXPECT_EQ(clocks.read(at(std::chrono::hours{1})).clock, Clock::kTrusted);
  EXPECT_FALSE(clocks.tick_stood_still(kStart + std::chrono::hours{1}, at(std::chrono::hours{1}),
                                       at(std::chrono::hours{1})));
}

TEST(Clocks, ATickThatStoodStillIsFoundByTheDatabasesTime) {
  Clocks clocks;
  EXPECT_FALSE(clocks.tick_stood_still(kStart, at({}), at({}))) << "nothing to compare with";
  clocks.note(kStart, at({}), at({}));
  const seconds slept{4};  // the wall clock was set right after it
  EXPECT_EQ(clocks.read(at({}, slept)).clock, Clock::kJumped);
  EXPECT_TRUE(clocks.tick_stood_still(std::nullopt, at({}, slept), at({}, slept)))
      << "no time is told: it may have";
  EXPECT_TRUE(clocks.tick_stood_still(kStart + slept, at({}, slept), at({}, slept)));
  clocks.note(kStart + slept, at({}, slept), at({}, slept));
  EXPECT_EQ(clocks.read(at({}, slept)).clock, Clock::kTrusted) << "it is right again";
  EXPECT_FALSE(clocks.tick_stood_still(kStart + slept, at({}, slept), at({}, slept))) << "once";
}

TEST(Clocks, SlowRepliesDoNotLookLikeATickThatStoodStill) {
  Clocks clocks;
  clocks.note(kStart, at({}), at(seconds{3}));
  // Made 3 s after it was asked for, where the one before was made at once.
  EXPECT_FALSE(clocks.tick_stood_still(kStart + seconds{6}, at(seconds{3}), at(seconds{6})));
}

/// By the database's time alone it might have been for 1.5 s; by the wall clock it was for longer.
TEST(Clocks, AfterASlowReplyAStandstillIsFoundByBothClocks) {
  Clocks clocks;
  clocks.note(kStart + seconds{1}, at({}), at(seconds{1}));
  const milliseconds slept{2'500};
  const Now asked = at(seconds{1}, slept);
  const Now answered = at(milliseconds{1'010}, slept);
  EXPECT_TRUE(clocks.tick_stood_still(kStart + seconds{1} + slept, asked, answered));
  const Now right = at(milliseconds{1'010});
  EXPECT_FALSE(clocks.tick_stood_still(kStart + seconds{1} + slept, at(seconds{1}), right))
      << "the database was slow";
}

TEST(Clocks, AJumpWithinAnExchangeIsNoticed) {
  EXPECT_FALSE(Clocks::jumped(at({}), at(seconds{60})));
  EXPECT_FALSE(Clocks::jumped(at({}), at({}, seconds{2})));
  EXPECT_TRUE(Clocks::jumped(at({}), at({}, milliseconds{2'001})));
  EXPECT_TRUE(Clocks::jumped(at({}), at({}, -milliseconds{2'001})));
}

}  // namespace
}  // namespace stampede::services::validator

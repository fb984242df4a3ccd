// Two processes of quantity control on one database: one leads, the other stands by.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <future>
#include <thread>

#include "services/leasing/quantity_control.h"
#include "tests/support/fakes/changed_leases.h"
#include "tests/support/fakes/fake_quantity.h"

namespace stampede::services::leasing {
namespace {

using peers::LeaseReply;
using std::chrono::milliseconds;
using std::chrono::seconds;
using test_support::ChangedLeases;
using test_support::FakeQuantity;
using test_support::heartbeat_of;
using testing::ElementsAre;
using testing::IsEmpty;
using Kind = QuantityControl::Refusal::Kind;

constexpr Instant kStart{seconds{1'800'000'000}};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

/// What happens while the database commits, or just before it reads.
class Meanwhile final : public ChangedLeases {
 public:
  using ChangedLeases::ChangedLeases;
  using ChangedLeases::fence;
  using ChangedLeases::grant;
  std::function<void()> before_write = [] {};
  LeaseId locked;
  bool unreadable = false;
  bool numbers_fail = false;

  std::function<void()> before_read = [] {};

  std::vector<StockLease> not_closed() override {
    before_read();
    if (unreadable) fail();
    return ChangedLeases::not_closed();
  }
  void continue_behind(const repositories::Term& term, LeaseId lease, Instant now) override {
    if (numbers_fail) fail();
    ChangedLeases::continue_behind(term, lease, now);
  }
  std::expected<StockLease, repositories::NoGrant> grant(const repositories::Term& term,
                                                         const repositories::LeaseRequest& request,
                                                         std::int64_t units, Instant now) override {
    before_write();
    return ChangedLeases::grant(term, request, units, now);
  }
  void fence(const repositories::Term& term, LeaseId lease) override {
    before_write();
    if (lease == locked) fail();
    ChangedLeases::fence(term, lease);
  }

 private:
  static void fail() {
    throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "locked");
  }
};

class LeadershipTest : public testing::Test {
 protected:
  LeadershipTest() { shop_.store.restore(begin_); }

  static QuantityControl::Parts with(QuantityControl::Parts parts, repositories::Leases& leases) {
    return {.holder = parts.holder,
            .leadership = parts.leadership,
            .leases = leases,
            .grants = leases,
            .members = parts.members,
            .orders = parts.orders,
            .catalog = parts.catalog,
            .blacklist = parts.blacklist,
            .accounts = parts.accounts,
            .changes = parts.changes,
            .markers = parts.markers};
  }
  /// A validator's heartbeat, at the first process that answers; the reply of the leader.
  std::optional<peers::HeartbeatReply> beat(peers::Heartbeat heartbeat, Now now) {
    for (QuantityControl* process : {&first_, &second_}) {
      if (auto reply = process->beat(heartbeat, now)) return *reply;
    }
    return std::nullopt;
  }
  static peers::LeaseAsk ask_of(const std::string& node, std::int64_t number,
                                std::int64_t ring_epoch) {
    return {.holder = heartbeat_of(node).member.holder(),
            .number = number,
            .sale = FakeQuantity::kSale,
            .ring_epoch = ring_epoch};
  }
  LeaseState state(LeaseId lease) { return shop_.store.state().leases.at(lease).state; }
  void lead(QuantityControl& process, Now now) { shop_.lead(process, now); }

  FakeQuantity shop_{at(seconds{0})};
  /// As it was before FakeQuantity's own process led.
  const repositories::memory::MemoryStore::State begin_ = [this] {
    auto state = shop_.store.state();
    state.leader = {};
    state.leader_until = {};
    return state;
  }();
  const LeaseTimes times_;
  Meanwhile slow_{shop_.store};
  QuantityControl first_{with(shop_.parts("first"), slow_), times_};
  QuantityControl second_{shop_.parts("second"), times_};
};

TEST_F(LeadershipTest, OneLeadsAndTheOtherAnswersNothing) {
  lead(first_, at(seconds{0}));
  lead(second_, at(seconds{0}));
  EXPECT_TRUE(first_.leads(at(seconds{0}).tick));
  EXPECT_FALSE(second_.leads(at(seconds{0}).tick));
  ASSERT_TRUE(first_.beat(heartbeat_of("a"), at(seconds{0})));
  const auto refused = second_.beat(heartbeat_of("b"), at(seconds{0}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kStandby);
  EXPECT_FALSE(second_.ask(ask_of("a", 1, 1), at(seconds{0})));
  EXPECT_FALSE(second_.report(at(seconds{0})));
  second_.review(at(seconds{60}));
  EXPECT_EQ(shop_.store.state().ring.members.size(), 1U);
}

TEST_F(LeadershipTest, ATermThatIsRenewedIsNotTakenAndOneThatIsNotIs) {
  lead(first_, at(seconds{0}));
  for (milliseconds now{0}; now <= seconds{10}; now += milliseconds{500}) {
    lead(first_, at(now));
    lead(second_, at(now));
    ASSERT_FALSE(second_.leads(at(now).tick));
  }
  const milliseconds last{10'000};
  lead(second_, at(last + times_.lead - milliseconds{1}));
  EXPECT_FALSE(second_.leads(at(last + times_.lead).tick));
  lead(second_, at(last + times_.lead));
  EXPECT_TRUE(second_.leads(at(last + times_.lead).tick));
  EXPECT_GT(second_.leader_epoch(), first_.leader_epoch());
}

TEST_F(LeadershipTest, AResignationLetsAnotherLeadAtOnce) {
  lead(first_, at(seconds{0}));
  first_.resign();
  EXPECT_FALSE(first_.beat(heartbeat_of("a"), at(seconds{0})));
  lead(second_, at(milliseconds{1}));
  EXPECT_TRUE(second_.beat(heartbeat_of("a"), at(milliseconds{1})));
}

/// A process that stands still for a minute, while another leads and validators sell.
TEST_F(LeadershipTest, ALeaderThatIsResumedFencesNothingAndLeavesTheRingAlone) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto granted = first_.ask(ask_of("a", 1, 1), at(seconds{0}));
  ASSERT_TRUE(granted && granted->lease);
  const LeaseId lease = granted->lease->id;
  auto heartbeat = heartbeat_of("a");
  heartbeat.leases = {lease};
  for (milliseconds now = seconds{3}; now < seconds{60}; now += milliseconds{500}) {
    lead(second_, at(now));
    const auto reply = second_.beat(heartbeat, at(now));
    ASSERT_TRUE(reply) << now.count();
    ASSERT_THAT(reply->renewed, ElementsAre(lease));
    ASSERT_EQ(reply->ring_epoch, 1);
    second_.review(at(now));
  }
  first_.review(at(seconds{60}));
  EXPECT_FALSE(first_.beat(heartbeat, at(seconds{60})));
  lead(first_, at(seconds{60}));
  first_.review(at(seconds{60}));
  EXPECT_EQ(state(lease), LeaseState::kOpen);
  EXPECT_EQ(shop_.store.state().ring.epoch, 1);
  EXPECT_EQ(shop_.markers.depth(), 0U);
  EXPECT_TRUE(second_.beat(heartbeat, at(seconds{60})));
}

/// The clock of its review was read before it stood still, so that its term seems to run.
TEST_F(LeadershipTest, NothingIsFencedInATermThatIsOver) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto lease = first_.ask(ask_of("a", 1, 1), at(seconds{0}))->lease->id;
  for (milliseconds now{0}; now <= seconds{8}; now += milliseconds{500}) {
    lead(first_, at(now));
    beat(heartbeat_of("b"), at(now));
  }
  slow_.before_write = [&] { lead(second_, at(seconds{20})); };
  first_.review(at(seconds{8}));
  EXPECT_EQ(state(lease), LeaseState::kOpen);
  EXPECT_EQ(shop_.markers.depth(), 0U) << "no marker for a lease that is not fenced";
  EXPECT_FALSE(first_.leads(at(seconds{8}).tick)) << "it stands by from now on";
}

TEST_F(LeadershipTest, NothingIsGrantedInATermThatIsOver) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  slow_.before_write = [&] { lead(second_, at(seconds{20})); };
  const auto refused = first_.ask(ask_of("a", 1, 1), at(seconds{0}));
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().kind, Kind::kStandby);
  EXPECT_THAT(shop_.store.state().leases, IsEmpty());
}

TEST_F(LeadershipTest, TheRingIsNotReplacedInATermThatIsOver) {
  lead(first_, at(seconds{0}));
  ASSERT_TRUE(first_.beat(heartbeat_of("a"), at(seconds{0})));
  lead(second_, at(seconds{20}));
  EXPECT_FALSE(first_.beat(heartbeat_of("b"), at(seconds{0})));
  EXPECT_EQ(shop_.store.state().ring.epoch, 1);
}

/// Nothing is written for this one: only the reply itself would tell of a term that is over.
TEST_F(LeadershipTest, NothingIsRenewedInATermThatIsOver) {
  lead(first_, at(seconds{0}));
  ASSERT_TRUE(first_.beat(heartbeat_of("a"), at(seconds{0})));
  lead(second_, at(seconds{20}));
  const auto late = first_.beat(heartbeat_of("a"), at(milliseconds{100}));
  ASSERT_FALSE(late);
  EXPECT_EQ(late.error().kind, Kind::kStandby);
}

TEST_F(LeadershipTest, ANewLeaderCountsEveryMemberAsJustHeardOfAndEveryLeaseAsJustRenewed) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto lease = first_.ask(ask_of("a", 1, 1), at(seconds{0}))->lease->id;
  // The answer of the take is late: what is counted is counted from after it.
  shop_.store.set_clock(at(seconds{58}).wall);
  ASSERT_TRUE(second_.lead(at(seconds{59})));
  EXPECT_FALSE(second_.beat(heartbeat_of("a"), at(seconds{59}))) << "it knows nothing yet";
  second_.recover(at(seconds{60}));
  const auto held_until = [&](Now now) {
    shop_.store.set_clock(now.wall);
    EXPECT_FALSE(second_.lead(now));
    second_.review(now);
  };
  milliseconds now = seconds{60};
  for (; now <= seconds{60} + times_.lost; now += milliseconds{500}) held_until(at(now));
  EXPECT_EQ(shop_.store.state().ring.members.size(), 1U);
  for (; now <= seconds{60} + times_.life + times_.guard; now += milliseconds{500}) {
    held_until(at(now));
  }
  EXPECT_THAT(shop_.store.state().ring.members, IsEmpty());
  EXPECT_EQ(state(lease), LeaseState::kOpen);
  held_until(at(now + milliseconds{500}));
  EXPECT_EQ(state(lease), LeaseState::kFenced);
}

/// A purchase that a buyer waits for is given up when its lease is known to be closed.
TEST_F(LeadershipTest, ANewLeaderKnowsTheLeasesThatAreClosedAlready) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto lease = first_.ask(ask_of("a", 1, 1), at(seconds{0}))->lease->id;
  const auto transaction = shop_.store.begin();
  transaction->close(lease);
  transaction->commit();
  lead(second_, at(seconds{20}));
  EXPECT_GT(beat(heartbeat_of("a"), at(seconds{20}))->oldest_open, lease);
}

/// Whoever knows of a lease that the database has lost need not be a member of the ring any more:
/// the database may have lost that too.
TEST_F(LeadershipTest, ANumberThatTheDatabaseHasLostIsNotGivenAgainByAnotherProcess) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("b"), at(seconds{0}));
  const auto before = shop_.store.state();
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto lost = first_.ask(ask_of("a", 1, 2), at(seconds{0}))->lease->id;
  shop_.store.restore(before);
  lead(second_, at(seconds{20}));
  const auto reply = second_.ask(ask_of("b", 1, 1), at(seconds{20}));
  ASSERT_TRUE(reply->lease) << "nobody is waited for";
  EXPECT_GT(reply->lease->id, lost);
}

/// The server that took over, twice, has a clock that is behind.
TEST_F(LeadershipTest, ByAClockThatIsBehindNoNumberIsGivenAgainEither) {
  lead(first_, at(seconds{100}));
  beat(heartbeat_of("a"), at(seconds{100}));
  const auto before = shop_.store.state();
  lead(second_, at(seconds{20}));
  const auto lost = second_.ask(ask_of("a", 1, 1), at(seconds{20}))->lease->id;
  shop_.store.restore(before);
  QuantityControl third(shop_.parts("quantity/3"), times_);
  lead(third, at(seconds{30}));
  EXPECT_NE(third.ask(ask_of("a", 1, 1), at(seconds{30}))->lease->id, lost);
}

TEST_F(LeadershipTest, ATermOfWhichTheNumbersCannotBeginGrantsNothing) {
  lead(second_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  slow_.numbers_fail = true;
  EXPECT_THROW(lead(first_, at(seconds{20})), repositories::StorageError);
  EXPECT_FALSE(first_.ask(ask_of("a", 1, 1), at(seconds{20})));
  slow_.numbers_fail = false;
  lead(first_, at(seconds{20}));
  EXPECT_TRUE(first_.ask(ask_of("a", 1, 1), at(seconds{20}))->lease);
}

/// Nobody took the lead meanwhile, but it has missed heartbeats.
TEST_F(LeadershipTest, ALeaderWhoseOwnTermRanOutBeginsAgainFromTheDatabase) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  const auto lease = first_.ask(ask_of("a", 1, 1), at(seconds{0}))->lease->id;
  EXPECT_FALSE(first_.beat(heartbeat_of("a"), at(seconds{30})));
  lead(first_, at(seconds{30}));
  EXPECT_EQ(first_.leader_epoch(), 2);
  first_.review(at(seconds{30}));
  EXPECT_EQ(state(lease), LeaseState::kOpen);
  EXPECT_EQ(shop_.store.state().ring.members.size(), 1U);
}

TEST_F(LeadershipTest, AHeartbeatThatComesAfterTheFarewellIsLateInTheNextTermToo) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  auto farewell = heartbeat_of("a");
  farewell.leaving = true;
  beat(farewell, at(seconds{1}));
  lead(first_, at(seconds{4}));
  const auto late = first_.beat(heartbeat_of("a"), at(seconds{4}));
  ASSERT_FALSE(late);
  EXPECT_THAT(late.error().words, testing::HasSubstr("has left the ring"));
}

TEST_F(LeadershipTest, ALeaderThatCannotReadWhatItHasToKnowLetsAnotherLead) {
  slow_.unreadable = true;
  for (milliseconds now{0}; now < times_.recover; now += milliseconds{250}) {
    EXPECT_THROW(lead(first_, at(now)), repositories::StorageError);
    lead(second_, at(now));
    ASSERT_FALSE(second_.leads(at(now).tick));
  }
  lead(first_, at(times_.recover));
  EXPECT_FALSE(first_.leads(at(times_.recover).tick));
  lead(second_, at(times_.recover));
  EXPECT_TRUE(second_.beat(heartbeat_of("a"), at(times_.recover)));
}

TEST_F(LeadershipTest, ALeaderThatGaveUpTakesTheLeadAgainWhereNobodyElseDoes) {
  slow_.unreadable = true;
  for (milliseconds now{0}; now < times_.recover; now += milliseconds{250}) {
    EXPECT_THROW(lead(first_, at(now)), repositories::StorageError);
  }
  lead(first_, at(times_.recover));
  slow_.unreadable = false;
  const milliseconds again = times_.recover + times_.stand_by;
  lead(first_, at(again - milliseconds{1}));
  EXPECT_FALSE(first_.leads(at(again).tick)) << "the others have had their chance";
  lead(first_, at(again));
  EXPECT_TRUE(first_.beat(heartbeat_of("a"), at(again)));
}

class UnheardLeaderTest : public LeadershipTest {
 protected:
  /// Every 250 ms for `time`; the second process is asked where `asked`, the first one answers
  /// where `reached`.
  void go_on(milliseconds time, bool asked, bool reached) {
    const milliseconds end = now_ + time;
    for (; now_ < end; now_ += milliseconds{250}) {
      lead(first_, at(now_));
      if (reached) first_.beat(heartbeat_of("a"), at(now_));
      if (asked) second_.beat(heartbeat_of("a"), at(now_));
      lead(second_, at(now_));
      first_.review(at(now_));
      second_.review(at(now_));
    }
  }
  bool leads(const QuantityControl& process) { return process.leads(at(now_).tick); }

  milliseconds now_{0};
};

TEST_F(UnheardLeaderTest, ALeaderThatNoValidatorReachesLetsAnotherLead) {
  go_on(seconds{5}, false, true);
  go_on(times_.unheard - milliseconds{250}, true, false);
  EXPECT_TRUE(leads(first_));
  go_on(milliseconds{1'000}, true, false);
  EXPECT_TRUE(leads(second_));
  EXPECT_EQ(shop_.store.state().ring.members.size(), 1U) << "none was taken off the ring meanwhile";
}

TEST_F(UnheardLeaderTest, ALeaderThatSomeReachLeads) {
  go_on(seconds{20}, true, true);
  EXPECT_TRUE(leads(first_));
}

/// Else its successor would count the process that it knows as just heard of, and refuse for as
/// long.
TEST_F(UnheardLeaderTest, ALeaderThatRefusesForAReasonLeads) {
  go_on(milliseconds{250}, false, true);
  while (now_ < seconds{6}) {
    first_.beat(heartbeat_of("a", "another"), at(now_));
    go_on(milliseconds{250}, true, false);
  }
  EXPECT_TRUE(leads(first_));
}

TEST_F(UnheardLeaderTest, WhereNobodyAsksAnybodyTheLeaderStays) {
  go_on(seconds{1}, true, true);
  go_on(seconds{20}, false, false);
  EXPECT_TRUE(leads(first_));
}

TEST_F(LeadershipTest, ALeaderFromWhichTheBrokerTakesNothingLetsAnotherLeadOnce) {
  bool first_marks = true;
  bool second_marks = true;
  const auto process = [&](const char* holder, const bool& marks) {
    auto parts = shop_.parts(holder);
    parts.can_mark = [&marks] { return marks; };
    return std::make_unique<QuantityControl>(parts, times_);
  };
  const auto first = process("quantity/3", first_marks);
  const auto second = process("quantity/4", second_marks);
  milliseconds now{0};
  const auto go_on = [&](milliseconds time) {
    const milliseconds end = now + time;
    for (; now < end; now += milliseconds{250}) {
      lead(*first, at(now));
      lead(*second, at(now));
    }
  };
  go_on(seconds{20});
  ASSERT_TRUE(first->leads(at(now).tick));
  first_marks = false;
  go_on(times_.no_broker - milliseconds{250});
  EXPECT_TRUE(first->leads(at(now).tick));
  go_on(milliseconds{500});
  EXPECT_TRUE(second->leads(at(now).tick));

  second_marks = false;
  go_on(times_.no_broker + seconds{1});
  EXPECT_TRUE(first->leads(at(now).tick));
  const auto epoch = first->leader_epoch();
  go_on(seconds{60});
  EXPECT_EQ(first->leader_epoch(), epoch) << "nobody has a broker, and the lead stays";
  first_marks = true;
  go_on(seconds{1});
  first_marks = false;
  second_marks = true;
  go_on(times_.no_broker + seconds{1});
  EXPECT_TRUE(second->leads(at(now).tick));
}

/// Each of its fences fails for as long as another transaction keeps the row locked.
TEST_F(LeadershipTest, OneLeaseWhoseRowIsLockedKeepsNoOtherFromBeingFencedAndClosed) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  std::vector<LeaseId> leases;
  for (const std::int64_t number : {1, 2, 3}) {
    leases.push_back(first_.ask(ask_of("a", number, 1), at(seconds{0}))->lease->id);
  }
  for (milliseconds now{0}; now <= seconds{8}; now += milliseconds{500}) {
    lead(first_, at(now));
    beat(heartbeat_of("b"), at(now));
  }
  slow_.locked = leases[0];
  EXPECT_THROW(first_.review(at(seconds{8})), repositories::StorageError);
  EXPECT_THROW(first_.review(at(seconds{8})), repositories::StorageError);
  EXPECT_EQ(state(leases[0]), LeaseState::kOpen);
  EXPECT_EQ(state(leases[1]), LeaseState::kFenced);
  EXPECT_EQ(state(leases[2]), LeaseState::kFenced);
  EXPECT_EQ(shop_.markers.depth(), 2U) << "their markers are sent";
  slow_.locked = {};
  first_.review(at(seconds{8}));
  EXPECT_EQ(state(leases[0]), LeaseState::kFenced);
}

/// The database hangs for one connection, and answers over that of the lead.
TEST_F(LeadershipTest, TheLeadIsRenewedWhileAHeartbeatWaitsForTheDatabase) {
  lead(first_, at(seconds{0}));
  bool renewed = false;
  slow_.before_read = [&] {
    std::promise<void> done;
    auto future = done.get_future();
    std::jthread other([&] {
      lead(first_, at(seconds{1}));
      done.set_value();
    });
    renewed = future.wait_for(seconds{20}) == std::future_status::ready;
  };
  beat(heartbeat_of("a"), at(seconds{1}));
  EXPECT_TRUE(renewed);
}

/// A row of a sale that another transaction keeps locked takes a lock wait now and then.
TEST_F(LeadershipTest, ASaleWhoseRowIsLockedIsNotWaitedForAgainAndAgain) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  int waits = 0;
  bool locked = true;
  slow_.before_write = [&] {
    if (!locked) return;
    ++waits;
    throw repositories::StorageError(repositories::StorageError::Kind::kBusy, "locked");
  };
  const auto ask = [&](milliseconds now) { return first_.ask(ask_of("a", 1, 1), at(now)); };
  lead(first_, at(seconds{0}));
  EXPECT_THROW((void)ask(seconds{0}), repositories::StorageError);
  lead(first_, at(milliseconds{1'500}));
  EXPECT_THROW((void)ask(milliseconds{1'000}), repositories::StorageError);
  EXPECT_EQ(waits, 1);
  lead(first_, at(seconds{2}));
  EXPECT_THROW((void)ask(seconds{2}), repositories::StorageError);
  EXPECT_EQ(waits, 2);
  locked = false;
  for (milliseconds now{2'000}; now <= seconds{6}; now += milliseconds{500}) lead(first_, at(now));
  EXPECT_TRUE(ask(seconds{6})->lease);
}

/// A row that another transaction keeps locked: what waits for it makes nothing else wait.
TEST_F(LeadershipTest, HeartbeatsAreAnsweredWhileAGrantOrAFenceWaits) {
  lead(first_, at(seconds{0}));
  beat(heartbeat_of("a"), at(seconds{0}));
  bool answered = false;
  slow_.before_write = [&] {
    std::promise<bool> done;
    auto future = done.get_future();
    std::jthread other(
        [&] { done.set_value(first_.beat(heartbeat_of("a"), at(seconds{1})).has_value()); });
    answered = future.wait_for(seconds{20}) == std::future_status::ready && future.get();
  };
  const auto granted = first_.ask(ask_of("a", 1, 1), at(seconds{0}));
  EXPECT_TRUE(answered);
  ASSERT_TRUE(granted && granted->lease);
  answered = false;
  for (milliseconds now{0}; now <= seconds{8}; now += milliseconds{500}) lead(first_, at(now));
  first_.review(at(seconds{8}));
  EXPECT_TRUE(answered);
  EXPECT_EQ(state(granted->lease->id), LeaseState::kFenced);
}

}  // namespace
}  // namespace stampede::services::leasing

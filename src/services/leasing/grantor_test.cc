#include "services/leasing/grantor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "queue/local/local_queue.h"
#include "repositories/memory/memory_store.h"

namespace stampede::services::leasing {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr SaleId kSale{1};
constexpr Instant kStart{seconds{1'800'000'000}};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

class GrantorTest : public testing::Test {
 protected:
  GrantorTest() { store_.add_sale({.id = kSale, .quantity = 100, .starts_at = kStart}); }

  /// As quantity control does it, in the name of whatever leads.
  std::optional<StockLease> ask(const std::string& holder, std::int64_t number, Now now) {
    const peers::LeaseAsk ask{.holder = holder, .number = number, .sale = kSale, .ring_epoch = 0};
    const auto unleased = store_.state().sales.at(kSale).unleased;
    const auto lease = store_.grant(store_.view().leader, {holder, number, kSale, 0},
                                    lease_size(unleased, 2, times_), now.wall);
    if (lease && grantor_.note_granted(*lease, now.tick)) return *lease;
    grantor_.note_refused(ask, now.tick);
    return std::nullopt;
  }
  LeaseId review(Grantor& grantor, Now now) {
    grantor.read(store_.not_closed(), now.tick);
    for (const LeaseId lease : grantor.to_fence(now.tick)) {
      store_.fence(store_.view().leader, lease);
      grantor.note_fenced(lease);
    }
    grantor.send_markers(now.tick);
    return grantor.oldest_open();
  }
  LeaseId review(Now now) { return review(grantor_, now); }
  std::vector<LeaseId> markers() {
    std::vector<LeaseId> leases;
    std::vector<queue::Message> batch;
    if (queue_.depth() == 0 || !queue_.receive(batch, 100)) return leases;
    for (const auto& message : batch) leases.push_back(std::get<queue::CloseMarker>(message).lease);
    return leases;
  }
  LeaseState state(LeaseId lease) { return store_.state().leases.at(lease).state; }
  void close(LeaseId lease) {
    const auto transaction = store_.begin();
    transaction->close(lease);
    transaction->commit();
  }

  const LeaseTimes times_;
  const milliseconds life_and_guard_ = times_.life + times_.guard;
  repositories::memory::MemoryStore store_{4};
  queue::local::LocalQueue queue_{100};
  Grantor grantor_{queue_, times_};
};

TEST_F(GrantorTest, GrantsAPartOfWhatIsLeft) {
  EXPECT_EQ(ask("a/1", 1, at(seconds{0}))->granted, 25);
  EXPECT_EQ(ask("b/1", 1, at(seconds{0}))->granted, 19);
  EXPECT_EQ(store_.state().sales.at(kSale).unleased, 56);
}

TEST_F(GrantorTest, TheSameRequestIsTheSameLease) {
  const auto first = ask("a/1", 1, at(seconds{0}));
  const auto again = ask("a/1", 1, at(seconds{1}));
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(store_.state().leases.size(), 1);
  EXPECT_NE(ask("a/2", 1, at(seconds{1}))->id, first->id) << "another process, another request";
}

TEST_F(GrantorTest, ALeaseThatIsNotOpenAnyMoreIsNotGrantedAgain) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  close(lease->id);
  EXPECT_FALSE(ask("a/1", 1, at(seconds{1})));
}

TEST_F(GrantorTest, ALeaseNotRenewedIsFencedThenMarked) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_EQ(review(at(life_and_guard_)), lease->id);
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
  EXPECT_THAT(markers(), IsEmpty());
  review(at(life_and_guard_ + milliseconds{1}));
  EXPECT_EQ(state(lease->id), LeaseState::kFenced);
  EXPECT_THAT(markers(), ElementsAre(lease->id));
}

TEST_F(GrantorTest, ARenewedLeaseLivesOn) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_THAT(grantor_.renew("a/1", std::array{lease->id}, at(seconds{6}).tick),
              ElementsAre(lease->id));
  review(at(seconds{13}));
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
  review(at(milliseconds{13'001}));
  EXPECT_EQ(state(lease->id), LeaseState::kFenced);
}

/// Requests are served by several threads, and each has the clock of its arrival.
TEST_F(GrantorTest, ARenewalThatIsServedLateTakesNothingBack) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  const std::array leases{lease->id};
  grantor_.renew("a/1", leases, at(seconds{6}).tick);
  EXPECT_THAT(grantor_.renew("a/1", leases, at(seconds{2}).tick), ElementsAre(lease->id));
  ask("a/1", 1, at(seconds{1}));
  review(at(seconds{13}));
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
}

/// Between the decision to fence it and the database's word.
TEST_F(GrantorTest, ALeaseThatIsAboutToBeFencedIsNeitherRenewedNorGranted) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_THAT(grantor_.to_fence(at(seconds{8}).tick), ElementsAre(lease->id));
  EXPECT_THAT(grantor_.renew("a/1", std::array{lease->id}, at(seconds{8}).tick), IsEmpty());
  EXPECT_FALSE(ask("a/1", 1, at(seconds{8})));
  grantor_.send_markers(at(seconds{8}).tick);
  EXPECT_THAT(markers(), IsEmpty()) << "the database does not show it fenced";
  EXPECT_THAT(grantor_.to_fence(at(seconds{9}).tick), ElementsAre(lease->id)) << "again";
}

TEST_F(GrantorTest, NobodyRenewsAnothersLeaseOrAFencedOne) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_THAT(grantor_.renew("a/2", std::array{lease->id}, at(seconds{1}).tick), IsEmpty());
  EXPECT_THAT(grantor_.renew("a/1", std::array{LeaseId{77}}, at(seconds{1}).tick), IsEmpty());
  review(at(seconds{8}));
  EXPECT_THAT(grantor_.renew("a/1", std::array{lease->id}, at(seconds{8}).tick), IsEmpty());
}

TEST_F(GrantorTest, AMarkerThatNobodyProcessedIsSentAgain) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  review(at(seconds{8}));
  review(at(seconds{9}));
  EXPECT_THAT(markers(), ElementsAre(lease->id)) << "not every time";
  review(at(seconds{13}));
  EXPECT_THAT(markers(), ElementsAre(lease->id));
  close(lease->id);
  EXPECT_EQ(review(at(seconds{30})), LeaseId{lease->id.value + 1}) << "not the next one";
  EXPECT_THAT(markers(), IsEmpty());
}

/// Of the leases that a validator asks about, by what the database showed last.
TEST_F(GrantorTest, TellsWhichLeasesAreClosedBeforeAnOlderOneIs) {
  const auto older = ask("a/1", 1, at(seconds{0}));
  const auto lease = ask("a/1", 2, at(seconds{0}));
  const std::array asked{older->id, lease->id, LeaseId{lease->id.value + 1}};
  EXPECT_THAT(grantor_.closed(asked), IsEmpty()) << "nor one that nobody knows";
  close(lease->id);
  EXPECT_THAT(grantor_.closed(asked), IsEmpty());
  EXPECT_EQ(review(at(seconds{1})), older->id);
  EXPECT_THAT(grantor_.closed(asked), ElementsAre(lease->id));
}

TEST_F(GrantorTest, AfterARestartEveryLeaseCountsAsJustRenewed) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  Grantor restarted(queue_, times_);
  review(restarted, at(seconds{60}));
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
  EXPECT_THAT(restarted.renew("a/1", std::array{lease->id}, at(seconds{61}).tick),
              ElementsAre(lease->id));
  review(restarted, at(seconds{61} + life_and_guard_ + milliseconds{1}));
  EXPECT_EQ(state(lease->id), LeaseState::kFenced);
}

TEST_F(GrantorTest, ARequestInVainRecallsIdleLeasesOfOthers) {
  ASSERT_TRUE(store_.grant(kSale, 100, kStart));
  EXPECT_FALSE(ask("a/1", 1, at(seconds{0})));
  EXPECT_THAT(grantor_.recalled("b/1", at(seconds{1}).tick), ElementsAre(kSale));
  EXPECT_THAT(grantor_.recalled("a/1", at(seconds{1}).tick), IsEmpty()) << "not from itself";
  EXPECT_THAT(grantor_.recalled("b/1", at(seconds{3}).tick), IsEmpty()) << "it asks no more";
}

RC_GTEST_PROP(LeaseSize, NeverMoreThanIsLeftAndTheLastAreOneUnit, ()) {
  const auto unleased = *rc::gen::inRange<std::int64_t>(1, 2'000'000'000);
  const auto validators = *rc::gen::inRange<std::int64_t>(0, 100);
  const LeaseTimes times;
  const auto size = lease_size(unleased, validators, times);
  RC_ASSERT(size >= 1);
  RC_ASSERT(size <= times.most_units);
  RC_ASSERT(size <= unleased);
  if (unleased <= times.part * validators) RC_ASSERT(size == 1);
}

}  // namespace
}  // namespace stampede::services::leasing

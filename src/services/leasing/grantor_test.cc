#include "services/leasing/grantor.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include "queue/local/local_queue.h"
#include "repositories/memory/memory_ledger.h"

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
  GrantorTest() {
    ledger_.add_sale({.id = kSale, .quantity = 100, .starts_at = kStart});
    ledger_.replace(0, {}, kStart);
  }

  std::optional<StockLease> ask(const std::string& holder, std::int64_t number, Now now) {
    const auto unleased = ledger_.state().sales.at(kSale).unleased;
    return grantor_
        .grant({.holder = holder, .number = number, .sale = kSale, .ring_epoch = 1}, unleased, 2,
               now)
        .lease;
  }
  std::vector<LeaseId> markers() {
    std::vector<LeaseId> leases;
    std::vector<queue::Message> batch;
    if (queue_.depth() == 0 || !queue_.receive(batch, 100)) return leases;
    for (const auto& message : batch) leases.push_back(std::get<queue::CloseMarker>(message).lease);
    return leases;
  }
  LeaseState state(LeaseId lease) { return ledger_.state().leases.at(lease).state; }
  void close(LeaseId lease) {
    const auto transaction = ledger_.begin();
    transaction->close(lease);
    transaction->commit();
  }

  const Terms terms_;
  const milliseconds life_and_guard_ = terms_.life + terms_.guard;
  repositories::memory::MemoryLedger ledger_{4};
  queue::local::LocalQueue queue_{100};
  Grantor grantor_{ledger_, queue_, terms_};
};

TEST_F(GrantorTest, GrantsAPartOfWhatIsLeft) {
  EXPECT_EQ(ask("a/1", 1, at(seconds{0}))->granted, 25);
  EXPECT_EQ(ask("b/1", 1, at(seconds{0}))->granted, 19);
  EXPECT_EQ(ledger_.state().sales.at(kSale).unleased, 56);
}

TEST_F(GrantorTest, TheSameRequestIsTheSameLease) {
  const auto first = ask("a/1", 1, at(seconds{0}));
  const auto again = ask("a/1", 1, at(seconds{1}));
  EXPECT_EQ(again->id, first->id);
  EXPECT_EQ(ledger_.state().leases.size(), 1);
  EXPECT_NE(ask("a/2", 1, at(seconds{1}))->id, first->id) << "another process, another request";
}

TEST_F(GrantorTest, NothingIsGrantedForAnotherRing) {
  ledger_.replace(1, {}, kStart);  // by another quantity control
  EXPECT_FALSE(ask("a/1", 1, at(seconds{0})));
  EXPECT_EQ(ledger_.state().sales.at(kSale).unleased, 100);
}

TEST_F(GrantorTest, ALeaseThatIsNotOpenAnyMoreIsNotGrantedAgain) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  close(lease->id);
  EXPECT_FALSE(ask("a/1", 1, at(seconds{1})));
}

TEST_F(GrantorTest, ALeaseNotRenewedIsFencedThenMarked) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_EQ(grantor_.review(at(life_and_guard_)), lease->id);
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
  EXPECT_THAT(markers(), IsEmpty());
  grantor_.review(at(life_and_guard_ + milliseconds{1}));
  EXPECT_EQ(state(lease->id), LeaseState::kFenced);
  EXPECT_THAT(markers(), ElementsAre(lease->id));
}

TEST_F(GrantorTest, ARenewedLeaseLivesOn) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_THAT(grantor_.renew("a/1", std::array{lease->id}, at(seconds{6}).tick),
              ElementsAre(lease->id));
  grantor_.review(at(seconds{13}));
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
  grantor_.review(at(milliseconds{13'001}));
  EXPECT_EQ(state(lease->id), LeaseState::kFenced);
}

TEST_F(GrantorTest, NobodyRenewsAnothersLeaseOrAFencedOne) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  EXPECT_THAT(grantor_.renew("a/2", std::array{lease->id}, at(seconds{1}).tick), IsEmpty());
  EXPECT_THAT(grantor_.renew("a/1", std::array{LeaseId{77}}, at(seconds{1}).tick), IsEmpty());
  grantor_.review(at(seconds{8}));
  EXPECT_THAT(grantor_.renew("a/1", std::array{lease->id}, at(seconds{8}).tick), IsEmpty());
}

TEST_F(GrantorTest, AMarkerThatNobodyProcessedIsSentAgain) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  grantor_.review(at(seconds{8}));
  grantor_.review(at(seconds{9}));
  EXPECT_THAT(markers(), ElementsAre(lease->id)) << "not every time";
  grantor_.review(at(seconds{13}));
  EXPECT_THAT(markers(), ElementsAre(lease->id));
  close(lease->id);
  EXPECT_EQ(grantor_.review(at(seconds{30})), LeaseId{lease->id.value + 1}) << "not the next one";
  EXPECT_THAT(markers(), IsEmpty());
}

TEST_F(GrantorTest, AfterARestartEveryLeaseCountsAsJustRenewed) {
  const auto lease = ask("a/1", 1, at(seconds{0}));
  Grantor restarted(ledger_, queue_, terms_);
  restarted.review(at(seconds{60}));
  EXPECT_EQ(state(lease->id), LeaseState::kOpen);
  EXPECT_THAT(restarted.renew("a/1", std::array{lease->id}, at(seconds{61}).tick),
              ElementsAre(lease->id));
  restarted.review(at(seconds{61} + life_and_guard_ + milliseconds{1}));
  EXPECT_EQ(state(lease->id), LeaseState::kFenced);
}

TEST_F(GrantorTest, WhoAskedInVainHasIdleLeasesOfOthersRecalled) {
  ASSERT_TRUE(ledger_.grant(kSale, 100, kStart));
  EXPECT_FALSE(ask("a/1", 1, at(seconds{0})));
  EXPECT_THAT(grantor_.recalled("b/1", at(seconds{1}).tick), ElementsAre(kSale));
  EXPECT_THAT(grantor_.recalled("a/1", at(seconds{1}).tick), IsEmpty()) << "not from itself";
  EXPECT_THAT(grantor_.recalled("b/1", at(seconds{3}).tick), IsEmpty()) << "it asks no more";
}

RC_GTEST_PROP(LeaseSize, NeverMoreThanIsLeftAndTheLastAreOneUnit, ()) {
  const auto unleased = *rc::gen::inRange<std::int64_t>(1, 2'000'000'000);
  const auto validators = *rc::gen::inRange<std::int64_t>(0, 100);
  const Terms terms;
  const auto size = lease_size(unleased, validators, terms);
  RC_ASSERT(size >= 1);
  RC_ASSERT(size <= terms.most_units);
  RC_ASSERT(size <= unleased);
  if (unleased <= terms.part * validators) RC_ASSERT(size == 1);
}

}  // namespace
}  // namespace stampede::services::leasing

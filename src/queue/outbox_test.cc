#include "queue/outbox.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <rapidcheck.h>

#include <map>
#include <memory>

namespace stampede::queue {
namespace {

using std::chrono::milliseconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr LeaseId kLease{4};  // of shard 0

Tick at(std::int64_t ms) { return Tick{} + std::chrono::hours{1} + milliseconds{ms}; }

Purchase purchase(std::int64_t buyer, LeaseId lease = kLease) {
  return {.sale = SaleId{1},
          .buyer = UserId{buyer},
          .intent = *IdempotencyKey::parse("0123456789abcdef"),
          .lease = lease,
          .created_at = {}};
}

/// Buyers of purchases; a marker is 0 minus its lease.
std::vector<std::int64_t> numbers_of(std::span<const Message> messages) {
  std::vector<std::int64_t> numbers;
  for (const Message& message : messages) {
    const auto* marker = std::get_if<CloseMarker>(&message);
    numbers.push_back(marker ? -marker->lease.value : std::get<Purchase>(message).buyer.value);
  }
  return numbers;
}

std::vector<std::int64_t> buyers_of(std::span<const Purchase> purchases) {
  std::vector<std::int64_t> buyers;
  for (const Purchase& purchase : purchases) buyers.push_back(purchase.buyer.value);
  return buyers;
}

class OutboxTest : public testing::Test {
 protected:
  OutboxTest() { outbox_.connected(1); }

  /// What the next batch holds; empty if there is none.
  std::vector<std::int64_t> next(Tick now = at(0)) {
    const auto outgoing = outbox_.next(now);
    return outgoing ? numbers_of(outgoing->messages) : std::vector<std::int64_t>{};
  }
  void accept(std::int64_t buyer, Tick now = at(0)) {
    ASSERT_TRUE(outbox_.accept(purchase(buyer), now)) << buyer;
  }
  /// Accepts a purchase and sends it alone.
  void send(std::int64_t buyer) {
    accept(buyer);
    ASSERT_THAT(next(), ElementsAre(buyer));
  }

  Outbox outbox_{Outbox::Options{}};
};

TEST_F(OutboxTest, AnUnusableShardRefusesAndLeavesTheOthersAlone) {
  const LeaseId other{5};
  send(1);    // on its way
  accept(2);  // waits
  outbox_.set_usable(0, false);
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(2));
  EXPECT_FALSE(outbox_.accept(purchase(3), at(0)));
  EXPECT_TRUE(outbox_.accept(purchase(4, other), at(0)));
  EXPECT_THAT(next(), ElementsAre(4));

  // What was sent is unknown; it is sent again once that is possible, and the marker behind it.
  outbox_.accept(CloseMarker{kLease}, at(0));
  outbox_.connection_lost(1);
  outbox_.connected(2);
  EXPECT_THAT(next(at(10)), ElementsAre(4));
  EXPECT_THAT(next(at(10)), IsEmpty());
  EXPECT_EQ(outbox_.next_try(), std::nullopt) << "nobody need wake up for it";
  outbox_.set_usable(0, true);
  EXPECT_THAT(next(at(10)), ElementsAre(1));
  outbox_.acked(2, 2, false, at(11));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1));
  EXPECT_THAT(next(at(11)), ElementsAre(-kLease.value));
}

TEST_F(OutboxTest, OneBatchCarriesEverythingThatWaited) {
  for (int buyer = 1; buyer <= 3; ++buyer) accept(buyer);
  EXPECT_THAT(next(), ElementsAre(1, 2, 3));
  EXPECT_THAT(next(), IsEmpty());
  outbox_.acked(1, 1, false, at(2));
  const auto resolved = outbox_.take_resolved();
  EXPECT_THAT(buyers_of(resolved.queued), ElementsAre(1, 2, 3));
  EXPECT_THAT(resolved.confirm_times, ElementsAre(milliseconds{2}));
  EXPECT_EQ(outbox_.unresolved(), 0);
  EXPECT_TRUE(outbox_.take_resolved().empty()) << "each is told once";
}

TEST_F(OutboxTest, ABatchHoldsAtMostAHundred) {
  for (int buyer = 1; buyer <= 150; ++buyer) accept(buyer);
  EXPECT_EQ(next().size(), 100);
  const auto rest = next();
  ASSERT_EQ(rest.size(), 50);
  EXPECT_EQ(rest.front(), 101);
}

TEST_F(OutboxTest, WhatWaitsGathersWhileTwoBatchesAreUnconfirmed) {
  send(1);
  send(2);
  accept(3);
  accept(4);
  EXPECT_THAT(next(), IsEmpty());
  outbox_.acked(1, 1, false, at(1));
  EXPECT_THAT(next(), ElementsAre(3, 4));
}

TEST_F(OutboxTest, TheWindowBoundsWhatIsUnconfirmed) {
  for (int buyer = 1; buyer <= 2'000; ++buyer) accept(buyer);
  for (int batch = 0; batch < 16; ++batch) EXPECT_EQ(next().size(), 100);
  EXPECT_THAT(next(), IsEmpty());
  outbox_.acked(1, 3, true, at(1));
  for (int batch = 0; batch < 3; ++batch) EXPECT_EQ(next().size(), 100);
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(OutboxTest, LeasesGoToTheirShardsAndShardsTakeTurns) {
  for (std::int64_t lease = 4; lease <= 7; ++lease) {
    for (int i = 0; i < 150; ++i) ASSERT_TRUE(outbox_.accept(purchase(lease, {lease}), at(0)));
  }
  std::vector<std::int32_t> shards;
  while (const auto outgoing = outbox_.next(at(0))) {
    shards.push_back(outgoing->shard);
    for (const auto buyer : numbers_of(outgoing->messages)) EXPECT_EQ(buyer % 4, outgoing->shard);
  }
  EXPECT_THAT(shards, ElementsAre(0, 1, 2, 3, 0, 1, 2, 3));
}

TEST_F(OutboxTest, RefusesWhenNothingWouldBeSent) {
  outbox_.set_blocked(true);
  EXPECT_FALSE(outbox_.accept(purchase(1), at(0)));
  outbox_.set_blocked(false);
  EXPECT_TRUE(outbox_.accept(purchase(1), at(0)));
  outbox_.connection_lost(1);
  EXPECT_FALSE(outbox_.accept(purchase(2), at(0)));
}

TEST_F(OutboxTest, RefusesBeyondItsCapacity) {
  Outbox small({.capacity = 2});
  EXPECT_FALSE(small.accept(purchase(1), at(0))) << "before the first connection";
  small.connected(1);
  EXPECT_TRUE(small.accept(purchase(1), at(0)));
  EXPECT_TRUE(small.accept(purchase(2), at(0)));
  EXPECT_FALSE(small.accept(purchase(3), at(0)));
  (void)small.next(at(0));
  EXPECT_FALSE(small.accept(purchase(3), at(0))) << "sent is not resolved";
  small.acked(1, 1, false, at(0));
  EXPECT_TRUE(small.accept(purchase(3), at(0)));
}

TEST_F(OutboxTest, RefusesWhileItsShardDoesNotMove) {
  send(1);
  EXPECT_TRUE(outbox_.accept(purchase(2), at(1'000)));
  EXPECT_FALSE(outbox_.accept(purchase(3), at(1'001)));
  EXPECT_TRUE(outbox_.accept(purchase(4, LeaseId{5}), at(1'001))) << "another shard";
  outbox_.acked(1, 1, false, at(1'001));
  EXPECT_TRUE(outbox_.accept(purchase(3), at(1'001)));
}

TEST_F(OutboxTest, ALostConnectionMakesSentUnknownAndUnsentRefused) {
  send(1);
  send(2);
  accept(3);
  outbox_.connection_lost(1);
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(3));
  EXPECT_THAT(next(), IsEmpty());
  outbox_.connected(2);
  EXPECT_FALSE(outbox_.accept(purchase(4), at(0))) << "those before it go first";
  EXPECT_THAT(next(), ElementsAre(1)) << "the same batches, in the same order";
  EXPECT_THAT(next(), ElementsAre(2));
  EXPECT_TRUE(outbox_.accept(purchase(4), at(0)));
  outbox_.acked(2, 2, true, at(0));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1, 2));
}

TEST_F(OutboxTest, WordsOfAnotherGenerationAreIgnored) {
  send(1);
  outbox_.connection_lost(1);
  outbox_.acked(1, 1, true, at(0));
  outbox_.connected(2);
  EXPECT_THAT(next(), ElementsAre(1));
  outbox_.acked(1, 1, false, at(0));
  outbox_.nacked(1, 1, false, at(0));
  outbox_.returned(1, 1);
  outbox_.connection_lost(1);
  EXPECT_TRUE(outbox_.take_resolved().empty());
  outbox_.acked(2, 1, false, at(0));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1));
}

TEST_F(OutboxTest, WordsOnTagsThatAreNotOpenAreIgnored) {
  send(1);
  outbox_.acked(1, 7, false, at(0));
  outbox_.nacked(1, 7, false, at(0));
  outbox_.returned(1, 7);
  EXPECT_TRUE(outbox_.take_resolved().empty());
  outbox_.acked(1, 7, true, at(0));  // all up to 7
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1));
  outbox_.acked(1, 7, true, at(0));
  outbox_.acked(1, 1, false, at(0));
  EXPECT_TRUE(outbox_.take_resolved().empty());
}

TEST_F(OutboxTest, AFirstTryThatIsReturnedIsRefused) {
  send(1);
  outbox_.returned(1, 1);
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(1));
  outbox_.returned(1, 1);
  outbox_.acked(1, 1, false, at(0));  // the broker does that, too
  EXPECT_TRUE(outbox_.take_resolved().empty());
  EXPECT_EQ(outbox_.unresolved(), 0);
  EXPECT_THAT(next(at(10'000)), IsEmpty());
}

TEST_F(OutboxTest, AReturnedFirstTryIsRefusedEvenIfItsConnectionIsLost) {
  send(1);
  outbox_.returned(1, 1);
  outbox_.connection_lost(1);
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(1));
  outbox_.connected(2);
  EXPECT_THAT(next(), IsEmpty());
}

TEST_F(OutboxTest, AReturnAfterAnUnknownTryDecidesNothing) {
  send(1);
  outbox_.connection_lost(1);  // the first try may be in a queue
  outbox_.connected(2);
  EXPECT_THAT(next(), ElementsAre(1));
  outbox_.returned(2, 1);
  outbox_.acked(2, 1, false, at(0));
  EXPECT_TRUE(outbox_.take_resolved().empty()) << "neither queued nor refused";
  EXPECT_THAT(next(at(49)), IsEmpty());
  EXPECT_EQ(outbox_.next_try(), at(50));
  EXPECT_THAT(next(at(50)), ElementsAre(1));
  outbox_.acked(2, 2, false, at(50));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1));
}

TEST_F(OutboxTest, ANackIsRepeatedLaterAndLaterAndNothingNewIsTaken) {
  send(1);
  accept(2);
  outbox_.nacked(1, 1, false, at(0));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(2)) << "it was never sent";
  EXPECT_FALSE(outbox_.accept(purchase(3), at(0)));
  EXPECT_TRUE(outbox_.accept(purchase(4, LeaseId{5}), at(0))) << "another shard is not full";
  EXPECT_THAT(next(at(0)), ElementsAre(4));
  std::int64_t now = 0;
  DeliveryTag tag = 2;
  for (const int pause : {50, 100, 200, 400, 800, 1'000, 1'000}) {
    now += pause;
    EXPECT_THAT(next(at(now - 1)), IsEmpty());
    EXPECT_THAT(next(at(now)), ElementsAre(1));
    EXPECT_FALSE(outbox_.accept(purchase(3), at(now)));
    outbox_.nacked(1, ++tag, false, at(now));
  }
  EXPECT_TRUE(outbox_.take_resolved().empty()) << "a nack does not say that it is nowhere";
  EXPECT_THAT(next(at(now + 1'000)), ElementsAre(1));
  outbox_.acked(1, ++tag, false, at(now + 1'000));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1));
  EXPECT_TRUE(outbox_.accept(purchase(3), at(now + 1'000)));
}

TEST_F(OutboxTest, ManyNacksOfOneRoundArePausedForOnce) {
  send(1);
  send(2);
  outbox_.nacked(1, 2, true, at(0));
  EXPECT_EQ(outbox_.next_try(), at(50));
  EXPECT_THAT(next(at(50)), ElementsAre(1));
  EXPECT_THAT(next(at(50)), ElementsAre(2));
}

TEST_F(OutboxTest, AReturnAfterANackDecidesNothing) {
  send(1);
  outbox_.nacked(1, 1, false, at(0));
  EXPECT_THAT(next(at(50)), ElementsAre(1));
  outbox_.returned(1, 2);
  EXPECT_TRUE(outbox_.take_resolved().empty());
  EXPECT_EQ(outbox_.unresolved(), 1);
}

TEST_F(OutboxTest, BlockedRefusesWhatWasNotSentAndKeepsWhatWas) {
  send(1);
  accept(2);
  outbox_.set_blocked(true);
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(2));
  outbox_.acked(1, 1, false, at(9));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().queued), ElementsAre(1));
}

TEST_F(OutboxTest, AMarkerComesAfterThePurchasesOfItsLeaseAreResolved) {
  send(1);
  outbox_.accept(CloseMarker{kLease}, at(0));
  outbox_.accept(CloseMarker{LeaseId{8}}, at(0));  // same shard, nothing open
  EXPECT_THAT(next(), ElementsAre(-8));
  EXPECT_THAT(next(), IsEmpty());
  outbox_.acked(1, 1, false, at(0));
  EXPECT_THAT(next(), ElementsAre(-4));
  EXPECT_EQ(outbox_.unresolved(), 2);
  outbox_.acked(1, 3, true, at(0));
  EXPECT_EQ(outbox_.unresolved(), 0);
}

TEST_F(OutboxTest, AMarkerWaitsForAnUnknownPurchaseThroughReconnectsAndNacks) {
  send(1);
  outbox_.accept(CloseMarker{kLease}, at(0));
  outbox_.accept(CloseMarker{kLease}, at(0));  // once is enough
  outbox_.connection_lost(1);
  outbox_.connected(2);
  EXPECT_THAT(next(), ElementsAre(1));
  EXPECT_THAT(next(), IsEmpty());
  outbox_.nacked(2, 1, false, at(0));
  EXPECT_THAT(next(at(50)), ElementsAre(1));
  EXPECT_THAT(next(at(50)), IsEmpty());
  outbox_.acked(2, 2, false, at(50));
  EXPECT_THAT(next(at(50)), ElementsAre(-4));
}

TEST_F(OutboxTest, AMarkerIsAcceptedAtAnyTimeAndNeverGivenUp) {
  outbox_.connection_lost(1);
  outbox_.accept(CloseMarker{kLease}, at(0));
  outbox_.connected(2);
  EXPECT_THAT(next(), ElementsAre(-4));
  outbox_.returned(2, 1);
  outbox_.acked(2, 1, false, at(0));
  EXPECT_THAT(next(at(50)), ElementsAre(-4));
  outbox_.nacked(2, 2, false, at(50));
  outbox_.connection_lost(2);
  outbox_.connected(3);
  EXPECT_THAT(next(at(51)), ElementsAre(-4)) << "a new connection is worth a try";
  outbox_.acked(3, 1, false, at(51));
  EXPECT_EQ(outbox_.unresolved(), 0);
}

TEST_F(OutboxTest, AReturnedBatchKeepsItsMarkersAlone) {
  accept(1);
  outbox_.accept(CloseMarker{LeaseId{8}}, at(0));
  EXPECT_THAT(next(), ElementsAre(1, -8));
  outbox_.returned(1, 1);
  outbox_.acked(1, 1, false, at(0));
  EXPECT_THAT(buyers_of(outbox_.take_resolved().refused), ElementsAre(1));
  EXPECT_THAT(next(at(50)), ElementsAre(-8));
}

TEST_F(OutboxTest, NamesTheLeasesThatAreStuck) {
  ASSERT_TRUE(outbox_.accept(purchase(1, LeaseId{5}), at(0)));
  EXPECT_THAT(next(), ElementsAre(1));
  ASSERT_TRUE(outbox_.accept(purchase(2, LeaseId{8}), at(10)));
  ASSERT_TRUE(outbox_.accept(purchase(3, kLease), at(20)));
  EXPECT_THAT(outbox_.stuck_leases(at(0)), IsEmpty());
  EXPECT_THAT(outbox_.stuck_leases(at(1)), ElementsAre(LeaseId{5}));
  EXPECT_THAT(outbox_.stuck_leases(at(21)), ElementsAre(kLease, LeaseId{5}, LeaseId{8}));
  outbox_.connection_lost(1);
  EXPECT_THAT(outbox_.stuck_leases(at(21)), ElementsAre(LeaseId{5})) << "the others were refused";
}

TEST_F(OutboxTest, AConnectionIsOverdueOnceAConfirmIsMissingForLong) {
  EXPECT_FALSE(outbox_.overdue(at(20'000), kConfirmTimeout)) << "nothing was sent";
  send(1);
  EXPECT_FALSE(outbox_.overdue(at(9'999), kConfirmTimeout));
  EXPECT_TRUE(outbox_.overdue(at(10'000), kConfirmTimeout));
  outbox_.set_blocked(true);
  EXPECT_FALSE(outbox_.overdue(at(10'000), kConfirmTimeout)) << "the broker has said why";
  outbox_.set_blocked(false);
  outbox_.acked(1, 1, false, at(10'000));
  EXPECT_FALSE(outbox_.overdue(at(20'000), kConfirmTimeout));
}

/// A broker that may lose, nack, return and confirm late; it remembers what reached a queue.
class RandomBroker {
 public:
  /// Publishes what the outbox has; some of it reaches a queue.
  void take(Outbox& outbox, Tick now) {
    while (const auto outgoing = outbox.next(now)) {
      const auto fate = *rc::gen::inRange(0, 6);
      for (const Message& message : outgoing->messages) {
        if (const auto* marker = std::get_if<CloseMarker>(&message)) {
          if (fate != 0 && fate != 1) marked.insert(marker->lease);
          continue;
        }
        const auto& bought = std::get<Purchase>(message);
        RC_ASSERT(!marked.contains(bought.lease));  // its marker came before it
        RC_ASSERT(!told_refused.contains(bought.buyer.value));
        if (fate != 0 && fate != 1) queued.insert(bought.buyer.value);
      }
      open_.push_back({outgoing->generation, outgoing->tag, fate});
    }
  }

  /// Says its word on some of what is open, in any order.
  void answer(Outbox& outbox, Tick now) {
    while (!open_.empty() && *rc::gen::inRange(0, 4) != 0) {
      const auto i = *rc::gen::inRange<std::size_t>(0, open_.size());
      const auto [generation, tag, fate] = open_[i];
      open_.erase(open_.begin() + static_cast<std::ptrdiff_t>(i));
      if (fate == 0) {
        outbox.returned(generation, tag);
        outbox.acked(generation, tag, false, now);
      } else if (fate == 1 || fate == 2) {  // 2: it is in a queue all the same
        outbox.nacked(generation, tag, false, now);
      } else {
        outbox.acked(generation, tag, false, now);
      }
      check(outbox);
    }
  }

  void check(Outbox& outbox) {
    const auto resolved = outbox.take_resolved();
    for (const Purchase& one : resolved.queued) {
      RC_ASSERT(queued.contains(one.buyer.value));
      RC_ASSERT(told_queued.insert(one.buyer.value).second);
    }
    for (const Purchase& one : resolved.refused) {
      RC_ASSERT(!queued.contains(one.buyer.value));
      RC_ASSERT(told_refused.insert(one.buyer.value).second);
    }
  }

  std::set<std::int64_t> queued, told_queued, told_refused;
  std::set<LeaseId> marked;

 private:
  struct Open {
    Generation generation;
    DeliveryTag tag;
    int fate;
  };
  std::vector<Open> open_;
};

TEST(OutboxProperty, WhateverTheBrokerDoesWhatIsToldIsTrueAndEverythingIsToldOnce) {
  EXPECT_TRUE(rc::check([] {
    Outbox outbox({.batch = 3, .window = 3});
    RandomBroker broker;
    std::set<std::int64_t> accepted;
    std::set<LeaseId> closed;
    Generation generation = 1;
    Tick now = at(0);
    outbox.connected(generation);
    const int steps = *rc::gen::inRange(10, 200);
    for (int step = 1; step <= steps; ++step) {
      now += milliseconds{*rc::gen::inRange(0, 60)};
      const LeaseId lease{*rc::gen::inRange<std::int64_t>(1, 7)};
      const auto dice = *rc::gen::inRange(0, 20);
      if (dice == 0) {
        outbox.connection_lost(generation);
        broker.check(outbox);
        if (*rc::gen::inRange(0, 2) == 0) broker.take(outbox, now);
        outbox.connected(++generation);
      } else if (dice == 1) {
        outbox.set_blocked(true);
        broker.check(outbox);
        outbox.set_blocked(false);
      } else if (dice == 2 && closed.insert(lease).second) {
        outbox.accept(CloseMarker{lease}, now);
      } else if (dice < 14) {
        if (!closed.contains(lease) && outbox.accept(purchase(step, lease), now)) {
          accepted.insert(step);
        }
      } else {
        broker.take(outbox, now);
        broker.answer(outbox, now);
      }
    }
    // Once the faults end, everything is resolved.
    outbox.connection_lost(generation);
    broker.check(outbox);
    outbox.connected(++generation);
    for (int i = 0; i < 1'000 && outbox.unresolved() > 0; ++i) {
      now += milliseconds{100};
      while (const auto outgoing = outbox.next(now)) {
        for (const Message& message : outgoing->messages) {
          if (const auto* one = std::get_if<Purchase>(&message)) {
            RC_ASSERT(!broker.marked.contains(one->lease));
            broker.queued.insert(one->buyer.value);
          } else {
            broker.marked.insert(std::get<CloseMarker>(message).lease);
          }
        }
        outbox.acked(generation, outgoing->tag, false, now);
      }
      broker.check(outbox);
    }
    RC_ASSERT(outbox.unresolved() == 0U);
    RC_ASSERT(broker.told_queued.size() + broker.told_refused.size() == accepted.size());
    RC_ASSERT(broker.marked == closed);
  }));
}

}  // namespace
}  // namespace stampede::queue

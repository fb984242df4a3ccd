// Rings that come late, twice or not at all.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "model/ring_nonce.h"
#include "services/validator/test_validator.h"

namespace stampede::services::validator {
namespace {

TEST_F(ValidatorTest, AValidatorThatMissedARingKnowsNothingForSure) {
  auto next = first_reply({"a"});
  next.oldest_open = LeaseId{5};
  apply(next);
  next.ring_epoch = 2;
  next.stock = {{.sale = {.id = kSale}}};
  next.newest_lease = LeaseId{9};
  apply(next);
  EXPECT_EQ(verdict(), Verdict::kSoldOut) << "it owned everybody in ring 1 and does in ring 2";
  next.ring_epoch = 4;
  apply(next);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "in ring 3 it may have owned nobody";
}

TEST_F(ValidatorTest, WithoutAHeartbeatNoIsNotSaidForLong) {
  apply(first_reply({"a"}));
  const ProductId unknown{99};
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return validator_.attempt({kBuyer, unknown, key, {}, at(since)}, {})->verdict;
  };
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnknownProduct);
  EXPECT_EQ(no(seconds{2}), Verdict::kUnavailable) << "the ring may be another by now";
  apply(reply(1, {"a"}), at(seconds{2}));
  EXPECT_EQ(no(seconds{2}), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, BuyersOfAnOwnerThatLivesAreGainedLater) {
  const auto keyed = reply(1, {});
  const routing::Ring ring(1, *routing::parse_hash_key(keyed.hash_key),
                           first_reply({"a", "b"}).members);
  UserId mine{1};
  while (ring.owner(mine)->node != "a") ++mine.value;
  apply(first_reply({"a", "b"}));
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return validator_.attempt({mine, ProductId{99}, key, {}, at(since)}, {})->verdict;
  };
  apply(reply(1, {"a", "b"}), at(milliseconds{1'000}));
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnavailable);
  apply(reply(1, {"a", "b"}), at(milliseconds{2'000}));
  EXPECT_EQ(no(milliseconds{2'000}), Verdict::kUnknownProduct);
}

/// Another may decide by the ring before until 2 s after this one took its own: a reply that was
/// under way for long makes that no shorter.
TEST_F(ValidatorTest, BuyersAreGainedTwoSecondsAfterTheRingWasTaken) {
  auto ring = first_reply({"a", "b"});
  const routing::Ring of_both(1, *routing::parse_hash_key(ring.hash_key), ring.members);
  UserId mine{1};
  while (of_both.owner(mine)->node != "a") ++mine.value;
  apply_late(ring);
  const auto no_after = [&](milliseconds since) {
    apply(reply(1, {"a", "b"}), at(since));
    return no(at(since), mine);
  };
  EXPECT_EQ(no_after(milliseconds{3'499}), Verdict::kUnavailable);
  EXPECT_EQ(no_after(milliseconds{3'500}), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, AValidatorThatLeavesSaysNoToNobody) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = {.id = kSale}}};
  apply(first);
  ASSERT_EQ(verdict(), Verdict::kSoldOut);
  validator_.leave();
  EXPECT_EQ(verdict(), Verdict::kUnavailable);
  apply(first);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "a reply does not change that";
}

TEST_F(ValidatorTest, AnOlderRingIsNotGoneBackTo) {
  auto newer = first_reply({"a"});
  newer.ring_epoch = 6;
  apply(newer);
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto older = reply(5, {"a", "b"});
  older.renewed = {LeaseId{1}};
  EXPECT_THAT(disbelief(older), testing::HasSubstr("its ring is older"));
  EXPECT_EQ(validator_.routes().ring()->epoch(), 6);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_epoch, 6);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "another may decide by the older ring";
  apply(reply(6, {"a"}));
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, TheSameEpochWithAnotherNonceIsAMissedRing) {
  auto first = first_reply({"a"});
  first.ring_nonce = "one";
  first.oldest_open = LeaseId{9};
  apply(first);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_nonce, "one");
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto other = reply(1, {"a"});
  other.ring_nonce = "two";
  other.newest_lease = LeaseId{9};
  other.oldest_open = LeaseId{9};
  apply(other);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_nonce, "two");
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable)
      << "another validator may have decided in the other ring";
  other.oldest_open = LeaseId{10};
  apply(other);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

/// The database lost a ring, and gave its epoch again to one of which this validator did not hear.
TEST_F(ValidatorTest, ARingThatReplacedAnotherOfTheSameEpochIsAMissedRing) {
  const std::string first = ring_nonce(std::string(32, '1'), "");
  const std::string given_again = ring_nonce(std::string(32, '2'), "");
  auto known = first_reply({"a"});
  known.ring_nonce = first;
  known.oldest_open = LeaseId{9};
  apply(known);
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto next = reply(2, {"a"});
  next.newest_lease = LeaseId{9};
  next.oldest_open = LeaseId{9};
  next.ring_nonce = ring_nonce(std::string(32, '3'), first);
  apply(next);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct) << "it owned everybody in ring 1, too";
  next.ring_epoch = 3;
  next.ring_nonce = ring_nonce(std::string(32, '4'), given_again);
  apply(next);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable)
      << "another validator may have decided in the ring that was replaced";
}

/// In between, a quantity control of an earlier release led, and told none.
TEST_F(ValidatorTest, ANonceIsNotForgotten) {
  auto told = first_reply({"a"});
  told.ring_nonce = "one";
  apply(told);
  told.ring_nonce.clear();
  apply(told);
  EXPECT_EQ(validator_.compose(at(seconds{0})).ring_nonce, "one");
  told.ring_nonce = "two";
  told.newest_lease = told.oldest_open;
  apply(told);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "it is another ring";
}

TEST_F(ValidatorTest, TheSameEpochWithOtherMembersIsAMissedRing) {
  apply(first_reply({"a"}));
  auto other = reply(1, {"a", "b"});
  apply(other);
  EXPECT_EQ(validator_.routes().ring()->members().size(), 2);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable);
}

TEST_F(ValidatorTest, ALeaderBeforeTheLastIsNotBelieved) {
  auto first = first_reply({"a"});
  first.leader_epoch = 3;
  apply(first);
  grant(1, 9);
  auto old = reply(2, {"a"});
  old.leader_epoch = 2;
  old.renewed = {LeaseId{1}};
  EXPECT_THAT(disbelief(old, at(seconds{4})), testing::HasSubstr("leads no more"));
  old.leader_epoch = 0;
  EXPECT_THAT(disbelief(old, at(seconds{4})), testing::HasSubstr("leads no more"));
  EXPECT_EQ(validator_.routes().ring()->epoch(), 1);
  validator_.review(at(seconds{5}));
  EXPECT_EQ(units(), 0) << "it renewed nothing";
  old.leader_epoch = 4;
  apply(old, at(seconds{5}));
  EXPECT_EQ(validator_.routes().ring()->epoch(), 2);
}

TEST_F(ValidatorTest, TheRingIsDrawnWithQuantityControlsVirtualNodes) {
  auto first = first_reply({"a", "b"});
  first.virtual_nodes = 1;
  apply(first);
  const routing::Ring expected(1, *routing::parse_hash_key(first.hash_key), first.members, 1);
  for (UserId buyer{1}; buyer.value <= 1'000; ++buyer.value)
    EXPECT_EQ(validator_.routes().ring()->owner_index(buyer), expected.owner_index(buyer));
}

// Orders.

TEST_F(ValidatorTest, ARingWithoutAProperKeyIsRefused) {
  auto odd = first_reply({"a"});
  odd.hash_key = "0011";
  EXPECT_THROW(apply(odd), std::invalid_argument);
}

}  // namespace
}  // namespace stampede::services::validator

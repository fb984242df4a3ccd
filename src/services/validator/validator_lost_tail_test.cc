// A database that failed over and lost its last transactions.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "services/leasing/order_news.h"
#include "services/validator/test_validator.h"

namespace stampede::services::validator {
namespace {

using testing::ElementsAre;
using testing::IsEmpty;

TEST_F(ValidatorTest, ADatabaseThatLostItsTailIsLearntAgain) {
  auto first = first_reply({"a"});
  first.newest_lease = LeaseId{3};
  first.sessions_revision = 7;
  const auto lost = *IdempotencyKey::parse("the-order-that-is-lost");
  const auto kept = *IdempotencyKey::parse("the-order-that-is-kept");
  first.orders = {order(1, kept, UserId{1}), order(2, lost, UserId{2})};
  apply(first);
  const auto ask = [&](UserId buyer, const IdempotencyKey& key) {
    const auto answer = validator_.attempt({buyer, kProduct, key, {}, at(seconds{20})}, [this] {
      return purchase::Waiter{&post_, [](Answer&&) {}};
    });
    return answer ? answer->verdict : Verdict::kPending;
  };
  grant(4, 9, at(seconds{20}));
  ASSERT_EQ(ask(UserId{2}, lost), Verdict::kSoldAlready);

  auto over = reply(1, {"a"});
  over.start_over = true;
  over.newest_lease = LeaseId{3};
  EXPECT_TRUE(apply(over, at(seconds{20}))) << "asks again at once";
  EXPECT_EQ(units(), 0) << "another may be granted the same lease";
  const auto next = validator_.compose(at(seconds{20}));
  EXPECT_THAT(next.cursors, IsEmpty());
  EXPECT_EQ(validator_.start_overs(), 1);
  EXPECT_EQ(next.catalog_revision, -1);
  EXPECT_EQ(next.blacklist_revision, -1);
  EXPECT_EQ(next.sessions_revision, -1);
  EXPECT_TRUE(validator_.loading());
  EXPECT_EQ(no(at(seconds{20})), Verdict::kUnavailable);
  EXPECT_EQ(ask(UserId{1}, kept), Verdict::kUnavailable);
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kUnavailable);

  auto again = reply(1, {"a"});
  again.orders = {order(1, kept, UserId{1})};
  again.more = true;
  apply(again, at(seconds{20}));
  EXPECT_EQ(ask(UserId{1}, kept), Verdict::kSoldAlready);
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kUnavailable) << "it may still come";
  again.orders.clear();
  again.more = false;
  apply(again, at(seconds{20}));
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kUnavailable) << "nothing to sell; a lease is wanted";
  grant(5, 9, at(seconds{20}));
  EXPECT_EQ(ask(UserId{2}, lost), Verdict::kPending) << "its yes becomes true again";
  EXPECT_EQ(no(at(seconds{20})), Verdict::kUnknownProduct);
}

TEST_F(ValidatorTest, AfterAStartOverItsOwnLeasesMustCloseBeforeANo) {
  apply(first_reply({"a"}));
  grant(1'500, 9);
  auto over = reply(1, {"a"});
  over.start_over = true;
  apply(over);
  apply(reply(1, {"a"}));  // the oldest open lease is 1,000
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "its purchases may still become orders";
  auto closed = reply(1, {"a"});
  closed.oldest_open = LeaseId{1'501};
  apply(closed);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

/// The database has lost that it was closed, and no order that this validator knows.
TEST_F(ValidatorTest, ALeaseThatIsOpenAgainStartsOver) {
  auto first = first_reply({"a"});
  first.newest_lease = LeaseId{7};
  apply(first);
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
  auto nothing = reply(1, {"a"});
  nothing.oldest_open = leasing::kNoneClosed;
  EXPECT_FALSE(apply(nothing)) << "that part was left out of the reply";
  ASSERT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);

  auto again = reply(1, {"a"});
  again.oldest_open = LeaseId{6};
  EXPECT_TRUE(apply(again)) << "asks again at once";
  EXPECT_THAT(validator_.compose(at(seconds{0})).cursors, IsEmpty());
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable);
  EXPECT_FALSE(apply(again)) << "once";
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnavailable) << "its purchases may become orders";
  again.oldest_open = LeaseId{8};
  apply(again);
  EXPECT_EQ(no(at(seconds{0})), Verdict::kUnknownProduct);
}

/// The closing may be lost with the order by which the loss was noticed.
TEST_F(ValidatorTest, AfterAStartOverALeaseThatIsOpenIsNoNews) {
  apply(first_reply({"a"}));
  auto over = reply(1, {"a"});
  over.start_over = true;
  over.oldest_open = leasing::kNoneClosed;
  EXPECT_TRUE(apply(over));
  auto again = reply(1, {"a"});
  again.oldest_open = LeaseId{6};
  again.cursors = {1, 2, 3, 4};
  EXPECT_FALSE(apply(again));
  EXPECT_THAT(validator_.compose(at(seconds{0})).cursors, ElementsAre(1, 2, 3, 4));
}

TEST_F(ValidatorTest, TheNewestLeaseThatItHasHeardOfIsTold) {
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{});
  auto first = first_reply({"a"});
  first.newest_lease = LeaseId{3};
  first.orders = {order(1, *IdempotencyKey::parse("the-first-intent-of"))};
  first.orders[0].lease = LeaseId{4};
  apply(first);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{4}) << "of an order";
  grant(5, 9);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{5});
  auto next = reply(2, {"a"});
  next.newest_lease = LeaseId{6};
  apply(next);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{6}) << "of the ring";
  next.start_over = true;
  next.newest_lease = LeaseId{2};
  apply(next);
  EXPECT_EQ(validator_.compose(at(seconds{0})).newest_lease, LeaseId{6}) << "the database lost it";
}

}  // namespace
}  // namespace stampede::services::validator

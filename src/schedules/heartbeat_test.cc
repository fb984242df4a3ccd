#include "schedules/heartbeat.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "queue/local/local_queue.h"
#include "tests/support/test_ring.h"

namespace stampede::schedules {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::IsEmpty;

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};
constexpr UserId kBuyer{7};
constexpr Instant kStart{seconds{1'800'000'000}};

Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

class HeartbeatTest : public testing::Test {
 protected:
  static peers::HeartbeatReply reply(std::int64_t epoch, std::vector<std::string> nodes) {
    peers::HeartbeatReply reply{.ring_epoch = epoch,
                                .hash_key = "000102030405060708090a0b0c0d0e0f",
                                .oldest_open = LeaseId{1'000}};
    for (const auto& node : nodes) {
      reply.members.push_back({.node = node, .address = "", .incarnation = "1"});
    }
    return reply;
  }
  /// The same with the catalog.
  peers::HeartbeatReply first_reply(std::vector<std::string> nodes) {
    auto first = reply(1, std::move(nodes));
    first.sales = std::vector{sale_};
    first.catalog_revision = 4;
    first.blacklist = std::vector<BlacklistEntry>{};
    first.blacklist_revision = 5;
    first.cursors = {1, 2, 3, 4};
    return first;
  }
  bool apply(const peers::HeartbeatReply& reply, Now asked = at(seconds{0})) {
    return heartbeat_.apply(reply, asked, asked);
  }
  /// Of a reply to what was asked at 0 s, and that came 1.5 s later.
  void apply_late(const peers::HeartbeatReply& reply) {
    heartbeat_.apply(reply, at(seconds{0}), at(milliseconds{1'500}));
  }
  Verdict verdict(Now now = at(seconds{0})) {
    const auto answer = checkout_.attempt(
        {kBuyer, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, now}, [this] {
          return services::purchase::Waiter{&post_, [](Answer&&) {}};
        });
    return answer ? answer->verdict : Verdict::kPending;
  }

  const Sale sale_{
      .id = kSale, .product = kProduct, .quantity = 9, .starts_at = kStart, .captcha = false};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  services::admission::Blacklist blacklist_;
  services::accounts::Sessions sessions_{ring_.ring()};
  queue::local::LocalQueue queue_{100};
  services::purchase::Checkout checkout_{{.check_rate = 0}, {captcha_, queue_, blacklist_}};
  services::leasing::Holder holder_{{.holder = "a/1",
                                     .checkout = checkout_,
                                     .queue = queue_,
                                     .stuck = [](Tick) { return std::vector<LeaseId>{}; }},
                                    {}};
  std::vector<std::int64_t> rings_;
  Heartbeat heartbeat_{{.member = {.node = "a", .address = "", .incarnation = "1"},
                        .checkout = checkout_,
                        .holder = holder_,
                        .blacklist = blacklist_,
                        .sessions = sessions_,
                        .counters = {},
                        .ring_changed = [this](auto ring) { rings_.push_back(ring->epoch()); }}};
  const services::purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

TEST_F(HeartbeatTest, BeforeTheFirstReplyNothingIsDecided) {
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "not: unknown product";
  EXPECT_EQ(heartbeat_.compose(at(seconds{0})).ring_epoch, 0);
}

TEST_F(HeartbeatTest, AsksOnlyForWhatItDoesNotKnow) {
  apply(first_reply({"a"}));
  const auto next = heartbeat_.compose(at(seconds{1}));
  EXPECT_EQ(next.ring_epoch, 1);
  EXPECT_EQ(next.catalog_revision, 4);
  EXPECT_EQ(next.blacklist_revision, 5);
  EXPECT_THAT(next.cursors, ElementsAre(1, 2, 3, 4));
  EXPECT_THAT(rings_, ElementsAre(1));
  apply(reply(1, {"a"}));
  EXPECT_THAT(rings_, ElementsAre(1)) << "the same ring";
}

TEST_F(HeartbeatTest, SoldOutCountsFromBeforeItAsked) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = kSale, .unleased = 0, .leased_unsold = 0}};
  apply(first, at(seconds{0}));
  EXPECT_EQ(verdict(at(milliseconds{1'999})), Verdict::kSoldOut);
  EXPECT_EQ(verdict(at(seconds{2})), Verdict::kUnavailable);
  first.stock[0].leased_unsold = 1;
  apply(first, at(seconds{2}));
  EXPECT_EQ(verdict(at(seconds{2})), Verdict::kUnavailable);
}

TEST_F(HeartbeatTest, SoldOutOfALateReplyCountsFromBeforeItAsked) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = kSale, .unleased = 0, .leased_unsold = 0}};
  apply_late(first);
  const auto status = [&](milliseconds since) {
    return checkout_.board().view(kProduct, at(since))->status;
  };
  EXPECT_EQ(status(milliseconds{1'999}), SaleStatus::kSoldOut);
  EXPECT_EQ(status(milliseconds{2'000}), SaleStatus::kOn) << "not 2 s after the reply";
}

TEST_F(HeartbeatTest, ARenewalInALateReplyCountsFromBeforeItAsked) {
  apply(first_reply({"a"}));
  const LeaseId lease{3};
  ASSERT_TRUE(checkout_.add_lease(kSale, lease, 1, at(seconds{0}), at(seconds{1}).tick));
  auto renewal = reply(1, {"a"});
  renewal.renewed = {lease};
  apply_late(renewal);
  const auto held = checkout_.board().book()->find(kSale)->shelf->units.held();
  ASSERT_EQ(held.size(), 1);
  EXPECT_EQ(held[0].deadline, at(seconds{5}).tick) << "not 5 s after the reply";
}

TEST_F(HeartbeatTest, AfterALateReplyNoIsSaidUntilTwoSecondsAfterItAsked) {
  apply_late(first_reply({"a"}));
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return checkout_.attempt({kBuyer, ProductId{99}, key, {}, at(since)}, {})->verdict;
  };
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnknownProduct);
  EXPECT_EQ(no(milliseconds{2'000}), Verdict::kUnavailable) << "not 2 s after the reply";
}

TEST_F(HeartbeatTest, AGainIsSettledWhenLeasesBeforeItAreClosedAndTheirOrdersKnown) {
  auto joined = first_reply({"a"});
  joined.newest_lease = LeaseId{9};
  joined.oldest_open = LeaseId{9};
  joined.stock = {{.sale = kSale}};
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable);
  joined.oldest_open = LeaseId{10};
  joined.more = true;
  EXPECT_TRUE(apply(joined)) << "asks again at once";
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "orders are missing";
  joined.more = false;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kSoldOut);
}

TEST_F(HeartbeatTest, WhoMissedARingKnowsNothingForSure) {
  apply(first_reply({"a"}));
  auto next = reply(2, {"a"});
  next.stock = {{.sale = kSale}};
  next.newest_lease = LeaseId{9};
  next.oldest_open = LeaseId{5};
  apply(next);
  EXPECT_EQ(verdict(), Verdict::kSoldOut) << "it owned everybody in ring 1 and does in ring 2";
  next.ring_epoch = 4;
  apply(next);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "in ring 3 it may have owned nobody";
}

TEST_F(HeartbeatTest, WithoutAHeartbeatNoIsNotSaidForLong) {
  apply(first_reply({"a"}));
  const ProductId unknown{99};
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return checkout_.attempt({kBuyer, unknown, key, {}, at(since)}, {})->verdict;
  };
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnknownProduct);
  EXPECT_EQ(no(seconds{2}), Verdict::kUnavailable) << "the ring may be another by now";
  apply(reply(1, {"a"}), at(seconds{2}));
  EXPECT_EQ(no(seconds{2}), Verdict::kUnknownProduct);
}

TEST_F(HeartbeatTest, BuyersOfAnOwnerThatLivesAreGainedLater) {
  const auto keyed = reply(1, {});
  const services::routing::Ring ring(1, *services::routing::parse_hash_key(keyed.hash_key),
                                     first_reply({"a", "b"}).members);
  UserId mine{1};
  while (ring.owner(mine)->node != "a") ++mine.value;
  apply(first_reply({"a", "b"}));
  const auto no = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    return checkout_.attempt({mine, ProductId{99}, key, {}, at(since)}, {})->verdict;
  };
  apply(reply(1, {"a", "b"}), at(milliseconds{1'000}));
  EXPECT_EQ(no(milliseconds{1'999}), Verdict::kUnavailable);
  apply(reply(1, {"a", "b"}), at(milliseconds{2'000}));
  EXPECT_EQ(no(milliseconds{2'000}), Verdict::kUnknownProduct);
}

TEST_F(HeartbeatTest, AnEarlierSaleIsOpenUntilItsUnitsAreBackAndItsOrdersHaveArrived) {
  Sale earlier = sale_;
  earlier.id = SaleId{2};
  earlier.starts_at = kStart - seconds{60};
  earlier.ends_at = kStart;
  auto joined = first_reply({"a"});
  joined.sales = std::vector{earlier, sale_};
  joined.stock = {{.sale = earlier.id, .unleased = 0, .leased_unsold = 1}, {.sale = kSale}};
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "a lease is open";
  joined.stock[0] = {.sale = earlier.id, .unleased = 1};
  joined.more = true;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "orders are missing";
  joined.more = false;
  apply(joined);
  EXPECT_EQ(verdict(), Verdict::kSoldOut);
}

TEST_F(HeartbeatTest, WhoAskedAgainBeforeAHeartbeatWithAllOrdersIsToldPending) {
  apply(first_reply({"a"}));
  ASSERT_TRUE(checkout_.add_lease(kSale, LeaseId{1'001}, 5, at(seconds{0})));
  std::vector<Verdict> told;
  const auto ask = [&](milliseconds since) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    const auto wait = [&] {
      return services::purchase::Waiter{
          &post_, [&told](Answer&& answer) { told.push_back(answer.verdict); }};
    };
    return checkout_.attempt({kBuyer, kProduct, key, {}, at(since)}, wait);
  };
  ASSERT_FALSE(ask(seconds{0}));
  ASSERT_FALSE(ask(seconds{1}));
  auto next = reply(1, {"a"});
  next.more = true;
  apply(next, at(seconds{2}));
  EXPECT_THAT(told, IsEmpty()) << "its order may be among the missing";
  next.more = false;
  apply(next, at(seconds{2}));
  EXPECT_THAT(told, ElementsAre(Verdict::kPending, Verdict::kPending));
}

TEST_F(HeartbeatTest, WhoLeavesSaysNoToNobody) {
  auto first = first_reply({"a"});
  first.stock = {{.sale = kSale}};
  apply(first);
  ASSERT_EQ(verdict(), Verdict::kSoldOut);
  heartbeat_.leave();
  EXPECT_EQ(verdict(), Verdict::kUnavailable);
  apply(first);
  EXPECT_EQ(verdict(), Verdict::kUnavailable) << "a reply does not change that";
}

TEST_F(HeartbeatTest, AutomaticBlacklistEntriesAreToldUntilAnswered) {
  blacklist_.add(
      {.user = kBuyer, .reason = "", .expires_at = kStart + seconds{600}, .created_at = kStart});
  auto sent = heartbeat_.compose(at(seconds{0}));
  ASSERT_EQ(sent.blacklisted.size(), 1);
  heartbeat_.unanswered(std::move(sent));
  EXPECT_EQ(heartbeat_.compose(at(seconds{0})).blacklisted.size(), 1);
  EXPECT_THAT(heartbeat_.compose(at(seconds{0})).blacklisted, IsEmpty());
}

TEST_F(HeartbeatTest, ARaisedSessionEpochEndsSessions) {
  const std::string cookie = sessions_.issue(kBuyer, 3, kStart);
  ASSERT_TRUE(sessions_.authenticate(cookie, kStart));
  auto news = first_reply({"a"});
  news.epochs = {{kBuyer, 4}};
  apply(news);
  EXPECT_FALSE(sessions_.authenticate(cookie, kStart));
}

TEST_F(HeartbeatTest, ARingWithoutAProperKeyIsRefused) {
  auto odd = first_reply({"a"});
  odd.hash_key = "0011";
  EXPECT_THROW(apply(odd), std::invalid_argument);
}

}  // namespace
}  // namespace stampede::schedules

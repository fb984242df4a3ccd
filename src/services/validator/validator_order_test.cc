// The order of the steps by which a reply is acted on: requests are decided between them, on other
// threads. Here what the validator calls in the middle of them looks.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <functional>
#include <optional>
#include <stdexcept>

#include "services/validator/test_validator.h"

namespace stampede::services::validator {
namespace {

/// Looks when a lease is given up.
class LookingQueue final : public queue::OrderQueue {
 public:
  queue::Published publish(const Purchase&) override { return queue::Published::kQueued; }
  void publish(const queue::CloseMarker&) override {
    if (look) look();
  }

  std::function<void()> look;
};

/// As ValidatorTest, whose validator it does not use.
class ValidatorOrderTest : public ValidatorTest {
 protected:
  void act_on(const peers::HeartbeatReply& reply, Now now) {
    ASSERT_TRUE(looked_at_.apply(reply, now, now));
  }
  /// What somebody who asks for what is not there is told.
  Verdict told(Now now) {
    const auto key = *IdempotencyKey::parse("nobodys-intent-at-all");
    return looked_at_.attempt({UserId{8}, ProductId{99}, key, {}, now}, {})->verdict;
  }
  /// A buyer who waits looks when it hears of its order.
  void buy(Now now, std::function<void()> look) {
    const auto key = *IdempotencyKey::parse("0123456789abcdef");
    const auto wait = [&] { return purchase::Waiter{&post_, [look](Answer&&) { look(); }}; };
    ASSERT_FALSE(looked_at_.attempt({kBuyer, kProduct, key, {}, now}, wait)) << "it waits";
  }
  void grant(std::int64_t lease, Now now) {
    for (const auto& ask : looked_at_.wanted(now)) {
      const StockLease granted{
          .id = LeaseId{lease}, .sale = kSale, .granted = 9, .holder = ask.holder};
      looked_at_.answered(ask, peers::LeaseReply{.lease = granted}, now, now);
    }
  }
  /// With the order that the buyer waits for.
  peers::HeartbeatReply with_order() {
    auto next = reply(1, {"a"});
    next.orders = {order(1, *IdempotencyKey::parse("0123456789abcdef"))};
    return next;
  }

  LookingQueue looking_queue_;
  Validator looked_at_{{.member = {.node = "a", .address = "", .incarnation = "1"},
                        .rules = {.check_rate = 0},
                        .captcha = captcha_,
                        .sessions = sessions_,
                        .queue = looking_queue_,
                        .stuck = [](Tick) { return std::vector<LeaseId>{}; }}};
};

TEST_F(ValidatorOrderTest, NoIsNotSaidBeforeTheOrdersAreKnown) {
  act_on(first_reply({"a"}), at(seconds{0}));
  grant(1, at(seconds{0}));
  const Now later = at(milliseconds{2'500});
  std::optional<Verdict> meanwhile;
  buy(at(seconds{0}), [&] { meanwhile = told(later); });
  act_on(with_order(), later);
  EXPECT_EQ(meanwhile, Verdict::kUnavailable) << "the word of the reply before is over";
  EXPECT_EQ(told(later), Verdict::kUnknownProduct);
}

TEST_F(ValidatorOrderTest, NoIsNotSaidBeforeTheRingIsKnown) {
  act_on(first_reply({"a"}), at(seconds{0}));
  grant(1, at(seconds{0}));
  const Now later = at(milliseconds{2'500});
  std::optional<Verdict> meanwhile;
  looking_queue_.look = [&] { meanwhile = told(later); };
  auto next = reply(2, {"a"});
  next.newest_lease = LeaseId{1};
  act_on(next, later);
  EXPECT_EQ(meanwhile, Verdict::kUnavailable) << "the word of the reply before is over";
  EXPECT_EQ(told(later), Verdict::kUnknownProduct);
}

TEST_F(ValidatorOrderTest, ClocksAreBelievedAgainBehindEverythingElse) {
  auto first = first_reply({"a"});
  first.database_time = kStart;
  const Now wrong{kStart + std::chrono::hours{1}, at(seconds{0}).tick};
  act_on(first, wrong);
  grant(1, wrong);
  const Now right = at(milliseconds{500});
  std::optional<Verdict> meanwhile;
  buy(wrong, [&] { meanwhile = told(right); });
  auto next = with_order();
  next.database_time = right.wall;
  act_on(next, right);
  EXPECT_EQ(meanwhile, Verdict::kUnavailable);
  EXPECT_EQ(told(right), Verdict::kUnknownProduct);
}

/// A buyer who was banned before a sale was made must not buy in it, and a request may come between
/// the two. What ends the loading of sales shows what comes before it.
TEST_F(ValidatorOrderTest, BansAreLoadedBeforeSales) {
  act_on(first_reply({"a"}), at(seconds{0}));
  grant(1, at(seconds{0}));
  auto next = reply(1, {"a"});
  next.blacklist = std::vector{BlacklistEntry{
      .user = kBuyer, .reason = "", .expires_at = std::nullopt, .created_at = kStart}};
  next.blacklist_revision = 6;
  Sale bad = sale_;
  bad.id = SaleId{-1};
  next.sales = std::vector{bad};
  EXPECT_THROW((void)looked_at_.apply(next, at(seconds{0}), at(seconds{0})), std::out_of_range);
  const auto key = *IdempotencyKey::parse("0123456789abcdef");
  const auto answer = looked_at_.attempt({kBuyer, kProduct, key, {}, at(seconds{0})}, {});
  ASSERT_TRUE(answer);
  EXPECT_EQ(answer->verdict, Verdict::kBlacklisted);
}

}  // namespace
}  // namespace stampede::services::validator

#pragma once

#include <gtest/gtest.h>

#include "queue/local/local_queue.h"
#include "services/validator/validator.h"
#include "tests/support/test_ring.h"

namespace stampede::services::validator {

using std::chrono::milliseconds;
using std::chrono::seconds;

inline constexpr ProductId kProduct{1};
inline constexpr SaleId kSale{1};
inline constexpr UserId kBuyer{7};
inline constexpr Instant kStart{seconds{1'800'000'000}};

inline Now at(milliseconds since) { return {kStart + since, Tick{seconds{1'000}} + since}; }

class ValidatorTest : public testing::Test {
 protected:
  static peers::HeartbeatReply reply(std::int64_t epoch, std::vector<std::string> nodes) {
    peers::HeartbeatReply reply{.ring_epoch = epoch,
                                .hash_key = "000102030405060708090a0b0c0d0e0f",
                                .oldest_open = LeaseId{1'000},
                                .catalog_revision = 4};
    for (const auto& node : nodes) {
      reply.members.push_back({.node = node, .address = "", .incarnation = "1"});
    }
    return reply;
  }
  /// The same with the catalog.
  peers::HeartbeatReply first_reply(std::vector<std::string> nodes) {
    auto first = reply(1, std::move(nodes));
    first.sales = std::vector{sale_};
    first.blacklist = std::vector<BlacklistEntry>{};
    first.blacklist_revision = 5;
    first.cursors = {1, 2, 3, 4};
    return first;
  }
  bool apply(const peers::HeartbeatReply& reply, Now asked = at(seconds{0})) {
    const auto applied = validator_.apply(reply, asked, asked);
    EXPECT_TRUE(applied) << applied.error();
    return applied.value_or(false);
  }
  /// Why it is not believed.
  std::string disbelief(const peers::HeartbeatReply& reply, Now asked = at(seconds{0})) {
    const auto applied = validator_.apply(reply, asked, asked);
    return applied ? "believed" : applied.error();
  }
  /// What a buyer who wants something that is not there is told.
  Verdict no(Now now, UserId buyer = kBuyer) {
    const auto key = *IdempotencyKey::parse("nobodys-intent-at-all");
    return validator_.attempt({buyer, ProductId{99}, key, {}, now}, {})->verdict;
  }
  /// A lease as quantity control grants it.
  void grant(std::int64_t lease, std::int64_t units, Now now = at(seconds{0})) {
    for (const auto& ask : validator_.wanted(now)) {
      const StockLease granted{
          .id = LeaseId{lease}, .sale = kSale, .granted = units, .holder = ask.holder};
      validator_.answered(ask, peers::LeaseReply{.lease = granted}, now, now);
    }
  }
  std::int64_t units() {
    return validator_.checkout().catalog().snapshot()->find(kSale)->units->stock.available();
  }
  static Order order(std::int64_t number, const IdempotencyKey& intent, UserId buyer = kBuyer) {
    Order order{.intent = intent};
    order.number = OrderNumber{number};
    order.sale = kSale;
    order.buyer = buyer;
    order.slot = 1;
    order.lease = LeaseId{1};
    order.seq = number;
    return order;
  }
  /// Of a reply to what was asked at 0 s, and that came 1.5 s later.
  void apply_late(const peers::HeartbeatReply& reply) {
    EXPECT_TRUE(validator_.apply(reply, at(seconds{0}), at(milliseconds{1'500})));
  }
  Verdict verdict(Now now = at(seconds{0})) {
    const auto answer = validator_.attempt(
        {kBuyer, kProduct, *IdempotencyKey::parse("0123456789abcdef"), {}, now}, [this] {
          return purchase::Waiter{&post_, [](Answer&&) {}};
        });
    return answer ? answer->verdict : Verdict::kPending;
  }

  const Sale sale_{
      .id = kSale, .product = kProduct, .quantity = 9, .starts_at = kStart, .captcha = false};
  test::TestRing ring_;
  captcha::Tokens captcha_{ring_.ring()};
  accounts::Sessions sessions_{ring_.ring()};
  queue::local::LocalQueue queue_{100};
  Validator validator_{{.member = {.node = "a", .address = "", .incarnation = "1"},
                        .rules = {.check_rate = 0},
                        .captcha = captcha_,
                        .sessions = sessions_,
                        .queue = queue_,
                        .stuck = [](Tick) { return std::vector<LeaseId>{}; }}};
  const purchase::Post post_ = [](std::move_only_function<void()> task) { task(); };
};

}  // namespace stampede::services::validator

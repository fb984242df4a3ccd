#include "services/webhooks/message.h"

#include <gtest/gtest.h>

namespace stampede::services::webhooks {
namespace {

repositories::HistoryEntry created() {
  return {.order = {.number = {7},
                    .sale = {3},
                    .buyer = {42},
                    .intent = *IdempotencyKey::parse("intent-0000000000000001"),
                    .slot = 1,
                    .lease = {1},
                    .status = OrderStatus::kSuccess,
                    .seq = 5,
                    .created_at = *parse_rfc3339("2026-11-22T08:24:00Z")},
          .product = {2},
          .price_cents = 4900};
}

TEST(WebhookMessage, OfAnOrderThatIsFinal) {
  EXPECT_EQ(event_of(created()), WebhookEvent::kOrderCreated);
  EXPECT_EQ(body_of(created()),
            R"({"type":"order.created","timestamp":"2026-11-22T08:24:00.000Z","data":{)"
            R"("order":7,"product":2,"sale":3,"buyer":42,"state":"success","amount_cents":4900,)"
            R"("pay_by":null,"reason":"","actor":"buyer"}})");
  EXPECT_EQ(id_of({.shard = 2, .seq = 5}), "evt_2_5");
}

TEST(WebhookMessage, OfAnEventOfAHeldOrder) {
  repositories::HistoryEntry entry = created();
  entry.order.status = OrderStatus::kHeld;
  entry.order.pay_by = parse_rfc3339("2026-11-22T08:34:00Z");
  EXPECT_EQ(event_of(entry), WebhookEvent::kOrderHeld);
  entry.event = OrderEvent{.order = {7},
                           .kind = OrderEventKind::kPaid,
                           .actor = "api:\"checkout\"",
                           .reason = "shop:1",
                           .at = *parse_rfc3339("2026-11-22T08:25:00Z"),
                           .seq = 6,
                           .amount_cents = 4800};
  entry.order = after(entry.order, *entry.event);
  EXPECT_EQ(body_of(entry),
            R"({"type":"order.paid","timestamp":"2026-11-22T08:25:00.000Z","data":{)"
            R"("order":7,"product":2,"sale":3,"buyer":42,"state":"paid","amount_cents":4800,)"
            R"("pay_by":"2026-11-22T08:34:00.000Z","reason":"shop:1",)"
            R"("actor":"api:\"checkout\""}})");
}

TEST(WebhookMessage, EachKindOfEventHasItsName) {
  repositories::HistoryEntry entry = created();
  for (const OrderEventKind kind : kOrderEventKinds) {
    entry.event = OrderEvent{.order = {7}, .kind = kind, .actor = {}, .reason = {}, .at = {}};
    EXPECT_EQ(to_string(event_of(entry)), "order." + std::string(to_string(kind)));
  }
}

}  // namespace
}  // namespace stampede::services::webhooks

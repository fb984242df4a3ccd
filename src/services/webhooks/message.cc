#include "services/webhooks/message.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <optional>

namespace stampede::services::webhooks {
namespace {

WebhookEvent event_of(OrderEventKind kind) {
  switch (kind) {
    case OrderEventKind::kCancelled:
      return WebhookEvent::kOrderCancelled;
    case OrderEventKind::kPaid:
      return WebhookEvent::kOrderPaid;
    case OrderEventKind::kExpired:
      return WebhookEvent::kOrderExpired;
    case OrderEventKind::kRefundDue:
      return WebhookEvent::kOrderRefundDue;
    case OrderEventKind::kRefunded:
      break;
  }
  return WebhookEvent::kOrderRefunded;
}

}  // namespace

WebhookEvent event_of(const repositories::HistoryEntry& entry) {
  if (entry.event) return event_of(entry.event->kind);
  return entry.order.pay_by ? WebhookEvent::kOrderHeld : WebhookEvent::kOrderCreated;
}

std::string id_of(const WebhookPlace& place) {
  return fmt::format("evt_{}_{}", place.shard, place.seq);
}

std::string body_of(const repositories::HistoryEntry& entry) {
  const Order& order = entry.order;
  const auto amount = entry.event ? entry.event->amount_cents : std::nullopt;
  boost::json::object data{{"order", order.number.value},
                           {"product", entry.product.value},
                           {"sale", order.sale.value},
                           {"buyer", order.buyer.value},
                           {"state", to_string(order.status)},
                           {"amount_cents", amount.value_or(entry.price_cents)},
                           {"pay_by", nullptr},
                           {"reason", entry.event ? entry.event->reason : ""},
                           {"actor", entry.event ? entry.event->actor : "buyer"}};
  if (order.pay_by) data["pay_by"] = format_rfc3339(*order.pay_by);
  return boost::json::serialize(boost::json::object{
      {"type", to_string(event_of(entry))},
      {"timestamp", format_rfc3339(entry.event ? entry.event->at : order.created_at)},
      {"data", std::move(data)}});
}

}  // namespace stampede::services::webhooks

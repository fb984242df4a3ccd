#pragma once

#include <algorithm>
#include <array>
#include <chrono>
#include <compare>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

using WebhookId = Id<struct WebhookTag>;

/// What the merchant's own systems are told (docs/design.md#webhooks).
enum class WebhookEvent : std::uint8_t {
  kOrderCreated,  // final: its sale asks for no payment
  kOrderHeld,     // created, and to be paid
  kOrderPaid,
  kOrderExpired,
  kOrderCancelled,
  kOrderRefundDue,
  kOrderRefunded,
};
inline constexpr std::array kWebhookEvents{
    WebhookEvent::kOrderCreated, WebhookEvent::kOrderHeld,      WebhookEvent::kOrderPaid,
    WebhookEvent::kOrderExpired, WebhookEvent::kOrderCancelled, WebhookEvent::kOrderRefundDue,
    WebhookEvent::kOrderRefunded};

constexpr std::string_view to_string(WebhookEvent event) {
  switch (event) {
    case WebhookEvent::kOrderCreated:
      return "order.created";
    case WebhookEvent::kOrderHeld:
      return "order.held";
    case WebhookEvent::kOrderPaid:
      return "order.paid";
    case WebhookEvent::kOrderExpired:
      return "order.expired";
    case WebhookEvent::kOrderCancelled:
      return "order.cancelled";
    case WebhookEvent::kOrderRefundDue:
      return "order.refund_due";
    case WebhookEvent::kOrderRefunded:
      return "order.refunded";
  }
  return "";
}

constexpr std::optional<WebhookEvent> webhook_event_named(std::string_view name) {
  for (const auto event : kWebhookEvents) {
    if (name == to_string(event)) return event;
  }
  return std::nullopt;
}

/// Their names with `between` between.
inline std::string names_of(const std::vector<WebhookEvent>& events,
                            std::string_view between = " ") {
  std::string names;
  for (const WebhookEvent event : events) {
    if (!names.empty()) names += between;
    names += to_string(event);
  }
  return names;
}

/// Where events are delivered.
struct WebhookEndpoint {
  WebhookId id;
  std::string url;
  std::string secret;           // "whsec_" and base64; signs each delivery
  std::string previous_secret;  // the one before a rotation; empty: there is none
  std::optional<Instant> previous_until = std::nullopt;  // for so long it signs too
  std::vector<WebhookEvent> events = {};  // that it is told, in the order above; none: all
  std::int64_t revision = 0;              // another one after each change by an operator
  Instant created_at;
  std::optional<Instant> disabled_at = std::nullopt;
  std::string disabled_reason = {};  // a sentence; empty while it is enabled

  /// Of url, in bytes.
  static constexpr std::size_t kLongestUrl = 512;
  /// Each has threads and connections of its own.
  static constexpr std::size_t kMost = 32;

  bool wants(WebhookEvent event) const {
    return events.empty() || std::ranges::find(events, event) != events.end();
  }
};

/// Where an event stands in the history of orders: each has a place of its own, for good.
struct WebhookPlace {
  std::int32_t shard = 0;
  std::int64_t seq = 0;
  friend auto operator<=>(const WebhookPlace&, const WebhookPlace&) = default;
};

/// An event that was tried and not acknowledged.
struct PendingWebhook {
  WebhookPlace place;
  int attempts = 0;  // that failed
  Instant first_at;  // of the first attempt
  Instant next_at;
  friend bool operator==(const PendingWebhook&, const PendingWebhook&) = default;
};

/// One attempt to deliver an event.
struct WebhookAttempt {
  std::int64_t id = 0;
  WebhookPlace place;
  Instant at;
  int status = 0;       // of HTTP; 0: there was no answer
  std::string failure;  // why there was none, a slug of web_requests; empty where there was one
  std::chrono::milliseconds duration{0};

  /// A failure that is no attempt: the event is not tried any more.
  static constexpr const char* kGivenUp = "given-up";
  bool acknowledged() const { return status >= 200 && status < 300; }
};

}  // namespace stampede

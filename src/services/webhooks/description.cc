#include "services/webhooks/description.h"

#include <boost/json.hpp>
#include <optional>
#include <utility>

#include "services/webhooks/message.h"

namespace stampede::services::webhooks {
namespace {

boost::json::value time_or_null(const std::optional<Instant>& time) {
  if (!time) return nullptr;
  return boost::json::string(format_rfc3339(*time));
}

}  // namespace

boost::json::object json_of(const WebhookEndpoint& endpoint) {
  boost::json::array events;
  for (const WebhookEvent event : endpoint.events) events.emplace_back(to_string(event));
  return {{"id", endpoint.id.value},
          {"url", endpoint.url},
          {"events", std::move(events)},
          {"created_at", format_rfc3339(endpoint.created_at)},
          {"previous_secret_until", time_or_null(endpoint.previous_until)},
          {"disabled_at", time_or_null(endpoint.disabled_at)},
          {"disabled_reason", endpoint.disabled_reason}};
}

boost::json::object json_of(const WebhookAttempt& attempt) {
  return {{"attempt", attempt.id},
          {"event", id_of(attempt.place)},
          {"at", format_rfc3339(attempt.at)},
          {"status", attempt.status},
          {"failure", attempt.failure},
          {"duration_ms", attempt.duration.count()}};
}

}  // namespace stampede::services::webhooks

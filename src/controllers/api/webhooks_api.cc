#include "controllers/api/webhooks_api.h"

#include <fmt/format.h>

#include <boost/json.hpp>
#include <expected>
#include <string>
#include <utility>
#include <vector>

#include "controllers/api/api_request.h"
#include "controllers/json_response.h"
#include "controllers/parse_id.h"
#include "model/text/plain_text.h"
#include "services/webhooks/description.h"

namespace stampede::controllers {
namespace {

using services::webhooks::json_of;

/// Attempts in one answer.
constexpr std::size_t kLogAtOnce = 100;

http::Response unknown_webhook() {
  return http::problem(404, "unknown-webhook", "There is no webhook of this id.");
}

boost::json::object with_secret(const WebhookEndpoint& endpoint) {
  boost::json::object object = json_of(endpoint);
  object["secret"] = endpoint.secret;
  return object;
}

std::expected<std::vector<WebhookEvent>, std::string> events_in(const boost::json::object& body) {
  const std::string expected = "events: expected a list of " +
                               names_of({kWebhookEvents.begin(), kWebhookEvents.end()}, ", ") +
                               "; an empty one means all";
  const auto* const value = body.if_contains("events");
  if (value == nullptr) return {};
  if (!value->is_array()) return std::unexpected(expected);
  std::vector<WebhookEvent> events;
  for (const auto& each : value->get_array()) {
    const auto* const name = each.if_string();
    const auto event = name == nullptr ? std::nullopt : webhook_event_named(*name);
    if (!event) {
      return std::unexpected(
          fmt::format("{} is none; {}", in_quotes(boost::json::serialize(each)), expected));
    }
    events.push_back(*event);
  }
  return events;
}

/// From which order on; 0: from the start.
std::expected<OrderNumber, std::string> start_in(const boost::json::object& body) {
  constexpr const char* kExpected =
      "expected either from_order, an order's number, or from_start, which is true";
  const auto* const start = body.if_contains("from_start");
  if (start != nullptr) {
    if (body.size() != 1 || !start->is_bool() || !start->get_bool()) {
      return std::unexpected(kExpected);
    }
    return OrderNumber{};
  }
  const auto number = whole_in(body, "from_order");
  if (!number || *number < 1) return std::unexpected(kExpected);
  return OrderNumber{*number};
}

}  // namespace

void WebhooksApi::add_routes(http::Router& router, ApiGuard& guard) {
  const auto look = [&](const std::string& pattern, auto handler) {
    guard.get(router, pattern, ApiScope::kWebhooks, std::move(handler));
  };
  look("/webhooks", [this](const http::Request&, const ApiToken&, Now) { return list(); });
  guard.post(router, "/webhooks", ApiScope::kWebhooks,
             [this](const http::Request& request, const ApiToken& token, Now now) {
               return add(request, program_of(token, now));
             });
  const auto of_one = [this](const http::Request& request, auto answer) {
    const auto id = parse_id<WebhookId>(request.path_parameters[0]);
    if (!id || !operations_.find(*id)) return unknown_webhook();
    return answer(*id);
  };
  look("/webhooks/{id}", [this, of_one](const http::Request& request, const ApiToken&, Now) {
    return of_one(request, [&](WebhookId id) { return show(id); });
  });
  look("/webhooks/{id}/log", [this, of_one](const http::Request& request, const ApiToken&, Now) {
    return of_one(request, [&](WebhookId id) { return log(request, id); });
  });
  const auto change = [&](const std::string& action, auto handler) {
    guard.post(
        router, "/webhooks/{id}/" + action, ApiScope::kWebhooks,
        [this, of_one, handler](const http::Request& request, const ApiToken& token, Now now) {
          return of_one(request, [&](WebhookId id) {
            return (this->*handler)(request, id, program_of(token, now));
          });
        });
  };
  change("remove", &WebhooksApi::remove);
  change("rotate", &WebhooksApi::rotate);
  change("enable", &WebhooksApi::enable);
  change("replay", &WebhooksApi::replay);
}

http::Response WebhooksApi::list() {
  boost::json::array webhooks;
  for (const WebhookEndpoint& endpoint : operations_.list()) webhooks.push_back(json_of(endpoint));
  return json_response(200, boost::json::object{{"webhooks", std::move(webhooks)}});
}

http::Response WebhooksApi::add(const http::Request& request, const Operator& who) {
  const auto body = members_of(request, {"url", "events"});
  if (!body) return bad_request(body.error());
  const auto url = text_in(*body, "url");
  if (!url) return bad_request(url.error());
  const auto events = events_in(*body);
  if (!events) return bad_request(events.error());
  const auto added = operations_.add(who, {.url = *url, .events = *events});
  return added ? json_response(201, with_secret(*added)) : refused(added.error());
}

http::Response WebhooksApi::show(WebhookId id) {
  const auto endpoint = operations_.find(id);
  return endpoint ? json_response(200, json_of(*endpoint)) : unknown_webhook();
}

http::Response WebhooksApi::remove(const http::Request&, WebhookId id, const Operator& who) {
  const auto removed = operations_.remove(who, id);
  return removed ? json_response(200, json_of(*removed)) : unknown_webhook();
}

http::Response WebhooksApi::rotate(const http::Request&, WebhookId id, const Operator& who) {
  const auto rotated = operations_.rotate(who, id);
  return rotated ? json_response(200, with_secret(*rotated)) : unknown_webhook();
}

http::Response WebhooksApi::enable(const http::Request&, WebhookId id, const Operator& who) {
  const auto enabled = operations_.enable(who, id);
  return enabled ? json_response(200, json_of(*enabled)) : unknown_webhook();
}

http::Response WebhooksApi::replay(const http::Request& request, WebhookId id,
                                   const Operator& who) {
  const auto body = members_of(request, {"from_order", "from_start"});
  if (!body) return bad_request(body.error());
  const auto from = start_in(*body);
  if (!from) return bad_request(from.error());
  const auto replayed = operations_.replay(who, id, *from);
  return replayed ? json_response(200, json_of(*replayed)) : unknown_webhook();
}

http::Response WebhooksApi::log(const http::Request& request, WebhookId id) {
  std::int64_t before = 0;
  if (const auto text = request.query_parameter("before")) {
    const auto number = parse_id<OrderNumber>(*text);
    if (!number) return bad_request("before: expected the number of an attempt, from 1");
    before = number->value;
  }
  const auto log = operations_.log(id, before, kLogAtOnce);
  if (!log) return unknown_webhook();
  boost::json::array attempts;
  for (const WebhookAttempt& attempt : *log) attempts.push_back(json_of(attempt));
  return json_response(200, boost::json::object{{"attempts", std::move(attempts)}});
}

}  // namespace stampede::controllers

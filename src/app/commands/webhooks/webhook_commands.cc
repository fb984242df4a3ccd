#include "app/commands/webhooks/webhook_commands.h"

#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/commands/command_context.h"
#include "app/terminal/table.h"
#include "services/webhooks/description.h"
#include "services/webhooks/message.h"

namespace stampede::app {
namespace {

using services::webhooks::json_of;

std::string events_of(const WebhookEndpoint& endpoint) {
  return endpoint.events.empty() ? "all" : names_of(endpoint.events);
}

std::string state_of(const WebhookEndpoint& endpoint) {
  if (!endpoint.disabled_at) return "enabled";
  return fmt::format("disabled {}: {}", format_rfc3339(*endpoint.disabled_at),
                     endpoint.disabled_reason);
}

std::string result_of(const WebhookAttempt& attempt) {
  return attempt.status != 0 ? std::to_string(attempt.status) : attempt.failure;
}

/// What was done, or why not.
template <class Changed>
Done done(const Changed& changed) {
  if (!changed) return std::unexpected(changed.error());
  return {};
}

}  // namespace

Done add_webhook(const Config& config, const WebhookAdd& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto added =
      context.webhooks().add(context.who(), {.url = options.url, .events = options.events});
  if (!added) return std::unexpected(added.error());
  fmt::print("{}\n", added->secret);
  fmt::print(stderr, "stampede: webhook {}; nothing tells this secret again\n", added->id.value);
  return {};
}

Done list_webhooks(const Config& config, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  boost::json::array array;
  Table table({"id", "url", "events", "created", "state"});
  for (const WebhookEndpoint& endpoint : context.webhooks().list()) {
    array.push_back(json_of(endpoint));
    table.add({std::to_string(endpoint.id.value), endpoint.url, events_of(endpoint),
               format_rfc3339(endpoint.created_at), state_of(endpoint)});
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done remove_webhook(const Config& config, WebhookId id) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  return done(context.webhooks().remove(context.who(), id));
}

Done rotate_webhook(const Config& config, WebhookId id) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto rotated = context.webhooks().rotate(context.who(), id);
  if (!rotated) return std::unexpected(rotated.error());
  fmt::print("{}\n", rotated->secret);
  fmt::print(stderr,
             "stampede: the secret before it signs too until {}; nothing tells this one again\n",
             format_rfc3339(rotated->previous_until.value_or(Instant{})));
  return {};
}

Done enable_webhook(const Config& config, WebhookId id) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  return done(context.webhooks().enable(context.who(), id));
}

Done replay_webhook(const Config& config, const WebhookReplay& options) {
  if (options.from_start == static_cast<bool>(options.from)) {
    return std::unexpected("from where: expected either --from-order or --from-start");
  }
  CommandContext context(config, CommandContext::Missing::kRefuse);
  return done(context.webhooks().replay(context.who(), options.id, options.from));
}

Done show_webhook_log(const Config& config, const WebhookLog& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto log =
      context.webhooks().log(options.id, options.before, static_cast<std::size_t>(options.limit));
  if (!log) return std::unexpected(log.error());
  boost::json::array array;
  Table table({"attempt", "event", "at", "result", "ms"});
  for (const WebhookAttempt& attempt : *log) {
    array.push_back(json_of(attempt));
    table.add({std::to_string(attempt.id), services::webhooks::id_of(attempt.place),
               format_rfc3339(attempt.at), result_of(attempt),
               std::to_string(attempt.duration.count())});
  }
  fmt::print("{}", options.json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

}  // namespace stampede::app

#include "services/operations/webhook_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <string_view>

#include "model/orders/order_number.h"
#include "services/webhooks/signing.h"
#include "services/webhooks/target_url.h"

namespace stampede::services::operations {
namespace {

/// Without the path and what follows, where a receiver may have put a secret.
std::string subject_of(const WebhookEndpoint& endpoint) {
  const std::string_view url = endpoint.url;
  const auto host = url.find("//") + 2;
  return fmt::format("webhook {}: {}", endpoint.id.value,
                     url.substr(0, url.find_first_of("/?", host)));
}

/// In the order of kWebhookEvents, each once; all of them are as none.
std::vector<WebhookEvent> in_order(const std::vector<WebhookEvent>& events) {
  std::vector<WebhookEvent> ordered;
  std::ranges::copy_if(kWebhookEvents, std::back_inserter(ordered), [&](WebhookEvent event) {
    return std::ranges::find(events, event) != events.end();
  });
  if (ordered.size() == kWebhookEvents.size()) ordered.clear();
  return ordered;
}

}  // namespace

Outcome<WebhookEndpoint> WebhookOperations::found(WebhookId id) {
  auto endpoint = webhooks_->find(id);
  if (endpoint) return *std::move(endpoint);
  return std::unexpected(
      fmt::format("there is no webhook {}; expected an id of `stampede webhook list`", id.value));
}

Outcome<WebhookEndpoint> WebhookOperations::changed(const Operator& who, const char* action,
                                                    WebhookId id) {
  auto endpoint = found(id);
  if (endpoint) journal_->record(who, action, subject_of(*endpoint));
  return endpoint;
}

Outcome<WebhookEndpoint> WebhookOperations::add(const Operator& who, const NewWebhook& webhook) {
  if (auto problem = webhooks::problem_of_url(webhook.url, private_addresses_)) {
    return std::unexpected(*std::move(problem));
  }
  const WebhookEndpoint endpoint{.id = {},
                                 .url = webhook.url,
                                 .secret = webhooks::new_secret(),
                                 .previous_secret = {},
                                 .events = in_order(webhook.events),
                                 .created_at = who.now.wall};
  const auto id = webhooks_->add(endpoint, WebhookEndpoint::kMost);
  if (!id) {
    return std::unexpected(fmt::format(
        "there are {} webhooks already; expected that one is removed", WebhookEndpoint::kMost));
  }
  return changed(who, "webhook add", *id);
}

Outcome<WebhookEndpoint> WebhookOperations::remove(const Operator& who, WebhookId id) {
  auto endpoint = found(id);
  if (endpoint && webhooks_->remove(id)) {
    journal_->record(who, "webhook remove", subject_of(*endpoint));
  }
  return endpoint;
}

Outcome<WebhookEndpoint> WebhookOperations::rotate(const Operator& who, WebhookId id) {
  webhooks_->rotate(id, webhooks::new_secret(), who.now.wall + kSecretsOverlap);
  return changed(who, "webhook rotate", id);
}

Outcome<WebhookEndpoint> WebhookOperations::enable(const Operator& who, WebhookId id) {
  webhooks_->enable(id, who.now.wall);
  return changed(who, "webhook enable", id);
}

Outcome<WebhookEndpoint> WebhookOperations::replay(const Operator& who, WebhookId id,
                                                   OrderNumber from) {
  std::vector<std::int64_t> after = history_->ends();
  const auto shards = std::ssize(after);
  for (std::int64_t shard = 0; shard < shards; ++shard) {
    auto& seq = after[static_cast<std::size_t>(shard)];
    seq = from ? std::min(seq, last_seq_before(from, shard, shards)) : 0;
  }
  webhooks_->replay(id, after);
  auto endpoint = found(id);
  if (endpoint) {
    const std::string what = from ? fmt::format("order {} on", from.value) : "the beginning on";
    journal_->record(who, "webhook replay",
                     fmt::format("{}, from {}", subject_of(*endpoint), what));
  }
  return endpoint;
}

Outcome<std::vector<WebhookAttempt>> WebhookOperations::log(WebhookId id, std::int64_t before,
                                                            std::size_t most) {
  if (auto endpoint = found(id); !endpoint) return std::unexpected(endpoint.error());
  return webhooks_->log(id, before, most);
}

}  // namespace stampede::services::operations

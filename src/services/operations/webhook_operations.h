#pragma once

#include <chrono>
#include <cstddef>
#include <optional>
#include <string>
#include <vector>

#include "repositories/orders/order_history.h"
#include "repositories/webhooks/webhooks.h"
#include "services/operations/outcome.h"

namespace stampede::services::operations {

/// The merchant's own systems that are told what happens to orders: each change is checked, made
/// and written into the audit log. Whoever delivers knows of it within a second. Thread-safe; calls
/// block and throw repositories::StorageError. What it is given outlives it.
class WebhookOperations {
 public:
  struct Storage {
    repositories::Webhooks& webhooks;
    repositories::OrderHistory& history;
  };
  /// `private_addresses`: as the configuration allows them (webhooks.private_addresses).
  WebhookOperations(const Storage& storage, audit::Journal& journal, bool private_addresses)
      : webhooks_(&storage.webhooks),
        history_(&storage.history),
        journal_(&journal),
        private_addresses_(private_addresses) {}

  /// For so long a secret signs too once there is another one.
  static constexpr std::chrono::hours kSecretsOverlap{24};

  struct NewWebhook {
    std::string url;
    std::vector<WebhookEvent> events;  // in any order; none: all
  };
  /// With its secret, which the receiver must be given.
  Outcome<WebhookEndpoint> add(const Operator& who, const NewWebhook& webhook);
  Outcome<WebhookEndpoint> remove(const Operator& who, WebhookId id);
  /// With its new secret.
  Outcome<WebhookEndpoint> rotate(const Operator& who, WebhookId id);
  /// What happened meanwhile is delivered, too.
  Outcome<WebhookEndpoint> enable(const Operator& who, WebhookId id);
  /// Delivers again: the order of that number and all that follows it, or, for 0, everything. What
  /// was not delivered yet is delivered anyway.
  Outcome<WebhookEndpoint> replay(const Operator& who, WebhookId id, OrderNumber from);

  std::vector<WebhookEndpoint> list() { return webhooks_->list(); }
  std::optional<WebhookEndpoint> find(WebhookId id) { return webhooks_->find(id); }
  /// Newest first, at most `most`, ids below `before` (0: from the newest on).
  Outcome<std::vector<WebhookAttempt>> log(WebhookId id, std::int64_t before, std::size_t most);

 private:
  Outcome<WebhookEndpoint> found(WebhookId id);
  /// The endpoint as it is after a change, which is recorded.
  Outcome<WebhookEndpoint> changed(const Operator& who, const char* action, WebhookId id);

  repositories::Webhooks* webhooks_;
  repositories::OrderHistory* history_;
  audit::Journal* journal_;
  bool private_addresses_;
};

}  // namespace stampede::services::operations

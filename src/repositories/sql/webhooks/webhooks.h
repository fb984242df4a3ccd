#pragma once

#include <cstddef>
#include <map>

#include "concurrency/mutex.h"
#include "repositories/sql/connection/database.h"
#include "repositories/webhooks/webhooks.h"

namespace stampede::repositories::sql {

/// Webhooks in SQL, as repositories/webhooks/webhooks.h says. Thread-safe; database outlives it.
class SqlWebhooks final : public Webhooks {
 public:
  explicit SqlWebhooks(Database& database) : database_(database) {}

  std::optional<WebhookId> add(const WebhookEndpoint& endpoint, std::size_t most) override;
  std::vector<WebhookEndpoint> list() override;
  std::optional<WebhookEndpoint> find(WebhookId id) override;
  bool remove(WebhookId id) override;
  bool rotate(WebhookId id, const std::string& secret, Instant previous_until) override;
  bool enable(WebhookId id, Instant now) override;
  bool replay(WebhookId id, const std::vector<std::int64_t>& after) override;
  std::optional<WebhookProgress> progress(WebhookId id) override;
  bool record(WebhookId id, const WebhookRecord& record) override;
  std::vector<WebhookAttempt> log(WebhookId id, std::int64_t before, std::size_t most) override;

 private:
  std::size_t attempts_since_pruned(WebhookId id);
  void count_attempts(WebhookId id, std::size_t written, bool pruned);

  Database& database_;
  concurrency::Mutex mutex_;
  /// Attempts that were written since an endpoint's were pruned. Of endpoints that are removed it
  /// keeps a number.
  std::map<WebhookId, std::size_t> unpruned_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::repositories::sql

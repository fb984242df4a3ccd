#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/webhook.h"

namespace stampede::repositories {

/// Where the deliveries to an endpoint stand.
struct WebhookProgress {
  std::int64_t revision = 0;  // of the endpoint
  /// Of each queue shard: up to this seq everything is acknowledged or pending.
  std::vector<std::int64_t> cursors;
  std::vector<PendingWebhook> pending;  // in the order of their places, beyond a cursor too
  std::optional<Instant> acknowledged_at = std::nullopt;  // when anything was, last
};

/// What has become of some deliveries to an endpoint.
struct WebhookRecord {
  struct Moved {
    std::int32_t shard = 0;
    std::int64_t from = 0;
    std::int64_t to = 0;
    friend bool operator==(const Moved&, const Moved&) = default;
  };
  std::int64_t revision = 0;  // of WebhookProgress
  std::vector<Moved> moved = {};
  std::vector<PendingWebhook> pending = {};  // new, or as they are from now on
  std::vector<WebhookPlace> done = {};       // pending no more
  std::vector<WebhookAttempt> attempts = {};
  std::optional<Instant> acknowledged_at = std::nullopt;  // as it is from now on
  /// The endpoint is disabled, since `at`, with this reason.
  std::optional<std::string> disabled = std::nullopt;
  Instant at;
};

/// Webhook endpoints, and what was delivered to each. Thread-safe; calls block and throw
/// StorageError.
class Webhooks {
 public:
  /// Attempts that are kept of an endpoint, and at most so many more until they are pruned.
  static constexpr std::size_t kAttemptsKept = 10'000;
  static constexpr std::size_t kPruneAfter = 1'000;

  virtual ~Webhooks() = default;

  /// Its id and revision are made here. It is told what happens from now on. nullopt: there are
  /// `most` already.
  virtual std::optional<WebhookId> add(const WebhookEndpoint& endpoint, std::size_t most) = 0;
  /// All, in the order of their ids.
  virtual std::vector<WebhookEndpoint> list() = 0;
  virtual std::optional<WebhookEndpoint> find(WebhookId id) = 0;
  /// With all that is known of its deliveries. False: there is none of that id; so with the next.
  virtual bool remove(WebhookId id) = 0;
  /// The secret that it had signs too until then.
  virtual bool rotate(WebhookId id, const std::string& secret, Instant previous_until) = 0;
  /// What is pending is tried anew at once.
  virtual bool enable(WebhookId id, Instant now) = 0;
  /// Of each queue shard, everything behind that seq is delivered again; a cursor that stands
  /// before it stays.
  virtual bool replay(WebhookId id, const std::vector<std::int64_t>& after) = 0;

  /// nullopt: there is none of that id.
  virtual std::optional<WebhookProgress> progress(WebhookId id) = 0;
  /// In one transaction. False, and nothing is written, if the revision or a cursor is another one
  /// than the record begins with: somebody has changed the endpoint, or delivers to it as well.
  virtual bool record(WebhookId id, const WebhookRecord& record) = 0;
  /// Newest first, at most `most`, ids below `before` (0: from the newest on).
  virtual std::vector<WebhookAttempt> log(WebhookId id, std::int64_t before, std::size_t most) = 0;
};

}  // namespace stampede::repositories

#pragma once

#include <functional>
#include <optional>

#include "app/config/config.h"
#include "repositories/sql/repositories.h"
#include "schedules/periodic.h"
#include "schedules/webhooks/webhook_deliveries.h"
#include "telemetry/metrics.h"

// What `serve` and the leader of quantity control deliver to the merchant's own systems
// (docs/design.md#webhooks).
namespace stampede::app {

/// Whether the configuration allows receivers that are not in the public network.
bool private_webhooks(const Config& config);

/// For one thread, but for the metrics.
class Webhooks {
 public:
  /// `leads`: whether this process delivers; thread-safe. What is given outlives it; the database
  /// of `storage` is used by nobody who must not wait.
  Webhooks(const Config& config, const repositories::sql::Repositories& storage,
           std::function<bool()> leads);

  void start();
  /// Attempts that are under way are ended, and made again by whoever starts next.
  void stop();
  /// Thread-safe.
  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  const std::function<bool()> leads_;
  schedules::WebhookDeliveries deliveries_;
  std::optional<schedules::Periodic> schedule_;
};

}  // namespace stampede::app

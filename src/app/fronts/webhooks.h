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
  /// `leads`: whether this process delivers; thread-safe. What is given outlives it. Whoever uses
  /// the database of `storage` may wait for a delivery's write: the leader gives one of its own,
  /// and `serve` its only one, whose writes are short.
  Webhooks(const Config& config, const repositories::sql::Repositories& storage,
           std::function<bool()> leads);

  void start();
  /// No step begins any more: to be called before this process gives up its lead. What is under way
  /// goes on.
  void stop_schedule();
  /// Attempts that are under way are ended, and made again by whoever starts next. May be called
  /// from another thread; takes up to some four seconds, or a database's patience more.
  void stop();
  /// Thread-safe.
  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  const std::function<bool()> leads_;
  schedules::WebhookDeliveries deliveries_;
  std::optional<schedules::Periodic> schedule_;
};

}  // namespace stampede::app

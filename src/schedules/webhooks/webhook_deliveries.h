#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <utility>

#include "concurrency/worker_pool.h"
#include "schedules/webhooks/endpoint_deliveries.h"

namespace stampede::schedules {

/// Delivers what happens to orders to every webhook endpoint (docs/design.md#webhooks). Of several
/// processes that do it at a time each delivers; none loses anything. step(), rest() and stop() are
/// for one thread; the rest is thread-safe.
class WebhookDeliveries {
 public:
  /// What they name outlives it.
  struct Parts {
    repositories::Webhooks& webhooks;
    repositories::OrderHistory& history;
    /// Threads and connections for one endpoint; DeliveryWindow::kAtOnce requests at a time.
    std::function<std::unique_ptr<web_requests::WebRequests>(const WebhookEndpoint&)> make_requests;
    std::function<Now()> clock;  // thread-safe
  };
  explicit WebhookDeliveries(Parts parts) : parts_(std::move(parts)) {}
  ~WebhookDeliveries() { stop(); }
  WebhookDeliveries(const WebhookDeliveries&) = delete;
  WebhookDeliveries& operator=(const WebhookDeliveries&) = delete;

  /// Goes on with every endpoint. To be called every kWebhookPeriod. Blocks; throws
  /// repositories::StorageError, and whatever else one endpoint fails with, once it has tried each;
  /// the next call goes on.
  void step();
  /// Another process delivers from now on: what is under way is ended, until the next step().
  void rest();
  /// The same, for good: all endpoints at a time, within some two seconds.
  void stop();

  const WebhookCounts& counts() const { return counts_; }
  /// Events that were tried and not acknowledged, of all endpoints, as of the last step.
  std::int64_t pending() const { return pending_; }
  std::int64_t enabled() const { return enabled_; }
  std::int64_t disabled() const { return disabled_; }

 private:
  /// Which endpoints there are is asked so often.
  static constexpr std::chrono::milliseconds kLookPeriod{1'000};

  /// What one endpoint failed with; the others are known.
  std::exception_ptr look(Now now);
  void join(const WebhookEndpoint& endpoint);
  void leave(std::unique_ptr<EndpointDeliveries> gone);

  const Parts parts_;
  WebhookCounts counts_;
  std::atomic<std::int64_t> pending_{0};
  std::atomic<std::int64_t> enabled_{0};
  std::atomic<std::int64_t> disabled_{0};
  Tick next_look_{};
  std::map<WebhookId, std::unique_ptr<EndpointDeliveries>> endpoints_;
  /// Ends those of an endpoint that is gone, while the others go on. Uses all above.
  concurrency::WorkerPool leaving_{{.name = "webhook-ends", .threads = 1, .queue = 256}};
};

}  // namespace stampede::schedules

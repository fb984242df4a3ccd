#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <functional>
#include <map>
#include <memory>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "concurrency/worker_pool.h"
#include "schedules/webhooks/endpoint_deliveries.h"

namespace stampede::schedules {

/// Delivers what happens to orders to every webhook endpoint (docs/design.md#webhooks). Of several
/// processes that do it at a time each delivers; none loses anything. step(), rest() and stop() are
/// for one thread at a time; the rest is thread-safe.
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
  /// Another process delivers from now on: what is under way is ended, until the next step(), and
  /// what has become of the others is written, on a thread of its own.
  void rest();
  /// The same, for good, and waits for it: all endpoints end at a time, within some two seconds.
  /// Writing begins for no more of them once it has taken kWritingRest, or the database is away.
  void stop();
  /// A step that runs goes on with no other endpoint: to be called before it is waited for.
  void end_soon() { ends_soon_ = true; }

  const WebhookCounts& counts() const { return counts_; }
  /// Events that were tried and not acknowledged, of all endpoints, as of the last step.
  std::int64_t pending() const { return pending_; }
  std::int64_t enabled() const { return enabled_; }
  std::int64_t disabled() const { return disabled_; }

 private:
  /// Which endpoints there are is asked so often.
  static constexpr std::chrono::milliseconds kLookPeriod{1'000};
  /// What is not written by then is delivered again by whoever starts next.
  static constexpr std::chrono::milliseconds kWritingRest{2'000};
  using Gone = std::vector<std::unique_ptr<EndpointDeliveries>>;

  /// What one endpoint failed with; the others are known.
  std::exception_ptr look(Now now);
  void join(const WebhookEndpoint& endpoint);
  void leave(Gone gone);
  Gone take_leaving();
  void end(const Gone& gone) const;
  void write_rest(const Gone& gone) const;

  const Parts parts_;
  WebhookCounts counts_;
  std::atomic<std::int64_t> pending_{0};
  std::atomic<std::int64_t> enabled_{0};
  std::atomic<std::int64_t> disabled_{0};
  Tick next_look_{};
  std::atomic<bool> ends_soon_{false};
  std::map<WebhookId, std::unique_ptr<EndpointDeliveries>> endpoints_;
  concurrency::Mutex mutex_;
  Gone leaving_ STAMPEDE_GUARDED_BY(mutex_);  // until a thread ends them
  /// Ends those of endpoints that are gone, while the others go on. Uses all above.
  concurrency::WorkerPool ending_{{.name = "webhook-ends", .threads = 1, .queue = 256}};
};

}  // namespace stampede::schedules

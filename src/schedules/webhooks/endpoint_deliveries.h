#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string_view>

#include "concurrency/mutex.h"
#include "model/time.h"
#include "model/webhook.h"
#include "repositories/orders/order_history.h"
#include "repositories/webhooks/webhooks.h"
#include "services/webhooks/delivery_window.h"
#include "telemetry/metrics.h"
#include "web_requests/web_requests.h"

namespace stampede::schedules {

/// How attempts have ended, of all endpoints of a process.
struct WebhookCounts {
  telemetry::Counter acknowledged;
  telemetry::Counter refused;     // by an answer that is none of 2xx
  telemetry::Counter unanswered;  // no connection, no answer in time
};

/// Delivers to one endpoint: several at a time, by threads of its own, which go on by themselves
/// between steps. Its methods are for one thread.
class EndpointDeliveries {
 public:
  /// What they name outlives it.
  struct Parts {
    repositories::Webhooks& webhooks;
    repositories::OrderHistory& history;
    WebhookCounts& counts;
    std::function<Now()> clock;  // thread-safe
  };
  /// Throws repositories::StorageError if a secret of the endpoint is none.
  EndpointDeliveries(const WebhookEndpoint& endpoint, const repositories::WebhookProgress& progress,
                     const Parts& parts, std::unique_ptr<web_requests::WebRequests> requests);
  EndpointDeliveries(const EndpointDeliveries&) = delete;
  EndpointDeliveries& operator=(const EndpointDeliveries&) = delete;

  /// Writes what has become of deliveries, reads what is to be delivered, and delivers. `ends`: as
  /// repositories::OrderHistory::ends(). Blocks; throws repositories::StorageError, and what a
  /// request that cannot be made throws; the next call goes on.
  void step(std::span<const std::int64_t> ends);
  /// Somebody else has changed the endpoint or has delivered to it: nothing is done until renew().
  bool outdated() const { return outdated_; }
  WebhookId id() const { return id_; }
  std::int64_t revision() const { return revision_; }
  /// Begins again with what the database has. What is under way is delivered once more. Throws as
  /// the constructor.
  void renew(const WebhookEndpoint& endpoint, const repositories::WebhookProgress& progress);
  std::size_t pending() const;

  /// Ends the attempts that run, within some two seconds. May be called from another thread.
  void stop();
  /// After stop(): writes what has become of the others. Throws repositories::StorageError.
  void write_rest();

 private:
  using Window = services::webhooks::DeliveryWindow;

  bool record(const repositories::WebhookRecord& record);
  void write(Now now);
  void read(std::span<const std::int64_t> ends);
  void read_due(Now now);
  void deliver();
  void deliver_or_say();
  void send(const services::webhooks::Delivery& delivery, const WebhookEndpoint& endpoint,
            std::int64_t generation);
  void take_result(WebhookPlace place, Now began, std::int64_t generation,
                   const web_requests::Result& result);
  void take_back(WebhookPlace place, std::int64_t generation, std::string_view why);
  void count(const web_requests::Result& result);

  const Parts parts_;
  const WebhookId id_;
  std::int64_t revision_ = 0;
  bool outdated_ = false;
  std::optional<repositories::WebhookRecord> unwritten_;  // taken from the window
  Tick written_at_{};

  mutable concurrency::Mutex mutex_;
  std::shared_ptr<const WebhookEndpoint> endpoint_ STAMPEDE_GUARDED_BY(mutex_);
  std::optional<Window> window_ STAMPEDE_GUARDED_BY(mutex_);
  std::int64_t generation_ STAMPEDE_GUARDED_BY(mutex_) = 0;  // of the window
  bool delivering_ STAMPEDE_GUARDED_BY(mutex_) = false;      // some thread is in deliver()
  bool paused_ STAMPEDE_GUARDED_BY(mutex_) = false;          // until the next step
  bool fault_is_told_ STAMPEDE_GUARDED_BY(mutex_) = false;   // of this process
  std::unique_ptr<web_requests::WebRequests> requests_;      // its threads use all above
};

}  // namespace stampede::schedules

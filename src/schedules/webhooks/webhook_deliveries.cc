#include "schedules/webhooks/webhook_deliveries.h"

#include <exception>
#include <set>
#include <thread>
#include <utility>
#include <vector>

#include "repositories/storage_error.h"
#include "telemetry/log.h"

namespace stampede::schedules {

using repositories::StorageError;

void WebhookDeliveries::step() {
  const Now now = parts_.clock();
  // One endpoint that cannot be used keeps no other waiting.
  std::exception_ptr failure;
  if (now.tick >= next_look_) failure = look(now);
  const auto ends = endpoints_.empty() ? std::vector<std::int64_t>{} : parts_.history.ends();
  std::int64_t pending = 0;
  for (auto& [id, deliveries] : endpoints_) {
    try {
      deliveries->step(ends);
      if (deliveries->outdated()) next_look_ = {};
    } catch (const std::exception&) {
      if (!failure) failure = std::current_exception();
    }
    pending += static_cast<std::int64_t>(deliveries->pending());
  }
  pending_ = pending;
  if (failure) std::rethrow_exception(failure);
}

std::exception_ptr WebhookDeliveries::look(Now now) {
  const auto listed = parts_.webhooks.list();
  std::set<WebhookId> wanted;
  std::exception_ptr failure;
  for (const WebhookEndpoint& endpoint : listed) {
    if (endpoint.disabled_at) continue;
    wanted.insert(endpoint.id);
    try {
      join(endpoint);
    } catch (const std::exception&) {
      if (!failure) failure = std::current_exception();
    }
  }
  for (auto each = endpoints_.begin(); each != endpoints_.end();) {
    if (wanted.contains(each->first)) {
      ++each;
      continue;
    }
    leave(std::move(each->second));
    each = endpoints_.erase(each);
  }
  enabled_ = static_cast<std::int64_t>(wanted.size());
  disabled_ = static_cast<std::int64_t>(listed.size() - wanted.size());
  next_look_ = now.tick + kLookPeriod;
  return failure;
}

void WebhookDeliveries::join(const WebhookEndpoint& endpoint) {
  const auto known = endpoints_.find(endpoint.id);
  const bool is_new = known == endpoints_.end();
  if (!is_new && known->second->revision() == endpoint.revision && !known->second->outdated()) {
    return;
  }
  const auto progress = parts_.webhooks.progress(endpoint.id);
  // It was changed between the two: the next look sees both.
  if (!progress || progress->revision != endpoint.revision) return;
  if (!is_new) return known->second->renew(endpoint, *progress);
  endpoints_[endpoint.id] =
      std::make_unique<EndpointDeliveries>(endpoint, *progress,
                                           EndpointDeliveries::Parts{.webhooks = parts_.webhooks,
                                                                     .history = parts_.history,
                                                                     .counts = counts_,
                                                                     .clock = parts_.clock},
                                           parts_.make_requests(endpoint));
}

void WebhookDeliveries::leave(std::unique_ptr<EndpointDeliveries> gone) {
  // Where the queue is full it is ended here, and the others wait.
  const bool queued = leaving_.submit([going = std::move(gone)]() mutable { going.reset(); });
  static_cast<void>(queued);
}

void WebhookDeliveries::rest() {
  if (endpoints_.empty() && enabled_ == 0 && disabled_ == 0) return;
  for (auto& [id, deliveries] : std::exchange(endpoints_, {})) leave(std::move(deliveries));
  pending_ = enabled_ = disabled_ = 0;
  next_look_ = {};
}

void WebhookDeliveries::stop() {
  {
    std::vector<std::jthread> stopping;
    for (auto& [id, deliveries] : endpoints_) {
      stopping.emplace_back([&each = *deliveries] { each.stop(); });
    }
  }
  for (auto& [id, deliveries] : std::exchange(endpoints_, {})) {
    try {
      deliveries->write_rest();
    } catch (const StorageError& error) {
      telemetry::log_warning("deliveries of a webhook are made again", "webhook={} reason=\"{}\"",
                             id.value, error.what());
    }
  }
  leaving_.stop();
}

}  // namespace stampede::schedules

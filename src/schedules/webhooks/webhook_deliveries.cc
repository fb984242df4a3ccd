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
    if (ends_soon_) break;
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
    if (ends_soon_) return failure;
    wanted.insert(endpoint.id);
    try {
      join(endpoint);
    } catch (const std::exception&) {
      if (!failure) failure = std::current_exception();
    }
  }
  Gone gone;
  for (auto each = endpoints_.begin(); each != endpoints_.end();) {
    if (wanted.contains(each->first)) {
      ++each;
      continue;
    }
    gone.push_back(std::move(each->second));
    each = endpoints_.erase(each);
  }
  leave(std::move(gone));
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

void WebhookDeliveries::leave(Gone gone) {
  if (gone.empty()) return;
  {
    const concurrency::MutexLock lock(mutex_);
    for (auto& each : gone) leaving_.push_back(std::move(each));
  }
  // Where the queue is full, a task that waits in it ends these too.
  const bool queued = ending_.submit([this] { end(take_leaving()); });
  static_cast<void>(queued);
}

WebhookDeliveries::Gone WebhookDeliveries::take_leaving() {
  const concurrency::MutexLock lock(mutex_);
  return std::exchange(leaving_, {});
}

void WebhookDeliveries::end(const Gone& gone) const {
  {
    std::vector<std::jthread> stopping;
    for (const auto& each : gone) stopping.emplace_back([&each] { each->stop(); });
  }
  write_rest(gone);
}

void WebhookDeliveries::write_rest(const Gone& gone) const {
  const Tick began = parts_.clock().tick;
  for (const auto& each : gone) {
    if (parts_.clock().tick - began >= kWritingRest) {
      telemetry::log_warning("deliveries of webhooks are made again", "reason=\"no time is left\"");
      return;
    }
    bool away = false;
    try {
      each->write_rest();
    } catch (const std::exception& error) {
      telemetry::log_warning("deliveries of a webhook are made again", "webhook={} reason=\"{}\"",
                             each->id().value, error.what());
      const auto* const storage = dynamic_cast<const StorageError*>(&error);
      away = storage != nullptr && storage->kind() == StorageError::Kind::kUnreachable;
    }
    if (away) return;  // the others would wait for it as long
  }
}

void WebhookDeliveries::rest() {
  if (endpoints_.empty() && enabled_ == 0 && disabled_ == 0) return;
  Gone gone;
  for (auto& [_, deliveries] : std::exchange(endpoints_, {})) gone.push_back(std::move(deliveries));
  leave(std::move(gone));
  pending_ = enabled_ = disabled_ = 0;
  next_look_ = {};
}

void WebhookDeliveries::stop() {
  end_soon();
  Gone gone = take_leaving();
  for (auto& [_, deliveries] : std::exchange(endpoints_, {})) gone.push_back(std::move(deliveries));
  end(gone);
  ending_.stop();  // what it had begun to end is over by now, too
}

}  // namespace stampede::schedules

#include "schedules/webhooks/endpoint_deliveries.h"

#include <fmt/format.h>

#include <charconv>
#include <exception>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "identity/random.h"
#include "repositories/storage_error.h"
#include "services/webhooks/message.h"
#include "services/webhooks/signing.h"
#include "telemetry/log.h"

namespace stampede::schedules {
namespace {

using concurrency::MutexLock;
using repositories::StorageError;
using std::chrono::milliseconds;
using std::chrono::seconds;

/// Events and orders that one transaction reads.
constexpr std::size_t kAtOnce = 1'000;
/// Each write waits for the disk, in the database of the sale.
constexpr milliseconds kWritePeriod{500};
/// Where a cursor has moved, and nothing was delivered.
constexpr milliseconds kIdleWritePeriod{2'000};
/// For all of an attempt: the standard proposes 15 to 30 s.
constexpr seconds kTimeout{15};

void check_secret(const WebhookEndpoint& endpoint, const std::string& secret, const char* column) {
  if (services::webhooks::secret_bytes(secret)) return;
  throw StorageError(StorageError::Kind::kOther,
                     fmt::format("table webhook_endpoints, row {}: {} is none that a stampede "
                                 "writes",
                                 endpoint.id.value, column));
}

/// Both sign, on threads that may not throw.
void check_secrets(const WebhookEndpoint& endpoint) {
  check_secret(endpoint, endpoint.secret, "secret");
  if (endpoint.previous_secret.empty()) return;
  check_secret(endpoint, endpoint.previous_secret, "previous_secret");
}

/// Whether this process has failed, which says nothing of the receiver.
bool is_own(web_requests::Failure failure) {
  using web_requests::Failure;
  return failure == Failure::kStopped || failure == Failure::kQueueFull ||
         failure == Failure::kNotBegun || failure == Failure::kBreakerOpen;
}

/// The seconds of `Retry-After`; a date, which it may be too, is left out.
std::optional<seconds> retry_after(const web_requests::Response& response) {
  const std::string_view text = response.header("retry-after");
  std::int32_t number = 0;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), number);
  if (error != std::errc{} || stopped != text.end() || number < 0) return std::nullopt;
  return seconds{number};
}

double draw() {
  return static_cast<double>(identity::random_number()) /
         static_cast<double>(std::numeric_limits<std::uint64_t>::max());
}

}  // namespace

EndpointDeliveries::EndpointDeliveries(const WebhookEndpoint& endpoint,
                                       const repositories::WebhookProgress& progress,
                                       const Parts& parts,
                                       std::unique_ptr<web_requests::WebRequests> requests)
    : parts_(parts), id_(endpoint.id), requests_(std::move(requests)) {
  renew(endpoint, progress);
}

void EndpointDeliveries::renew(const WebhookEndpoint& endpoint,
                               const repositories::WebhookProgress& progress) {
  check_secrets(endpoint);
  const MutexLock lock(mutex_);
  endpoint_ = std::make_shared<const WebhookEndpoint>(endpoint);
  window_.emplace(endpoint, progress);
  ++generation_;
  revision_ = progress.revision;
  unwritten_.reset();
  outdated_ = false;
}

std::size_t EndpointDeliveries::pending() const {
  const MutexLock lock(mutex_);
  return window_->pending();
}

void EndpointDeliveries::step(std::span<const std::int64_t> ends) {
  const Now now = parts_.clock();
  write(now);
  if (outdated_) return;
  read(ends);
  read_due(now);
  {
    const MutexLock lock(mutex_);
    paused_ = false;
  }
  deliver();
}

/// False: it is outdated.
bool EndpointDeliveries::record(const repositories::WebhookRecord& record) {
  if (!parts_.webhooks.record(id_, record)) return false;
  for (const WebhookAttempt& each : record.attempts) {
    if (each.failure != WebhookAttempt::kGivenUp) continue;
    telemetry::log_warning("an event of a webhook is given up", "webhook={} event={}", id_.value,
                           services::webhooks::id_of(each.place));
  }
  if (record.disabled) {
    telemetry::log_warning("webhook disabled", "webhook={} reason=\"{}\"", id_.value,
                           *record.disabled);
  }
  return true;
}

void EndpointDeliveries::write(Now now) {
  if (outdated_) return;
  if (!unwritten_) {
    const MutexLock lock(mutex_);
    const auto period = window_->has_results() ? kWritePeriod : kIdleWritePeriod;
    if (!window_->over() && now.tick - written_at_ < period) return;
    unwritten_ = window_->take_record(now.wall);
    if (!unwritten_) return;
  }
  outdated_ = !record(*unwritten_);
  unwritten_.reset();
  written_at_ = now.tick;
}

void EndpointDeliveries::read(std::span<const std::int64_t> ends) {
  for (std::size_t i = 0; i < ends.size(); ++i) {
    const auto shard = static_cast<std::int32_t>(i);
    std::optional<std::int64_t> after;
    {
      const MutexLock lock(mutex_);
      if (shard >= window_->shards()) break;  // known once it is renewed
      after = window_->read_after(shard);
    }
    if (!after || *after >= ends[i]) continue;
    const auto page = parts_.history.since(shard, *after, kAtOnce);
    const MutexLock lock(mutex_);
    window_->add(shard, page);
  }
}

void EndpointDeliveries::read_due(Now now) {
  std::vector<WebhookPlace> places;
  {
    const MutexLock lock(mutex_);
    places = window_->due(now.wall);
  }
  std::size_t read = 0;
  try {
    for (; read < places.size(); ++read) {
      const auto entry = parts_.history.find(places[read].shard, places[read].seq);
      const MutexLock lock(mutex_);
      window_->add_due(places[read], entry);
    }
  } catch (const StorageError&) {
    const MutexLock lock(mutex_);
    for (; read < places.size(); ++read) window_->put_back(places[read]);
    throw;
  }
}

/// One thread at a time begins attempts. Whatever another one has made possible meanwhile, this one
/// sees; so no attempt that ends at once leads deeper.
void EndpointDeliveries::deliver() {
  for (bool first = true;; first = false) {
    std::optional<services::webhooks::Delivery> delivery;
    std::shared_ptr<const WebhookEndpoint> endpoint;
    std::int64_t generation = 0;
    {
      const MutexLock lock(mutex_);
      if (first && delivering_) return;
      delivering_ = false;
      if (paused_) return;
      delivery = window_->begin();
      if (!delivery) return;
      delivering_ = true;
      endpoint = endpoint_;
      generation = generation_;
    }
    try {
      send(*delivery, *endpoint, generation);
    } catch (const std::exception& error) {
      take_back(delivery->place, generation, error.what());
      const MutexLock lock(mutex_);
      delivering_ = false;
      throw;
    }
  }
}

/// On a thread of the requests, which may not throw. take_back() has said what it was.
void EndpointDeliveries::deliver_or_say() try { deliver(); } catch (const std::exception&) {
}

void EndpointDeliveries::send(const services::webhooks::Delivery& delivery,
                              const WebhookEndpoint& endpoint, std::int64_t generation) {
  const Now now = parts_.clock();
  const std::string id = services::webhooks::id_of(delivery.place);
  std::string body = services::webhooks::body_of(delivery.entry);
  const auto timestamp = std::chrono::floor<seconds>(now.wall).time_since_epoch().count();
  web_requests::Request request{
      .method = "POST",
      .url = endpoint.url,
      .headers = {{"Content-Type", "application/json"},
                  {"webhook-id", id},
                  {"webhook-timestamp", std::to_string(timestamp)},
                  {"webhook-signature",
                   services::webhooks::signatures(endpoint, id, now.wall, body)}},
      .body = std::move(body),
      .timeout = kTimeout};
  requests_->send(std::move(request), [this, place = delivery.place, now,
                                       generation](const web_requests::Result& result) {
    take_result(place, now, generation, result);
  });
}

/// On a thread of the requests, or within send().
void EndpointDeliveries::take_result(WebhookPlace place, Now began, std::int64_t generation,
                                     const web_requests::Result& result) {
  if (!result && is_own(result.error().failure)) {
    return take_back(place, generation, to_string(result.error().failure));
  }
  count(result);
  const Now now = parts_.clock();
  {
    const MutexLock lock(mutex_);
    fault_is_told_ = false;
    if (generation == generation_) {
      services::webhooks::AttemptResult ended{
          .place = place,
          .began_at = began.wall,
          .duration = std::chrono::duration_cast<milliseconds>(now.tick - began.tick)};
      if (result) {
        ended.status = result->status;
        ended.retry_after = retry_after(*result);
      } else {
        ended.failure = to_string(result.error().failure);
      }
      window_->ended(ended, now.wall, draw());
    }
  }
  deliver_or_say();
}

/// By a fault of this process, or at its end: the next step tries again.
void EndpointDeliveries::take_back(WebhookPlace place, std::int64_t generation,
                                   std::string_view why) {
  const MutexLock lock(mutex_);
  paused_ = true;
  if (generation == generation_) window_->given_up(place);
  if (why == to_string(web_requests::Failure::kStopped) || fault_is_told_) return;
  fault_is_told_ = true;
  telemetry::log_warning("webhook is not delivered to by a fault of this process",
                         "webhook={} reason=\"{}\"", id_.value, why);
}

void EndpointDeliveries::count(const web_requests::Result& result) {
  const bool acknowledged = result && result->status >= 200 && result->status < 300;
  auto& counter = acknowledged ? parts_.counts.acknowledged
                  : result     ? parts_.counts.refused
                               : parts_.counts.unanswered;
  counter.add();
}

void EndpointDeliveries::stop() { requests_->stop(); }

void EndpointDeliveries::write_rest() {
  if (outdated_) return;
  if (unwritten_) outdated_ = !record(*std::exchange(unwritten_, {}));
  if (outdated_) return;
  std::optional<repositories::WebhookRecord> rest;
  {
    const MutexLock lock(mutex_);
    rest = window_->take_record(parts_.clock().wall);
  }
  if (rest) outdated_ = !record(*rest);
}

}  // namespace stampede::schedules

#include "schedules/webhooks/endpoint_deliveries.h"

#include <fmt/format.h>

#include <charconv>
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

void check_secret(const WebhookEndpoint& endpoint) {
  if (services::webhooks::secret_bytes(endpoint.secret)) return;
  throw StorageError(StorageError::Kind::kOther,
                     fmt::format("table webhook_endpoints, row {}: secret is none that a stampede "
                                 "writes",
                                 endpoint.id.value));
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
  check_secret(endpoint);
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
  deliver();
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
  outdated_ = !parts_.webhooks.record(id_, *unwritten_);
  if (!outdated_ && unwritten_->disabled) {
    telemetry::log_warning("webhook disabled", "webhook={} reason=\"{}\"", id_.value,
                           *unwritten_->disabled);
  }
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

void EndpointDeliveries::deliver() {
  for (;;) {
    std::optional<services::webhooks::Delivery> delivery;
    std::shared_ptr<const WebhookEndpoint> endpoint;
    std::int64_t generation = 0;
    {
      const MutexLock lock(mutex_);
      delivery = window_->begin();
      endpoint = endpoint_;
      generation = generation_;
    }
    if (!delivery) return;
    send(*delivery, *endpoint, generation);
  }
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
  const bool stopped = !result && result.error().failure == web_requests::Failure::kStopped;
  if (!stopped) count(result);
  const Now now = parts_.clock();
  {
    const MutexLock lock(mutex_);
    if (generation == generation_ && stopped) window_->given_up(place);
    if (generation == generation_ && !stopped) {
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
  if (!stopped) deliver();
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
  if (unwritten_) outdated_ = !parts_.webhooks.record(id_, *std::exchange(unwritten_, {}));
  const MutexLock lock(mutex_);
  const auto record = window_->take_record(parts_.clock().wall);
  if (record && !outdated_) parts_.webhooks.record(id_, *record);
}

}  // namespace stampede::schedules

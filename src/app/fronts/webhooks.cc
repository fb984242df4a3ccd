#include "app/fronts/webhooks.h"

#include <limits>
#include <memory>
#include <utility>

#include "schedules/periods.h"
#include "web_requests/curl/curl_web_requests.h"

namespace stampede::app {
namespace {

using services::webhooks::DeliveryWindow;

std::unique_ptr<web_requests::WebRequests> requests_for(const Config& config) {
  const bool private_too = private_webhooks(config);
  return std::make_unique<web_requests::CurlWebRequests>(web_requests::CurlWebRequests::Options{
      .name = "webhook",
      .threads = DeliveryWindow::kAtOnce,
      .queue = 4 * DeliveryWindow::kAtOnce,  // an endpoint that begins again has some under way
      .response_bytes = 16UL * 1024,
      .status_alone = true,  // what a receiver says beside it is nothing to us
      .ca_file = config.webhooks.ca_file,
      // When to try again is the rules' to say (services/webhooks/backoff.h).
      .breaker = {.failures = std::numeric_limits<int>::max()},
      .public_addresses_only = !private_too,
      .plain_to_private = private_too});
}

}  // namespace

bool private_webhooks(const Config& config) {
  return config.webhooks.private_addresses == "allowed";
}

Webhooks::Webhooks(const Config& config, const repositories::sql::Repositories& storage,
                   std::function<bool()> leads)
    : leads_(std::move(leads)),
      deliveries_({.webhooks = storage.webhooks(),
                   .history = storage.order_history(),
                   .make_requests = [&config](const auto&) { return requests_for(config); },
                   .clock = read_clocks}) {}

void Webhooks::start() {
  schedule_.emplace("webhooks", schedules::kWebhookPeriod,
                    [this] { leads_() ? deliveries_.step() : deliveries_.rest(); });
}

void Webhooks::stop_schedule() {
  deliveries_.end_soon();
  if (schedule_) schedule_->stop();
}

void Webhooks::stop() {
  stop_schedule();
  deliveries_.stop();
}

void Webhooks::write_metrics(telemetry::PrometheusText& text) const {
  const auto& counts = deliveries_.counts();
  constexpr const char* kDeliveries = "stampede_webhook_deliveries_total";
  text.family(kDeliveries, "counter", "Attempts to deliver to webhooks, by how they ended.");
  text.value(kDeliveries, "result=\"acknowledged\"",
             static_cast<double>(counts.acknowledged.value()));
  text.value(kDeliveries, "result=\"refused\"", static_cast<double>(counts.refused.value()));
  text.value(kDeliveries, "result=\"unanswered\"", static_cast<double>(counts.unanswered.value()));
  text.family("stampede_webhook_pending", "gauge",
              "Events that were tried and not acknowledged, of all webhooks.");
  text.value("stampede_webhook_pending", "", static_cast<double>(deliveries_.pending()));
  text.family("stampede_webhooks", "gauge", "Webhooks, by whether they are delivered to.");
  text.value("stampede_webhooks", "state=\"enabled\"", static_cast<double>(deliveries_.enabled()));
  text.value("stampede_webhooks", "state=\"disabled\"",
             static_cast<double>(deliveries_.disabled()));
}

}  // namespace stampede::app

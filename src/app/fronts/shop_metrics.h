#pragma once

#include <span>
#include <string_view>

#include "consumers/order_consumer.h"
#include "http/server/server.h"
#include "queue/local/local_queue.h"
#include "queue/rabbitmq/rabbit_queue.h"
#include "queue/rabbitmq/rabbit_source.h"
#include "schedules/order_loading.h"
#include "services/accounts/accounts.h"
#include "services/purchase/checkout.h"
#include "services/validator/validator.h"
#include "telemetry/metrics.h"

namespace stampede::app {

/// Of all consumers of this process together.
void write_consumer_metrics(telemetry::PrometheusText& text,
                            std::span<const consumers::OrderConsumer* const> consumers);
/// Of all consumers of the broker's queues in this process together.
void write_source_metrics(telemetry::PrometheusText& text,
                          std::span<const queue::rabbitmq::RabbitSource* const> sources);
/// Of a publisher to the broker.
void write_publisher_metrics(telemetry::PrometheusText& text,
                             const queue::rabbitmq::RabbitQueue& queue);
void write_queue_metrics(telemetry::PrometheusText& text, const queue::local::LocalQueue& queue);
void write_checkout_metrics(telemetry::PrometheusText& text,
                            const services::purchase::Checkout& checkout);
/// Of a process that loads the orders from before its start.
void write_loading_metrics(telemetry::PrometheusText& text,
                           const schedules::OrderLoading::Progress& progress);
/// What a validator knows, and what it makes of its machine's clocks.
void write_validator_metrics(telemetry::PrometheusText& text,
                             const services::validator::Validator& validator, Now now);
/// Of a shop: operators are made by a command.
void write_registration_metrics(telemetry::PrometheusText& text,
                                const services::accounts::Accounts& accounts);
/// Names begin with `prefix`, "stampede" or "stampede_console": a process may have both.
void write_account_metrics(telemetry::PrometheusText& text, std::string_view prefix,
                           const services::accounts::Accounts& accounts);
/// Of a process that expires orders which were not paid in time.
void write_expiry_metrics(telemetry::PrometheusText& text, const telemetry::Counter& expired);
/// Of one listener: "shop", "check" (a validator's, whose peers forward to it) or "quantity".
void write_http_metrics(telemetry::PrometheusText& text, std::string_view listener,
                        const http::ServerStatistics& statistics);

}  // namespace stampede::app

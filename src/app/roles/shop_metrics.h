#pragma once

#include <string_view>

#include "consumers/order_consumer.h"
#include "http/server.h"
#include "queue/local/local_queue.h"
#include "services/purchase/checkout.h"
#include "telemetry/metrics.h"

namespace stampede::app {

void write_consumer_metrics(telemetry::PrometheusText& text,
                            const consumers::OrderConsumer& consumer);
void write_queue_metrics(telemetry::PrometheusText& text, const queue::local::LocalQueue& queue);
void write_checkout_metrics(telemetry::PrometheusText& text,
                            const services::purchase::Checkout& checkout);
void write_http_metrics(telemetry::PrometheusText& text, const http::ServerStatistics& statistics);

}  // namespace stampede::app

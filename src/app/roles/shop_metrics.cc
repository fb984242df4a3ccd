#include "app/roles/shop_metrics.h"

#include <fmt/format.h>

namespace stampede::app {
namespace {

using telemetry::PrometheusText;

void single(PrometheusText& text, std::string_view name, std::string_view type,
            std::string_view help, double value) {
  text.family(name, type, help);
  text.value(name, "", value);
}

}  // namespace

void write_consumer_metrics(PrometheusText& text, const consumers::OrderConsumer& consumer) {
  const auto& statistics = consumer.statistics();
  text.family("stampede_orders_total", "counter", "Orders written, by status.");
  text.value("stampede_orders_total", "status=\"success\"",
             static_cast<double>(statistics.orders.value()));
  text.value("stampede_orders_total", "status=\"failed\"",
             static_cast<double>(statistics.failed_orders.value()));
  single(text, "stampede_order_batches_total", "counter", "Transactions committed.",
         static_cast<double>(statistics.batches.value()));
  single(text, "stampede_order_batch_retries_total", "counter",
         "Transactions that failed and are tried again.",
         static_cast<double>(statistics.retries.value()));
  text.family("stampede_order_batch_seconds", "histogram", "From read to commit of one batch.");
  text.histogram("stampede_order_batch_seconds", "", statistics.batch_time.snapshot());
}

void write_queue_metrics(PrometheusText& text, const queue::local::LocalQueue& queue) {
  single(text, "stampede_queue_depth", "gauge", "Purchases waiting for the consumer.",
         static_cast<double>(queue.depth()));
}

void write_checkout_metrics(PrometheusText& text, const services::purchase::Checkout& checkout) {
  const auto statistics = checkout.statistics();
  single(text, "stampede_known_buyers", "gauge", "Buyers kept in memory.",
         static_cast<double>(statistics.known_buyers));
  single(text, "stampede_pending_purchases", "gauge", "Purchases queued and not settled.",
         static_cast<double>(statistics.waiting));
}

void write_http_metrics(PrometheusText& text, const http::ServerStatistics& statistics) {
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    single(text, fmt::format("stampede_http_{}_total", name), "counter", help,
           static_cast<double>(value));
  };
  single(text, "stampede_http_connections", "gauge", "Open connections of the shop.",
         static_cast<double>(statistics.connections_open));
  count("connections_accepted", "Connections accepted.", statistics.connections_accepted);
  count("connections_refused", "Connections over a cap.", statistics.connections_refused);
  count("accept_errors", "Failed accepts.", statistics.accept_errors);
  count("bad_requests", "Requests refused by the parser.", statistics.bad_requests);
  count("deadlines_missed", "Connections closed at a deadline.", statistics.deadlines_missed);
  count("requests", "Requests of the shop.", statistics.requests);
}

}  // namespace stampede::app

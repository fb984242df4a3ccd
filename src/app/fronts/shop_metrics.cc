#include "app/fronts/shop_metrics.h"

#include <fmt/format.h>

#include <array>
#include <string>

namespace stampede::app {
namespace {

using telemetry::PrometheusText;

void single(PrometheusText& text, std::string_view name, std::string_view type,
            std::string_view help, double value) {
  text.family(name, type, help);
  text.value(name, "", value);
}

/// Of orders that were there before this process started.
void write_orders_known(PrometheusText& text, std::int64_t loaded, bool complete) {
  single(text, "stampede_loaded_orders", "gauge",
         "Orders that this process has loaded, or was told of.", static_cast<double>(loaded));
  single(text, "stampede_orders_known", "gauge", "1: all orders from before the start are known.",
         complete ? 1 : 0);
}

}  // namespace

void write_consumer_metrics(PrometheusText& text,
                            std::span<const consumers::OrderConsumer* const> consumers) {
  std::uint64_t orders = 0, failed = 0, batches = 0, retries = 0, quarantined = 0;
  telemetry::Histogram::Snapshot batch_time;
  for (const consumers::OrderConsumer* consumer : consumers) {
    const auto& statistics = consumer->statistics();
    orders += statistics.orders.value();
    failed += statistics.failed_orders.value();
    batches += statistics.batches.value();
    retries += statistics.retries.value();
    quarantined += statistics.quarantined.value();
    batch_time += statistics.batch_time.snapshot();
  }
  text.family("stampede_orders_total", "counter",
              "Orders of committed transactions, by how they were created (one of a message that "
              "came twice counts twice).");
  text.value("stampede_orders_total", "status=\"success\"", static_cast<double>(orders));
  text.value("stampede_orders_total", "status=\"failed\"", static_cast<double>(failed));
  single(text, "stampede_order_batches_total", "counter", "Transactions committed.",
         static_cast<double>(batches));
  single(text, "stampede_order_batch_retries_total", "counter",
         "Transactions that failed and are tried again.", static_cast<double>(retries));
  single(text, "stampede_messages_quarantined_total", "counter",
         "Messages that this process put into quarantine.", static_cast<double>(quarantined));
  text.family("stampede_order_batch_seconds", "histogram", "From read to commit of one batch.");
  text.histogram("stampede_order_batch_seconds", "", batch_time);
}

void write_source_metrics(PrometheusText& text,
                          std::span<const queue::rabbitmq::RabbitSource* const> sources) {
  std::uint64_t deliveries = 0, redelivered = 0, messages = 0, connections = 0;
  for (const queue::rabbitmq::RabbitSource* source : sources) {
    const auto& statistics = source->statistics();
    deliveries += statistics.deliveries.value();
    redelivered += statistics.redelivered.value();
    messages += statistics.messages.value();
    connections += statistics.connections.value();
  }
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    single(text, fmt::format("stampede_source_{}_total", name), "counter", help,
           static_cast<double>(value));
  };
  count("deliveries", "Messages that the broker delivered, repeated ones too.", deliveries);
  count("redeliveries", "Those of them that had been delivered before.", redelivered);
  count("messages", "Purchases and markers in them.", messages);
  count("connections", "Connections opened: of each shard, all but the first are reconnects.",
        connections);
}

void write_expiry_metrics(PrometheusText& text, const telemetry::Counter& expired) {
  single(text, "stampede_holds_expired_total", "counter",
         "Orders that were expired because they were not paid in time.",
         static_cast<double>(expired.value()));
}

void write_publisher_metrics(PrometheusText& text, const queue::rabbitmq::RabbitQueue& queue) {
  const auto& statistics = queue.statistics();
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    single(text, fmt::format("stampede_publisher_{}_total", name), "counter", help,
           static_cast<double>(value));
  };
  count("messages", "Messages published, repeated ones too.", statistics.messages.value());
  count("purchases", "Purchases in them.", statistics.purchases.value());
  count("nacks", "Messages that the broker did not take.", statistics.nacks.value());
  count("returns", "Messages for which the broker had no queue.", statistics.returns.value());
  count("connections", "Connections opened.", statistics.connections.value());
  single(text, "stampede_publisher_unresolved", "gauge",
         "Purchases and markers of which the broker's word is not known.",
         static_cast<double>(queue.unresolved()));
  single(text, "stampede_publisher_connected", "gauge", "1: the broker takes purchases.",
         queue.connected() ? 1 : 0);
  single(text, "stampede_publisher_unusable_shards", "gauge",
         "Queues that have other arguments than a sale needs: their purchases are refused.",
         static_cast<double>(queue.unusable_shards()));
  text.family("stampede_publisher_confirm_seconds", "histogram", "From publish to confirm.");
  text.histogram("stampede_publisher_confirm_seconds", "", statistics.confirm_time.snapshot());
}

void write_queue_metrics(PrometheusText& text, const queue::local::LocalQueue& queue) {
  single(text, "stampede_queued_purchases", "gauge", "Purchases waiting for the consumer.",
         static_cast<double>(queue.depth()));
}

void write_checkout_metrics(PrometheusText& text, const services::purchase::Checkout& checkout) {
  const auto statistics = checkout.statistics();
  single(text, "stampede_units_in_memory", "gauge", "Units that this process may sell now.",
         static_cast<double>(checkout.catalog().available()));
  single(text, "stampede_known_buyers", "gauge", "Buyers kept in memory.",
         static_cast<double>(statistics.known_buyers));
  single(text, "stampede_pending_purchases", "gauge", "Purchases queued and not settled.",
         static_cast<double>(statistics.waiting));
}

void write_loading_metrics(PrometheusText& text,
                           const schedules::OrderLoading::Progress& progress) {
  write_orders_known(text, progress.known, progress.complete);
  single(text, "stampede_order_numbers_to_load", "gauge",
         "Order numbers that it still has to look at; until then no buyer is told no.",
         static_cast<double>(progress.left));
}

void write_validator_metrics(PrometheusText& text, const services::validator::Validator& validator,
                             Now now) {
  write_orders_known(text, static_cast<std::int64_t>(validator.orders_told()),
                     !validator.loading());
  single(text, "stampede_start_overs_total", "counter",
         "Times that the database had lost its last commits, and all orders were read again.",
         static_cast<double>(validator.start_overs()));
  const auto& clocks = validator.clocks();
  single(text, "stampede_clock_ahead_seconds", "gauge",
         "How far the wall clock is ahead of the database's.",
         std::chrono::duration<double>(clocks.ahead(now)).count());
  single(text, "stampede_clock_believed", "gauge",
         "0: the wall clock is wrong, or jumped: nobody is told no.",
         clocks.read(now).clock == services::purchase::Attempt::Clock::kTrusted ? 1 : 0);
}

void write_registration_metrics(PrometheusText& text,
                                const services::accounts::Accounts& accounts) {
  single(text, "stampede_registrations_total", "counter", "Accounts made.",
         static_cast<double>(accounts.statistics().registered));
}

void write_account_metrics(PrometheusText& text, std::string_view prefix,
                           const services::accounts::Accounts& accounts) {
  // By AccountError.
  static constexpr std::array<std::string_view, services::accounts::kAccountErrors> kReasons{
      "bad-name",    "bad-password", "name-taken", "wrong-login",
      "code-needed", "throttled",    "overloaded", "storage"};
  const auto statistics = accounts.statistics();
  single(text, fmt::format("{}_logins_total", prefix), "counter", "Logins with the right password.",
         static_cast<double>(statistics.logged_in));
  const std::string refusals = fmt::format("{}_account_refusals_total", prefix);
  text.family(refusals, "counter", "Registrations, logins and new passwords refused, by reason.");
  for (std::size_t i = 0; i < kReasons.size(); ++i) {
    text.value(refusals, fmt::format("reason=\"{}\"", kReasons[i]),
               static_cast<double>(statistics.refused[i]));
  }
}

void write_http_metrics(PrometheusText& text, std::string_view listener,
                        const http::ServerStatistics& statistics) {
  const std::string labels = fmt::format("listener=\"{}\"", listener);
  const auto family = [&](std::string_view name, std::string_view type, std::string_view help,
                          std::uint64_t value) {
    text.family(name, type, help);
    text.value(name, labels, static_cast<double>(value));
  };
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    family(fmt::format("stampede_http_{}_total", name), "counter", help, value);
  };
  family("stampede_http_connections", "gauge", "Open connections.", statistics.connections_open);
  count("connections_accepted", "Connections accepted.", statistics.connections_accepted);
  count("connections_refused", "Connections over a cap.", statistics.connections_refused);
  count("connections_closed_idle", "Connections that waited, closed to make room for others.",
        statistics.connections_closed_idle);
  count("accept_errors", "Failed accepts.", statistics.accept_errors);
  count("bad_requests", "Requests refused by the parser.", statistics.bad_requests);
  count("deadlines_missed", "Connections closed at a deadline.", statistics.deadlines_missed);
  count("requests", "Requests.", statistics.requests);
}

}  // namespace stampede::app

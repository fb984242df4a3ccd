#include "controllers/console/orders/order_export.h"

#include <exception>
#include <utility>

#include "controllers/background.h"
#include "controllers/console/orders/order_query.h"
#include "controllers/page_response.h"
#include "telemetry/log.h"
#include "views/console/csv.h"

namespace stampede::controllers {
namespace {

constexpr std::int64_t kRetryAfterMs = 10'000;

http::Response head_of(Now now) {
  std::string time = format_rfc3339(now.wall).substr(0, 19);  // 2026-11-22T08:24:00
  std::erase(time, ':');                                      // which Windows allows in no name
  http::Response head;
  head.content_type = views::CsvLine::kContentType;
  head.with("Content-Disposition", "attachment; filename=\"orders-" + time + "Z.csv\"")
      .with("Cache-Control", "no-store");
  return head;
}

std::string lines_of(repositories::FoundOrders& found) {
  std::string lines;
  for (auto& order : found.orders) views::append_csv(lines, shown(std::move(order)));
  return lines;
}

http::Response busy() {
  http::Response response = http::problem(
      503, "busy", "Two exports are under way already. Try again when one of them has ended.");
  response.with("Retry-After", http::retry_after_seconds(kRetryAfterMs))
      .with("Cache-Control", "no-store");
  return response;
}

}  // namespace

void OrderExport::add_routes(http::Router& router, OperatorGuard& guard) {
  guard.get_stream(router, "/orders.csv",
                   [this, &guard](const http::Request& request, const auto& who, Now now,
                                  http::Responder responder) {
                     begin(request, who.id, now, std::move(responder), guard);
                   });
}

void OrderExport::begin(const http::Request& request, UserId who, Now now,
                        http::Responder responder, const OperatorGuard& guard) {
  const auto filter = services::orders::parse(order_query_of(request));
  if (!filter) {
    std::string message;
    for (const std::string& error : filter.error()) message += error + " ";
    return responder(page(400, services_.console.message({"No such search", message})));
  }
  auto place = places_.take({who, request.client_address});
  if (!place) return responder(busy());
  // The pool never refuses: it has room for as many tasks as there are places.
  Job job{std::move(*place), *filter, std::string(OperatorGuard::cookie_of(request)),
          std::move(responder)};
  (void)pool_.submit(
      [this, &guard, now, job = std::move(job)]() mutable { write(std::move(job), now, guard); });
}

void OrderExport::write(Job job, Now now, const OperatorGuard& guard) {
  bool answered = false;
  std::size_t orders = 0;
  try {
    auto found = services_.archive.find(job.filter, {}, kOrdersPerPage);
    // From here on an error can only cut the connection: the stream does so when it is destroyed.
    answered = true;
    auto stream = job.responder.stream_from_anywhere(head_of(now), http::AtDrain::kCut);
    bool written = stream.write_when_room(views::orders_csv_heading(), kPatience);
    for (;;) {
      orders += found.orders.size();
      const std::string lines = lines_of(found);
      if (written && !lines.empty()) written = stream.write_when_room(lines, kPatience);
      if (!written || stopping_ || stream.closed()) break;
      if (!found.continue_before) return stream.end();
      if (!guard.operator_of(job.cookie, clock_().wall)) break;
      found = services_.archive.find(job.filter, found.continue_before, kOrdersPerPage);
    }
    telemetry::log_info("export cut short", "orders={}", orders);
  } catch (const std::exception& error) {
    telemetry::log_error("export failed", "orders={} error={}", orders, error.what());
    if (!answered) job.responder.reply_from_anywhere(unavailable());
  }
}

void OrderExport::stop() {
  stopping_ = true;
  pool_.stop();
}

void OrderExport::write_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_console_exports", "gauge", "Exports of orders under way.");
  text.value("stampede_console_exports", "", static_cast<double>(places_.taken()));
}

}  // namespace stampede::controllers

#include "controllers/console/live/live_controller.h"

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <map>
#include <utility>

#include "controllers/console/live/live_json.h"
#include "controllers/console/live/live_view.h"
#include "controllers/json_response.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"

namespace stampede::controllers {
namespace {

using services::live::Sample;

std::optional<SaleId> sale_of(const http::Request& request) {
  return parse_id<SaleId>(request.path_parameters.at(0));
}

}  // namespace

void LiveController::add_routes(http::Router& router) {
  OperatorGuard& guard = services_.guard;
  using Operator = OperatorGuard::Operator;
  guard.get(router, "/sales/{id}/live",
            [this](const http::Request& request, const Operator&, Now now) {
              return live_page(request, now);
            });
  guard.get(router, "/sales/{id}/report",
            [this](const http::Request& request, const Operator&, Now now) {
              return report(request, now);
            });
  guard.get(
      router, "/sales/{id}/units", [this](const http::Request& request, const Operator&, Now) {
        const auto units = units_of(request);
        if (!units) return http::problem(404, "unknown-sale", "There is no sale of this number.");
        return std::move(json_response(200, to_json(*units)).with("Cache-Control", "no-store"));
      });
  guard.get_stream(router, "/sales/{id}/live/events",
                   [this](const http::Request& request, const Operator& who, Now now,
                          http::Responder responder) {
                     open_stream(request, who.id, now, std::move(responder));
                   });
}

std::optional<repositories::PositionByHolder> LiveController::units_of(
    const http::Request& request) const {
  const auto sale = sale_of(request);
  return sale ? services_.sampler.units(*sale) : std::nullopt;
}

views::SaleHeading LiveController::heading_of(const repositories::PositionByHolder& units,
                                              Instant now) const {
  return {.sale = units.sale,
          .product_name = services_.product_name(units.sale.product),
          .status = units.status(now)};
}

http::Response LiveController::unknown_sale() const {
  return page(404,
              services_.messages.message({"No such sale", "There is no sale of this number."}));
}

http::Response LiveController::live_page(const http::Request& request, Now now) const {
  const auto units = units_of(request);
  if (!units) return unknown_sale();
  return page(200, services_.pages.live({heading_of(*units, now.wall), table_of(*units)}));
}

http::Response LiveController::report(const http::Request& request, Now now) const {
  const auto units = units_of(request);
  if (!units) return unknown_sale();
  views::ReportPage shown = report_of(services_.sampler.statistics(units->sale));
  shown.heading = heading_of(*units, now.wall);
  shown.units = table_of(*units);
  shown.made_at = now.wall;
  return page(200, services_.pages.report(shown));
}

void LiveController::open_stream(const http::Request& request, UserId user, Now now,
                                 http::Responder responder) {
  const auto sale = sale_of(request);
  if (!sale) {
    return responder(http::problem(404, "unknown-sale", "There is no sale of this number."));
  }
  const std::string cookie(OperatorGuard::cookie_of(request));
  viewers_.open(std::move(responder), {user, request.client_address}, cookie, now.tick,
                {.sale = *sale, .cookie = cookie});
}

void LiveController::send_samples() {
  const Now now = clock_();
  // Even while the database is away, streams are kept open, and end when their session has ended.
  auto& viewers = viewers_.refresh(now.tick, [&](const Viewer& viewer) {
    return services_.guard.operator_of(viewer.topic.cookie, now.wall) == viewer.stream.user();
  });
  const auto seen = services_.sampler.tick(now);
  std::map<SaleId, Update> updates;
  for (Viewer& viewer : viewers) {
    const SaleId sale = viewer.topic.sale;
    auto found = updates.find(sale);
    if (found == updates.end()) found = updates.emplace(sale, update_of(sale, seen)).first;
    send_update(viewer, found->second, now);
  }
  services_.sampler.save();
}

LiveController::Update LiveController::update_of(SaleId sale, const std::vector<Seen>& seen) const {
  Update update{.watched = services_.sampler.watches(sale)};
  const auto own =
      std::ranges::find_if(seen, [&](const Seen& each) { return each.units.sale.id == sale; });
  if (own == seen.end()) return update;
  boost::json::object sample = to_json(*own);
  sample["sales_watched"] = seen.size();
  update.sample = event_text("sample", boost::json::serialize(sample));
  return update;
}

void LiveController::send_update(Viewer& viewer, Update& update, Now now) {
  if (!update.watched) return end_unless_upcoming(viewer, now);
  if (!viewer.topic.has_history) send_history(viewer, update, now.tick);
  if (!update.sample.empty()) viewer.stream.send(update.sample, now.tick);
}

void LiveController::send_history(Viewer& viewer, Update& update, Tick now) {
  if (update.history.empty()) {
    auto samples = services_.sampler.history(viewer.topic.sale).value_or(std::vector<Sample>{});
    update.history = event_text("history", history_json(std::move(samples), kMostHistoryBytes));
  }
  viewer.stream.send(update.history, now);
  viewer.topic.has_history = true;
}

void LiveController::end_unless_upcoming(Viewer& viewer, Now now) {
  if (!viewer.topic.has_history) {
    if (std::exchange(viewer.topic.asked, true)) return;
    const auto units = services_.sampler.units(viewer.topic.sale);
    if (units && !units->sale.ended(now.wall)) return;
  }
  viewer.stream.send(event_text("over", "{}"), now.tick);
  viewer.stream.end();
}

void LiveController::write_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_console_live_streams", "gauge", "Live views of sales that are open.");
  text.value("stampede_console_live_streams", "", static_cast<double>(viewers_.size()));
}

}  // namespace stampede::controllers

#include "controllers/console/live_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
#include <iterator>
#include <map>
#include <utility>

#include "controllers/background.h"
#include "controllers/console/live_json.h"
#include "controllers/console/live_view.h"
#include "controllers/json_response.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"

namespace stampede::controllers {
namespace {

using services::live::Sample;

std::string event(std::string_view name, std::string_view data) {
  return fmt::format("event: {}\ndata: {}\n\n", name, data);
}

/// Milliseconds after which the page connects again when the connection is lost. It differs between
/// sessions, so that not every page returns at the same moment.
std::size_t retry_after(std::string_view cookie) {
  constexpr std::size_t kEarliest = 1'000;
  constexpr std::size_t kSpread = 1'000;
  return kEarliest + std::hash<std::string_view>{}(cookie) % kSpread;
}

http::Response stream_head() {
  http::Response head;
  head.content_type = "text/event-stream";
  head.with("Cache-Control", "no-store")
      .with("X-Content-Type-Options", "nosniff")
      .with("X-Accel-Buffering", "no");  // nginx would keep events until its buffer is full
  return head;
}

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
  guard.get_stream(
      router, "/sales/{id}/live/events",
      [this](const http::Request& request, const Operator& who, Now now,
             http::Responder responder) { follow(request, who.id, now, std::move(responder)); });
}

std::optional<repositories::SaleUnits> LiveController::units_of(
    const http::Request& request) const {
  const auto sale = sale_of(request);
  return sale ? services_.feed.units(*sale) : std::nullopt;
}

views::SaleHeading LiveController::heading_of(const repositories::SaleUnits& units,
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
  views::ReportPage shown = report_of(services_.feed.statistics(units->sale));
  shown.heading = heading_of(*units, now.wall);
  shown.units = table_of(*units);
  shown.made_at = now.wall;
  return page(200, services_.pages.report(shown));
}

void LiveController::follow(const http::Request& request, UserId user, Now now,
                            http::Responder responder) {
  const auto sale = sale_of(request);
  if (!sale) {
    return responder(http::problem(404, "unknown-sale", "There is no sale of this number."));
  }
  auto place = places_.take(user);
  if (!place) return responder(unavailable());
  std::string cookie(request.cookie(OperatorGuard::kCookie));
  auto stream = responder.stream_from_anywhere(stream_head());
  stream.write(fmt::format("retry: {}\n\n", retry_after(cookie)));
  const concurrency::MutexLock guard(mutex_);
  arrived_.push_back({std::move(*place), *sale, std::move(cookie), std::move(stream), now.tick});
}

void LiveController::tick() {
  const Now now = clock_();
  tend(now);
  const auto seen = services_.feed.tick(now);
  std::map<SaleId, News> news;
  for (Viewer& viewer : viewers_) {
    auto found = news.find(viewer.sale);
    if (found == news.end()) found = news.emplace(viewer.sale, news_of(viewer.sale, seen)).first;
    tell(viewer, found->second, now);
  }
  services_.feed.save();
}

/// Runs before the database is asked: even while it is away, proxies must not close the streams,
/// and streams whose session has ended must be closed.
void LiveController::tend(Now now) {
  {
    const concurrency::MutexLock guard(mutex_);
    viewers_.insert(viewers_.end(), std::move_iterator(arrived_.begin()),
                    std::move_iterator(arrived_.end()));
    arrived_.clear();
  }
  for (Viewer& viewer : viewers_) {
    const bool logged_in =
        services_.guard.operator_of(viewer.cookie, now.wall) == viewer.place.buyer();
    if (!logged_in) viewer.stream.end();
    if (now.tick - viewer.last_sent < kKeepAlive) continue;
    viewer.stream.write(": keep-alive\n\n");
    viewer.last_sent = now.tick;
  }
  std::erase_if(viewers_, [](const Viewer& viewer) { return viewer.stream.closed(); });
}

LiveController::News LiveController::news_of(SaleId sale, const std::vector<Seen>& seen) const {
  News news{.watched = services_.feed.watches(sale)};
  const auto own =
      std::ranges::find_if(seen, [&](const Seen& each) { return each.units.sale.id == sale; });
  if (own == seen.end()) return news;
  boost::json::object sample = to_json(*own);
  sample["sales_watched"] = seen.size();
  news.sample = event("sample", boost::json::serialize(sample));
  return news;
}

void LiveController::tell(Viewer& viewer, News& news, Now now) {
  if (!news.watched) return end_unless_upcoming(viewer, now.wall);
  if (!viewer.has_history) greet(viewer, news);
  if (news.sample.empty()) return;
  viewer.stream.write(news.sample);
  viewer.last_sent = now.tick;
}

void LiveController::greet(Viewer& viewer, News& news) {
  if (news.history.empty()) {
    auto samples = services_.feed.history(viewer.sale).value_or(std::vector<Sample>{});
    news.history = event("history", history_json(std::move(samples), kMostHistoryBytes));
  }
  viewer.stream.write(news.history);
  viewer.has_history = true;
}

void LiveController::end_unless_upcoming(Viewer& viewer, Instant now) {
  if (!viewer.has_history) {
    if (std::exchange(viewer.asked, true)) return;
    const auto units = services_.feed.units(viewer.sale);
    if (units && !units->sale.ended(now)) return;
  }
  viewer.stream.write(event("over", "{}"));
  viewer.stream.end();
}

}  // namespace stampede::controllers

#include "controllers/console/orders/order_search_controller.h"

#include <fmt/format.h>

#include <string>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/console/orders/order_query.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"
#include "model/text/utf8.h"

namespace stampede::controllers {
namespace {

/// As it was typed, if it can stand in a page.
std::string typed(std::string text) { return is_utf8(text) ? std::move(text) : std::string(); }

/// As the form's own field writes it: 2026-11-22T08:24, in UTC.
std::string time_field(std::string text, const std::optional<Instant>& time) {
  if (!time) return typed(std::move(text));
  const std::string rfc3339 = format_rfc3339(*time);
  const bool whole_minute = rfc3339.ends_with(":00.000Z");
  return rfc3339.substr(0, whole_minute ? 16 : 23);
}

}  // namespace

void OrderSearchController::add_routes(http::Router& router, OperatorGuard& guard) {
  guard.get(router, "/orders",
            [this](const http::Request& request, const auto&, Now) { return search(request); });
  guard.get(router, "/orders/{number}", [this](const http::Request& request, const auto& who, Now) {
    return order(request, who);
  });
  guard.post(router, "/orders/{number}/cancel",
             [this](const http::Request& request, const auto& who, Now now) {
               return cancel(request, who, now);
             });
}

http::Response OrderSearchController::search(const http::Request& request) {
  auto query = order_query_of(request);
  const auto filter = services::orders::parse(query);
  views::OrderSearchPage shown_page{.number = typed(query.number),
                                    .sale = typed(query.sale),
                                    .buyer = typed(query.buyer),
                                    .status = typed(query.status),
                                    .from = typed(query.from),
                                    .to = typed(query.to)};
  OrderNumber before;
  if (const auto text = request.query_parameter("before")) {
    before = parse_id<OrderNumber>(*text).value_or(OrderNumber{});
    if (!before) shown_page.errors.push_back("Before: expected a whole number from 1.");
  }
  if (!filter) {
    const auto& errors = filter.error();
    shown_page.errors.insert(shown_page.errors.end(), errors.begin(), errors.end());
  }
  if (!shown_page.errors.empty()) return page(400, services_.pages.search(shown_page));

  shown_page.from = time_field(std::move(query.from), filter->from);
  shown_page.to = time_field(std::move(query.to), filter->to);
  auto found = services_.archive.find(*filter, before, kOrdersPerPage);
  const bool cut_short = found.orders.size() < kOrdersPerPage;
  for (auto& order : found.orders) shown_page.orders.push_back(shown(std::move(order)));
  shown_page.csv_url = address_of("/orders.csv", *filter);
  if (found.continue_before) {
    auto& url = cut_short ? shown_page.further_url : shown_page.older_url;
    url = address_of("/orders", *filter, found.continue_before);
  }
  return page(200, services_.pages.search(shown_page));
}

http::Response OrderSearchController::no_such_order() const {
  return page(404,
              services_.console.message({"No such order", "There is no order of this number."}));
}

http::Response OrderSearchController::order(const http::Request& request, const Operator& who) {
  const auto number = parse_id<OrderNumber>(request.path_parameters[0]);
  auto found = number ? services_.archive.find(*number) : std::nullopt;
  if (!found) return no_such_order();
  return page(200, services_.pages.order({.order = shown(*std::move(found)),
                                          .events = services_.operations.events_of(*number),
                                          .token = who.token,
                                          .error = {},
                                          .reason = {}}));
}

/// One that was cancelled before is as it should be.
http::Response OrderSearchController::cancel(const http::Request& request, const Operator& who,
                                             Now now) {
  const auto number = parse_id<OrderNumber>(request.path_parameters[0]);
  auto found = number ? services_.archive.find(*number) : std::nullopt;
  if (!found) return no_such_order();
  std::string reason = request.form_field("reason").value_or("");
  const auto cancelled =
      services_.operations.cancel(services_.journal.at_console(who.id, now), *number, reason);
  if (cancelled) return go_to(fmt::format("/orders/{}", number->value));
  return page(422, services_.pages.order({.order = shown(*std::move(found)),
                                          .events = services_.operations.events_of(*number),
                                          .token = who.token,
                                          .error = cancelled.error(),
                                          .reason = typed(std::move(reason))}));
}

}  // namespace stampede::controllers

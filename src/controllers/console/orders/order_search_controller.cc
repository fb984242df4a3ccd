#include "controllers/console/orders/order_search_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <string>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/console/catalog/form_values.h"
#include "controllers/console/orders/order_query.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"
#include "model/text/plain_text.h"
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

std::string address_of(OrderNumber number) { return fmt::format("/orders/{}", number.value); }

}  // namespace

void OrderSearchController::add_routes(http::Router& router, OperatorGuard& guard) {
  guard.get(router, "/orders",
            [this](const http::Request& request, const auto&, Now) { return search(request); });
  guard.get(router, "/orders/{number}", [this](const http::Request& request, const auto& who, Now) {
    return order(request, who);
  });
  const auto handle = [this](auto handler) {
    return [this, handler](const http::Request& request, const Operator& who, Now now) {
      return (this->*handler)(request, who, now);
    };
  };
  guard.post(router, "/orders/{number}/cancel", handle(&OrderSearchController::cancel));
  guard.post(router, "/orders/{number}/pay", handle(&OrderSearchController::pay));
  guard.post(router, "/orders/{number}/refund", handle(&OrderSearchController::refund));
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

std::optional<repositories::FoundOrder> OrderSearchController::order_of(
    const http::Request& request) {
  const auto number = parse_id<OrderNumber>(request.path_parameters[0]);
  return number ? services_.archive.find(*number) : std::nullopt;
}

views::OrderPage OrderSearchController::page_of(repositories::FoundOrder found,
                                                const Operator& who) {
  views::OrderPage shown_page{.order = shown(std::move(found)),
                              .events = {},
                              .token = who.token,
                              .error = {},
                              .reason = {}};
  const OrderNumber number = shown_page.order.order.number;
  shown_page.events = services_.operations.events_of(number);
  shown_page.payments = services_.operations.payments_of(number);
  shown_page.amount = price_text(shown_page.order.price_cents);
  return shown_page;
}

http::Response OrderSearchController::refused(views::OrderPage shown_page,
                                              std::string error) const {
  shown_page.error = typed(std::move(error));
  return page(422, services_.pages.order(shown_page));
}

http::Response OrderSearchController::order(const http::Request& request, const Operator& who) {
  auto found = order_of(request);
  if (!found) return no_such_order();
  return page(200, services_.pages.order(page_of(*std::move(found), who)));
}

/// One that was cancelled before is as it should be.
http::Response OrderSearchController::cancel(const http::Request& request, const Operator& who,
                                             Now now) {
  auto found = order_of(request);
  if (!found) return no_such_order();
  const OrderNumber number = found->line.order.number;
  std::string reason = request.form_field("reason").value_or("");
  const auto cancelled =
      services_.operations.cancel(services_.journal.at_console(who.id, now), number, reason);
  if (cancelled) return go_to(address_of(number));
  auto shown_page = page_of(*std::move(found), who);
  shown_page.reason = typed(std::move(reason));
  return refused(std::move(shown_page), cancelled.error());
}

/// The page tells what became of the payment. One that was recorded before is as it should be.
http::Response OrderSearchController::pay(const http::Request& request, const Operator& who,
                                          Now now) {
  auto found = order_of(request);
  if (!found) return no_such_order();
  const OrderNumber number = found->line.order.number;
  std::string reference = request.form_field("reference").value_or("");
  std::string amount = request.form_field("amount").value_or("");
  const auto cents = parse_price("amount", amount);
  std::string error = cents ? "" : cents.error();
  if (cents) {
    const auto paid = services_.operations.pay(services_.journal.at_console(who.id, now), number,
                                               {.reference = reference, .amount_cents = *cents});
    if (paid) return go_to(address_of(number));
    error = paid.error();
  }
  auto shown_page = page_of(*std::move(found), who);
  shown_page.reference = typed(std::move(reference));
  shown_page.amount = typed(std::move(amount));
  return refused(std::move(shown_page), std::move(error));
}

/// A payment that has gone back already is as it should be.
http::Response OrderSearchController::refund(const http::Request& request, const Operator& who,
                                             Now now) {
  auto found = order_of(request);
  if (!found) return no_such_order();
  const OrderNumber number = found->line.order.number;
  const std::string reference = request.form_field("reference").value_or("");
  auto shown_page = page_of(*std::move(found), who);
  if (std::ranges::find(shown_page.payments, reference, &Payment::reference) ==
      shown_page.payments.end()) {
    return refused(std::move(shown_page), fmt::format("reference: order {} has no payment {}",
                                                      number.value, in_quotes(reference)));
  }
  const auto refunded =
      services_.operations.refund(services_.journal.at_console(who.id, now), reference);
  if (refunded) return go_to(address_of(number));
  return refused(std::move(shown_page), refunded.error());
}

}  // namespace stampede::controllers

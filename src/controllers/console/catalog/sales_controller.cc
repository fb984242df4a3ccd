#include "controllers/console/catalog/sales_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/console/catalog/form_values.h"
#include "controllers/console/catalog/sale_rows.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"
#include "model/text/plain_text.h"

namespace stampede::controllers {
namespace {

views::SaleForm form_of(const http::Request& request) {
  const auto field = [&](std::string_view name) { return shown_again(typed(request, name)); };
  return {.product = field("product"),
          .price = field("price"),
          .quantity = field("quantity"),
          .limit = field("limit"),
          .starts_at = field("starts_at"),
          .ends_at = field("ends_at"),
          .captcha = request.form_field("captcha").has_value(),
          .hold_minutes = field("hold_minutes"),
          .known = field("known")};
}

/// As the form's field has it. The command line may have set seconds: they are kept as long as the
/// field is as it was shown.
std::string hold_text(const Sale& sale) {
  return sale.hold
             ? std::to_string(std::chrono::duration_cast<std::chrono::minutes>(*sale.hold).count())
             : "";
}

std::expected<std::optional<std::chrono::seconds>, std::string> parse_hold(
    const std::string& text) {
  if (text.empty()) return std::nullopt;
  constexpr std::int64_t kMost =
      std::chrono::duration_cast<std::chrono::minutes>(Sale::kLongestHold).count();
  const auto minutes = parse_count("hold for payment", text);
  if (!minutes) return std::unexpected(minutes.error());
  if (*minutes < 1 || *minutes > kMost) {
    return std::unexpected(fmt::format(
        "hold for payment: it is {} minutes; expected 1 to {}, or nothing", *minutes, kMost));
  }
  return std::chrono::minutes{*minutes};
}

views::SaleForm form_of(const Sale& sale) {
  return {.product = std::to_string(sale.product.value),
          .price = price_text(sale.price_cents),
          .quantity = std::to_string(sale.quantity),
          .limit = std::to_string(sale.per_buyer_limit),
          .starts_at = utc_text(sale.starts_at),
          .ends_at = sale.ends_at ? utc_text(*sale.ends_at) : "",
          .captcha = sale.captcha,
          .hold_minutes = hold_text(sale),
          .known = std::to_string(sale.quantity)};
}

/// The terms, without id and product. A start that is empty is `otherwise`, if that is given.
std::expected<Sale, std::string> terms_of(const views::SaleForm& form,
                                          std::optional<Instant> otherwise = std::nullopt) {
  const auto price = parse_price("price", form.price);
  if (!price) return std::unexpected(price.error());
  const auto quantity = parse_count("units", form.quantity);
  if (!quantity) return std::unexpected(quantity.error());
  const auto limit = parse_count("limit", form.limit);
  if (!limit) return std::unexpected(limit.error());
  const auto starts_at =
      form.starts_at.empty() && otherwise ? *otherwise : parse_utc("starts", form.starts_at);
  if (!starts_at) return std::unexpected(starts_at.error());
  const auto hold = parse_hold(form.hold_minutes);
  if (!hold) return std::unexpected(hold.error());
  Sale sale{.id = {},
            .product = {},
            .price_cents = *price,
            .quantity = *quantity,
            // What is too large for the type is too large for the rules, which say so.
            .per_buyer_limit = static_cast<std::int32_t>(
                std::min<std::int64_t>(*limit, std::numeric_limits<std::int32_t>::max())),
            .starts_at = *starts_at,
            .captcha = form.captcha,
            .hold = *hold};
  if (form.ends_at.empty()) return sale;
  const auto ends_at = parse_utc("ends", form.ends_at);
  if (!ends_at) return std::unexpected(ends_at.error());
  sale.ends_at = *ends_at;
  return sale;
}

/// A sentence if the sale's number was not typed to confirm; else empty.
std::string unconfirmed(const http::Request& request, SaleId sale) {
  const std::string confirm = typed(request, "confirm");
  if (confirm == std::to_string(sale.value)) return "";
  return fmt::format("confirm: {} is not the number of this sale; expected {}", in_quotes(confirm),
                     sale.value);
}

std::string address_of(SaleId sale, const char* done) {
  return fmt::format("/sales/{}?done={}", sale.value, done);
}

/// What the page says after a change, by the word in its address.
std::string sale_notice(const http::Request& request) {
  const auto done = request.query_parameter("done");
  if (done == "created") return "The sale is created.";
  if (done == "changed") return "The terms are saved.";
  if (done == "stock") return "The units are added.";
  if (done == "ended") return "The sale has ended.";
  return "";
}

}  // namespace

void SalesController::add_routes(http::Router& router, OperatorGuard& guard) {
  const auto handle = [this](auto handler) {
    return [this, handler](const http::Request& request, const Operator& who, Now now) {
      return (this->*handler)(request, who, now);
    };
  };
  guard.get(router, "/sales", [this](const auto&, const auto&, Now now) { return list(now); });
  guard.get(router, "/sales/new", handle(&SalesController::show_form));
  guard.post(router, "/sales/new", handle(&SalesController::create));
  guard.get(router, "/sales/{id}", handle(&SalesController::show));
  guard.post(router, "/sales/{id}", handle(&SalesController::change));
  guard.post(router, "/sales/{id}/stock", handle(&SalesController::add_stock));
  guard.post(router, "/sales/{id}/end", handle(&SalesController::end));
}

http::Response SalesController::unknown_sale() const {
  return page(404,
              services_.messages.message({"No such sale", "There is no sale of this number."}));
}

std::optional<SalesController::Line> SalesController::line_of(const http::Request& request) const {
  const auto id = parse_id<SaleId>(request.path_parameters[0]);
  return id ? services_.overview.sale(*id) : std::nullopt;
}

http::Response SalesController::list(Now now) const {
  std::vector<views::ConsoleSaleRow> rows;
  for (const Line& line : services_.overview.sales()) rows.push_back(row_of(line, now.wall));
  return page(200, services_.pages.sales(rows));
}

http::Response SalesController::show_form(const http::Request& request, const Operator& who,
                                          Now) const {
  views::SaleForm form{.product = request.query_parameter("product").value_or(""),
                       .price = "",
                       .quantity = "",
                       .limit = "1",
                       .starts_at = "",
                       .ends_at = ""};
  return page(200, services_.pages.new_sale(
                       {{who.token, ""}, services_.catalog.products(), std::move(form)}));
}

http::Response SalesController::create(const http::Request& request, const Operator& who, Now now) {
  const views::SaleForm form = form_of(request);
  auto sale = terms_of(form, now.wall);
  const auto product = parse_id<ProductId>(form.product);
  if (sale && !product) {
    sale = std::unexpected(
        fmt::format("product: {} is not the number of a product", in_quotes(form.product)));
  }
  std::expected<SaleId, std::string> id = std::unexpected(sale ? "" : sale.error());
  if (sale) {
    sale->product = *product;
    id = services_.operations.create_sale(services_.journal.at_console(who.id, now), *sale);
  }
  if (!id) {
    return page(kRefused, services_.pages.new_sale(
                              {{who.token, id.error()}, services_.catalog.products(), form}));
  }
  return go_to(address_of(*id, "created"));
}

views::ConsoleSalePage SalesController::page_of(const Line& line, const Operator& who,
                                                Now now) const {
  views::ConsoleSalePage shown;
  shown.frame.token = who.token;
  shown.frame.key = new_form_key();
  shown.row = row_of(line, now.wall);
  if (!line.units.sale.terms_fixed(now.wall)) shown.form = form_of(line.units.sale);
  return shown;
}

http::Response SalesController::refused(views::ConsoleSalePage shown, std::string error) const {
  shown.frame.error = std::move(error);
  return page(kRefused, services_.pages.sale(shown));
}

http::Response SalesController::show(const http::Request& request, const Operator& who,
                                     Now now) const {
  const auto line = line_of(request);
  if (!line) return unknown_sale();
  auto shown = page_of(*line, who, now);
  shown.notice = sale_notice(request);
  return page(200, services_.pages.sale(shown));
}

http::Response SalesController::change(const http::Request& request, const Operator& who, Now now) {
  const auto line = line_of(request);
  if (!line) return unknown_sale();
  views::SaleForm form = form_of(request);
  const auto known = parse_count("known", form.known);
  auto sale = known ? terms_of(form) : std::unexpected(known.error());
  std::expected<void, std::string> changed = std::unexpected(sale ? "" : sale.error());
  if (sale) {
    const auto edit = [&](Sale& stored) {
      sale->id = stored.id;
      sale->product = stored.product;
      if (form.hold_minutes == hold_text(stored)) sale->hold = stored.hold;
      stored = *sale;
    };
    changed = services_.operations.change_sale(services_.journal.at_console(who.id, now),
                                               line->units.sale.id, edit, *known);
    // If the sale had other units than the form knew, the answer says so: an operator who saves
    // again has seen these.
    form.known = std::to_string(line->units.sale.quantity);
  }
  if (!changed) {
    auto shown = page_of(*line, who, now);
    if (shown.form) shown.form = form;
    return refused(std::move(shown), changed.error());
  }
  return go_to(address_of(line->units.sale.id, "changed"));
}

std::expected<SalesController::MoreStock, std::string> SalesController::more_stock(
    const http::Request& request, SaleId sale) {
  if (auto error = unconfirmed(request, sale); !error.empty()) {
    return std::unexpected(std::move(error));
  }
  const auto units = parse_count("units", typed(request, "units"));
  if (!units) return std::unexpected(units.error());
  const auto known = parse_count("known", typed(request, "known"));
  if (!known) return std::unexpected(known.error());
  return MoreStock{.sale = sale, .units = *units, .known = *known, .key = form_key(request)};
}

http::Response SalesController::add_stock(const http::Request& request, const Operator& who,
                                          Now now) {
  const auto line = line_of(request);
  if (!line) return unknown_sale();
  const SaleId sale = line->units.sale.id;
  const auto more = more_stock(request, sale);
  services::operations::Outcome<repositories::Applied<std::int64_t>> added =
      std::unexpected(more ? "" : more.error());
  if (more) {
    added = services_.operations.add_stock(services_.journal.at_console(who.id, now), *more);
  }
  if (!added) {
    auto shown = page_of(*line, who, now);
    shown.units = shown_again(typed(request, "units"));
    return refused(std::move(shown), added.error());
  }
  return go_to(address_of(sale, "stock"));
}

http::Response SalesController::end(const http::Request& request, const Operator& who, Now now) {
  const auto line = line_of(request);
  if (!line) return unknown_sale();
  const SaleId sale = line->units.sale.id;
  if (auto error = unconfirmed(request, sale); !error.empty()) {
    return refused(page_of(*line, who, now), std::move(error));
  }
  const auto ended = services_.operations.end_sale(services_.journal.at_console(who.id, now), sale);
  if (!ended) return refused(page_of(*line, who, now), ended.error());
  if (ended->before) return refused(page_of(*line, who, now), "sale: it has ended already");
  return go_to(address_of(sale, "ended"));
}

}  // namespace stampede::controllers

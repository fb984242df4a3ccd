#include "views/pages.h"

#include <fmt/core.h>

#include <kainjow/mustache.hpp>
#include <stdexcept>
#include <utility>

#include "embedded/templates.h"
#include "views/format.h"

namespace stampede::views {
namespace {

namespace mustache = kainjow::mustache;
using mustache::data;

std::string_view source(std::string_view name) {
  const std::string path = fmt::format("{}.mustache", name);
  for (const auto& file : embedded::templates()) {
    if (file.path == path) return file.bytes;
  }
  throw std::logic_error("no template " + path);
}

template <class Tag>
std::string text(Id<Tag> id) {
  return std::to_string(id.value);
}

/// A section of the template: shown with `words`, or not at all if there are none.
data section(const std::string& words) {
  if (words.empty()) return data{false};
  return data{"text", words};
}

void put_time(data& values, const std::string& name, Instant instant) {
  values.set(name, format_rfc3339(instant));
  values.set(name + "_words", format_time(instant));
}

std::string words_of(SaleStatus status) {
  switch (status) {
    case SaleStatus::kUpcoming:
      return "Coming soon";
    case SaleStatus::kOn:
      return "On sale now";
    case SaleStatus::kSoldOut:
      return "Sold out";
    case SaleStatus::kEnded:
      return "Ended";
  }
  return "";
}

data card_of(const SaleCard& sale) {
  data values;
  values.set("product", text(sale.product));
  values.set("name", sale.product_name);
  values.set("price", format_price(sale.price_cents));
  values.set("status", std::string(to_string(sale.status)));
  values.set("status_words", words_of(sale.status));
  const bool upcoming = sale.status == SaleStatus::kUpcoming;
  values.set("upcoming", data{upcoming});
  values.set("until", data{!upcoming && sale.ends_at.has_value()});
  put_time(values, "starts_at", sale.starts_at);
  if (sale.ends_at) put_time(values, "ends_at", *sale.ends_at);
  return values;
}

data values_of(const CredentialsForm& form) {
  data values;
  values.set("token", form.token);
  values.set("error", section(form.error));
  values.set("name", form.name);
  values.set("next", form.next);
  values.set("has_next", data{!form.next.empty()});
  return values;
}

data values_of(const OrderRow& order) {
  data values;
  values.set("number", text(order.number));
  values.set("product", text(order.product));
  values.set("name", order.product_name);
  values.set("price", format_price(order.price_cents));
  put_time(values, "created_at", order.created_at);
  return values;
}

data values_of(const ProductPage& page) {
  data values;
  values.set("product", text(page.product));
  values.set("name", page.name);
  values.set("description", page.description);
  values.set("on_offer", data{page.sale.has_value()});
  values.set("ends_at", data{false});
  if (page.sale) {
    values.set("price", format_price(page.sale->price_cents));
    values.set("limit", std::to_string(page.sale->per_buyer_limit));
    put_time(values, "starts_at", page.sale->starts_at);
    if (page.sale->ends_at) put_time(values, "ends_at", *page.sale->ends_at);
  }
  return values;
}

/// A page's template inside the layout. Joined as text before it is parsed, so that no template
/// needs the unescaped {{{ }}}, which a test forbids.
mustache::mustache compile(std::string_view name) {
  static constexpr std::string_view kContent = "{{>content}}\n";
  std::string joined{source("layout")};
  const std::size_t place = joined.find(kContent);
  if (place == std::string::npos) throw std::logic_error("layout.mustache has no {{>content}}");
  joined.replace(place, kContent.size(), source(name));
  mustache::mustache compiled{joined};
  if (!compiled.is_valid()) {
    throw std::logic_error(fmt::format("{}.mustache: {}", name, compiled.error_message()));
  }
  return compiled;
}

}  // namespace

struct Pages::Templates {
  explicit Templates(const AssetUrl& asset_url)
      : style_url(asset_url("css/shop.css")),
        script_url(asset_url("js/shop.js")),
        product_script_url(asset_url("js/product.js")),
        pending_script_url(asset_url("js/pending.js")),
        icon_url(asset_url("icon.svg")) {}

  /// kainjow's render() is not const, but writes only for lambdas and partials, of which there are
  /// none here: so one template serves all threads.
  std::string render(mustache::mustache& page, const std::string& title, data values) const {
    values.set("title", title);
    values.set("style_url", style_url);
    values.set("script_url", script_url);
    values.set("product_script_url", product_script_url);
    values.set("pending_script_url", pending_script_url);
    values.set("icon_url", icon_url);
    return page.render(values);
  }

  std::string style_url, script_url, product_script_url, pending_script_url, icon_url;
  mustache::mustache sale_list = compile("sale_list");
  mustache::mustache product = compile("product");
  mustache::mustache login = compile("login");
  mustache::mustache registration = compile("register");
  mustache::mustache account = compile("account");
  mustache::mustache orders = compile("orders");
  mustache::mustache order = compile("order");
  mustache::mustache purchase = compile("purchase");
  mustache::mustache message = compile("message");
};

Pages::Pages(const AssetUrl& asset_url) : templates_(std::make_unique<Templates>(asset_url)) {}
Pages::~Pages() = default;

std::string Pages::sale_list(std::span<const SaleCard> sales) const {
  data cards{data::type::list};
  for (const SaleCard& sale : sales) cards.push_back(card_of(sale));
  return templates_->render(templates_->sale_list, "Sales", data{"sales", cards});
}

std::string Pages::product(const ProductPage& page) const {
  return templates_->render(templates_->product, page.name, values_of(page));
}

std::string Pages::login(const CredentialsForm& form) const {
  return templates_->render(templates_->login, "Log in", values_of(form));
}

std::string Pages::registration(const CredentialsForm& form) const {
  return templates_->render(templates_->registration, "Register", values_of(form));
}

std::string Pages::account(const AccountPage& page) const {
  data values;
  values.set("token", page.token);
  values.set("error", section(page.error));
  values.set("notice", section(page.notice));
  return templates_->render(templates_->account, "Account", values);
}

std::string Pages::orders(const OrdersPage& page) const {
  data rows{data::type::list};
  for (const OrderRow& order : page.orders) rows.push_back(values_of(order));
  data values{"orders", rows};
  values.set("older", page.older_than ? data{"number", text(page.older_than)} : data{false});
  return templates_->render(templates_->orders, "My orders", values);
}

std::string Pages::order(const OrderRow& order) const {
  return templates_->render(templates_->order, fmt::format("Order {}", order.number.value),
                            values_of(order));
}

std::string Pages::purchase(const PurchasePage& page) const {
  using State = PurchasePage::State;
  data values;
  values.set("success", data{page.state == State::kSuccess});
  values.set("failed", data{page.state == State::kFailed});
  values.set("pending", data{page.state == State::kPending});
  values.set("refresh", data{page.state == State::kPending});  // where there is no script
  values.set("order", text(page.order));
  values.set("reason", page.reason);
  return templates_->render(templates_->purchase, "Your purchase", values);
}

std::string Pages::message(const MessagePage& page) const {
  data values;
  values.set("message", page.message);
  return templates_->render(templates_->message, page.title, values);
}

}  // namespace stampede::views

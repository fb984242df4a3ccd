#include "views/pages.h"

#include <fmt/core.h>

#include <cstddef>
#include <utility>

#include "model/user.h"
#include "views/format.h"
#include "views/page_templates.h"

namespace stampede::views {
namespace {

namespace mustache = kainjow::mustache;
using mustache::data;

template <class Tag>
std::string text(Id<Tag> id) {
  return std::to_string(id.value);
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

/// The list price to show struck through, if it is above the price.
data list_price_section(std::optional<std::int64_t> list_price_cents, std::int64_t price_cents) {
  const bool more = list_price_cents.value_or(0) > price_cents;
  return section(more ? format_price(*list_price_cents) : "");
}

/// The value of `srcset`: every file of the format, with its width.
std::string source_set(const Picture& picture, PictureFormat format) {
  std::string set;
  const auto add = [&](std::string_view name, std::int32_t width) {
    if (!name.ends_with(ending_of(format))) return;
    if (!set.empty()) set += ", ";
    set += fmt::format("/pictures/{} {}w", name, width);
  };
  add(picture.name, picture.width);
  for (const PictureFile& version : picture.versions) add(version.name, version.width);
  return set;
}

/// The size is given so that nothing moves when the picture arrives. A `later` picture is loaded
/// when it comes into view. `sizes`: how wide it is shown. One without versions is from before
/// there were any.
data picture_of(const Picture& picture, bool later, const char* sizes) {
  data values;
  values.set("versions", data{false});
  if (!picture.versions.empty()) {
    data versions;
    versions.set("webp", source_set(picture, PictureFormat::kWebp));
    versions.set("jpeg", source_set(picture, PictureFormat::kJpeg));
    versions.set("sizes", std::string(sizes));
    values.set("versions", versions);
  }
  values.set("name", picture.name);
  values.set("alt", picture.alt);
  values.set("width", std::to_string(picture.width));
  values.set("height", std::to_string(picture.height));
  values.set("later", data{later});
  return values;
}

data card_of(const SaleCard& sale, bool later) {
  data values;
  values.set("product", text(sale.product));
  values.set("name", sale.product_name);
  values.set("price", format_price(sale.price_cents));
  values.set("list_price", list_price_section(sale.list_price_cents, sale.price_cents));
  constexpr const char* kSizes = "(min-width: 44rem) 17rem, 100vw";
  values.set("picture", sale.picture ? picture_of(*sale.picture, later, kSizes) : data{false});
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
  values.set("held", data{order.status == OrderStatus::kHeld});
  values.set("paid", data{order.status == OrderStatus::kPaid});
  values.set("final", data{order.status == OrderStatus::kSuccess});
  values.set("expired", data{order.status == OrderStatus::kExpired});
  values.set("cancelled", data{order.status == OrderStatus::kCancelled});
  values.set("refund_due", data{order.status == OrderStatus::kRefundDue});
  values.set("refunded", data{order.status == OrderStatus::kRefunded});
  data returned{data::type::list};
  for (const auto& payment : order.returned) {
    data each;
    each.set("amount", format_price(payment.amount_cents));
    each.set("gone_back", data{payment.gone_back});
    returned.push_back(each);
  }
  values.set("returned", returned);
  if (order.pay_by) put_time(values, "pay_by", *order.pay_by);
  values.set("payable", data{order.payment == OrderRow::Payment::kPayable});
  values.set("told", data{order.payment == OrderRow::Payment::kTold});
  return values;
}

void put_offer(data& values, const Product& product, const Sale& sale) {
  values.set("sale", text(sale.id));
  values.set("price", format_price(sale.price_cents));
  values.set("list_price", list_price_section(product.list_price_cents, sale.price_cents));
  values.set("limit", std::to_string(sale.per_buyer_limit));
  values.set("captcha", data{sale.captcha});
  put_time(values, "starts_at", sale.starts_at);
  if (sale.ends_at) put_time(values, "ends_at", *sale.ends_at);
}

data values_of(const ExternalChallenge& challenge) {
  data values;
  values.set("provider", challenge.provider);
  values.set("site_key", challenge.site_key);
  values.set("script_url", challenge.script_url);
  values.set("own_always", data{challenge.own_always});
  return values;
}

data values_of(const ProductPage& page) {
  const Product& product = page.product;
  data values;
  values.set("product", text(product.id));
  values.set("name", product.name);
  values.set("description", product.description);
  // As web/css/shop.css lays the gallery out: the first over its whole width, three in a row below.
  constexpr const char* kLarge = "(min-width: 64rem) 27rem, (min-width: 56rem) 54rem, 100vw";
  constexpr const char* kSmall = "(min-width: 64rem) 9rem, (min-width: 56rem) 18rem, 33vw";
  data pictures{data::type::list};
  for (const Picture& picture : product.pictures) {
    const bool later = &picture != &product.pictures.front();
    pictures.push_back(picture_of(picture, later, later ? kSmall : kLarge));
  }
  values.set("pictured", data{!product.pictures.empty()});
  values.set("pictures", pictures);
  values.set("on_offer", data{page.sale.has_value()});
  values.set("ends_at", data{false});
  if (page.sale) put_offer(values, product, *page.sale);
  return values;
}

}  // namespace

Pages::Pages(const AssetUrl& asset_url, std::optional<ExternalChallenge> challenge)
    : templates_(std::make_unique<PageTemplates>("shop/", asset_url)),
      challenge_(std::move(challenge)) {}
Pages::~Pages() = default;

std::string Pages::sale_list(std::span<const SaleCard> sales) const {
  data cards{data::type::list};
  constexpr std::ptrdiff_t kInSight = 3;  // cards whose pictures are loaded at once
  for (const SaleCard& sale : sales)
    cards.push_back(card_of(sale, &sale - sales.data() >= kInSight));
  return templates_->render("sale_list", "Sales", data{"sales", cards});
}

std::string Pages::product(const ProductPage& page) const {
  data values = values_of(page);
  values.set("external", challenge_ ? values_of(*challenge_) : data{false});
  return templates_->render("product", page.product.name, std::move(values));
}

std::string Pages::login(const CredentialsForm& form) const {
  return templates_->render("login", "Log in", values_of(form));
}

std::string Pages::registration(const CredentialsForm& form) const {
  data values = values_of(form);
  values.set("name_form", std::string(kUserNameForm));
  return templates_->render("register", "Register", std::move(values));
}

std::string Pages::account(const AccountPage& page) const {
  data values;
  values.set("token", page.token);
  values.set("error", section(page.error));
  values.set("notice", section(page.notice));
  return templates_->render("account", "Account", values);
}

std::string Pages::orders(const OrdersPage& page) const {
  data rows{data::type::list};
  for (const OrderRow& order : page.orders) rows.push_back(values_of(order));
  data values{"orders", rows};
  values.set("older", page.older_than ? data{"number", text(page.older_than)} : data{false});
  return templates_->render("orders", "My orders", values);
}

std::string Pages::order(const OrderRow& order) const {
  return templates_->render("order", fmt::format("Order {}", order.number.value), values_of(order));
}

std::string Pages::purchase(const PurchasePage& page) const {
  using State = PurchasePage::State;
  data values;
  values.set("success", data{page.state == State::kSuccess && !page.pay_by});
  values.set("held", data{page.state == State::kSuccess && page.pay_by});
  if (page.pay_by) put_time(values, "pay_by", *page.pay_by);
  values.set("failed", data{page.state == State::kFailed});
  values.set("pending", data{page.state == State::kPending});
  values.set("refresh", data{page.state == State::kPending});  // where there is no script
  values.set("order", text(page.order));
  values.set("reason", page.reason);
  return templates_->render("purchase", "Your purchase", values);
}

std::string Pages::message(const MessagePage& page) const {
  data values;
  values.set("message", page.message);
  if (page.retry_after.count() > 0)
    values.set("retry", section(std::to_string(page.retry_after.count())));
  return templates_->render("message", page.title, values);
}

}  // namespace stampede::views

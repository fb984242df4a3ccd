#include "views/console/catalog_pages.h"

#include <fmt/format.h>

#include "views/console/values.h"
#include "views/format.h"

namespace stampede::views {
namespace {

using kainjow::mustache::data;

/// 600 s → "10 minutes".
std::string words_of(std::chrono::seconds hold) {
  const auto count = [](std::int64_t number, const char* unit) {
    return fmt::format("{} {}{}", number, unit, number == 1 ? "" : "s");
  };
  const std::int64_t seconds = hold.count();
  if (seconds % 60 != 0) return count(seconds, "second");
  return count(seconds / 60, "minute");
}

std::string words_of(SaleStatus status) {
  switch (status) {
    case SaleStatus::kUpcoming:
      return "Upcoming";
    case SaleStatus::kOn:
      return "On";
    case SaleStatus::kSoldOut:
      return "Sold out";
    case SaleStatus::kEnded:
      return "Ended";
  }
  return "";
}

void put_frame(data& values, const FormFrame& frame, std::string_view action) {
  values.set("token", frame.token(action));
  values.set("key", frame.key);
  values.set("error", section(frame.error));
}

void put_form(data& values, const ProductForm& form) {
  values.set("name", form.name);
  values.set("description", form.description);
  values.set("list_price", form.list_price);
}

/// A browser accepts only times that are whole steps away from the value it was given.
std::string step_of(const std::string& time) { return time.contains('.') ? "0.001" : "1"; }

void put_form(data& values, const SaleForm& form) {
  values.set("price", form.price);
  values.set("quantity", form.quantity);
  values.set("limit", form.limit);
  values.set("starts_at", form.starts_at);
  values.set("starts_step", step_of(form.starts_at));
  values.set("ends_at", form.ends_at);
  values.set("ends_step", step_of(form.ends_at));
  values.set("captcha", data{form.captcha});
  values.set("hold_minutes", form.hold_minutes);
  values.set("known", form.known);
}

data values_of(const Picture& picture) {
  data values;
  values.set("picture", std::to_string(picture.id.value));
  values.set("file", picture.name);
  values.set("width", std::to_string(picture.width));
  values.set("height", std::to_string(picture.height));
  values.set("kilobytes", fmt::format("{}", (picture.bytes + 999) / 1000));
  values.set("alt", picture.alt);
  values.set("silent", data{picture.alt.empty()});
  return values;
}

data values_of(const Product& product) {
  data values;
  values.set("id", std::to_string(product.id.value));
  values.set("name", product.name);
  values.set("price", section(product.list_price_cents ? format_price(*product.list_price_cents)
                                                       : std::string{}));
  values.set("pictures", std::to_string(product.pictures.size()));
  put_time(values, "added_at", product.created_at);
  return values;
}

data values_of(const ConsoleSaleRow& row) {
  const Sale& sale = row.sale;
  data values;
  values.set("sale", std::to_string(sale.id.value));
  values.set("product", std::to_string(sale.product.value));
  values.set("product_name", row.product_name);
  values.set("status", std::string(to_string(row.status)));
  values.set("status_words", words_of(row.status));
  values.set("price", format_price(sale.price_cents));
  values.set("quantity", std::to_string(sale.quantity));
  values.set("sold", std::to_string(row.sold));
  values.set("failed", std::to_string(row.failed));
  values.set("limit", std::to_string(sale.per_buyer_limit));
  values.set("captcha_words", std::string(sale.captcha ? "yes" : "no"));
  values.set("hold_words", section(sale.hold ? words_of(*sale.hold) : ""));
  put_time(values, "starts_at", sale.starts_at);
  values.set("ends", data{sale.ends_at.has_value()});
  if (sale.ends_at) put_time(values, "ends_at", *sale.ends_at);
  return values;
}

data list_of(const std::vector<ConsoleSaleRow>& sales) {
  data rows{data::type::list};
  for (const ConsoleSaleRow& row : sales) rows.push_back(values_of(row));
  return rows;
}

}  // namespace

std::string ConsoleCatalogPages::products(const std::vector<Product>& products) const {
  data rows{data::type::list};
  for (const Product& product : products) rows.push_back(values_of(product));
  data values{"products", rows};
  values.set("found", data{!products.empty()});
  return templates_->render("catalog/products", "Products", values);
}

std::string ConsoleCatalogPages::new_product(const FormFrame& frame,
                                             const ProductForm& form) const {
  data values;
  put_frame(values, frame, "/products/new");
  put_form(values, form);
  return templates_->render("catalog/product_new", "New product", values);
}

std::string ConsoleCatalogPages::product(const ConsoleProductPage& page) const {
  data values;
  const std::string address = fmt::format("/products/{}", page.product.id.value);
  put_frame(values, page.frame, address);
  put_form(values, page.form);
  values.set("notice", section(page.notice));
  values.set("id", std::to_string(page.product.id.value));
  data pictures{data::type::list};
  for (const Picture& picture : page.product.pictures) {
    data shown = values_of(picture);
    shown.set("remove_token",
              page.frame.token(fmt::format("{}/pictures/{}/remove", address, picture.id.value)));
    pictures.push_back(shown);
  }
  values.set("picture_token", page.frame.token(address + "/pictures"));
  values.set("pictures", pictures);
  values.set("any_pictures", data{!page.product.pictures.empty()});
  values.set("full", data{page.product.pictures.size() >= page.most_pictures});
  values.set("most_pictures", std::to_string(page.most_pictures));
  values.set("sales", list_of(page.sales));
  values.set("any_sales", data{!page.sales.empty()});
  return templates_->render("catalog/product", page.product.name, values);
}

std::string ConsoleCatalogPages::sales(const std::vector<ConsoleSaleRow>& sales) const {
  data values{"sales", list_of(sales)};
  values.set("found", data{!sales.empty()});
  return templates_->render("catalog/sales", "Sales", values);
}

std::string ConsoleCatalogPages::new_sale(const SaleFormPage& page) const {
  data choices{data::type::list};
  for (const Product& product : page.products) {
    const std::string id = std::to_string(product.id.value);
    data choice;
    choice.set("id", id);
    choice.set("name", product.name);
    choice.set("chosen", data{id == page.form.product});
    choices.push_back(choice);
  }
  data values{"products", choices};
  values.set("any_products", data{!page.products.empty()});
  put_frame(values, page.frame, "/sales/new");
  put_form(values, page.form);
  return templates_->render("catalog/sale_new", "New sale", values);
}

std::string ConsoleCatalogPages::sale(const ConsoleSalePage& page) const {
  data values = values_of(page.row);
  const std::string address = fmt::format("/sales/{}", page.row.sale.id.value);
  put_frame(values, page.frame, address);
  values.set("stock_token", page.frame.token(address + "/stock"));
  values.set("end_token", page.frame.token(address + "/end"));
  values.set("notice", section(page.notice));
  data form{false};
  if (page.form) {
    form = data{};
    put_form(form, *page.form);
  }
  values.set("form", form);
  values.set("units", page.units);
  values.set("running", data{page.row.status != SaleStatus::kEnded});
  return templates_->render("catalog/sale", fmt::format("Sale {}", page.row.sale.id.value), values);
}

}  // namespace stampede::views

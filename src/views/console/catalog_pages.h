#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/product.h"
#include "model/catalog/sale.h"
#include "views/console/pages.h"

namespace stampede::views {

/// What every form of the console contains.
struct FormFrame {
  FormToken token;
  std::string error;  // a sentence, or empty
  std::string key;    // the idempotency key of the change, in forms that may be sent twice
};

/// The facts of a product, as typed.
struct ProductForm {
  std::string name;
  std::string description;
  std::string list_price;
};

/// The terms of a sale, as typed. Times are UTC, as <input type="datetime-local"> has them.
struct SaleForm {
  std::string product;  // its id
  std::string price;
  std::string quantity;
  std::string limit;
  std::string starts_at;
  std::string ends_at;
  bool captcha = true;
  std::string hold_minutes = {};  // empty: orders are final
  std::string known =
      {};  // units that a stored sale had when its terms were shown; empty: a new sale
};

struct ConsoleSaleRow {
  Sale sale;
  std::string product_name;
  SaleStatus status = SaleStatus::kUpcoming;
  std::int64_t sold = 0;
  std::int64_t failed = 0;
};

struct ConsoleProductPage {
  FormFrame frame;
  std::string notice;  // a sentence of success, or empty
  Product product;
  ProductForm form;
  std::size_t most_pictures = 0;
  std::vector<ConsoleSaleRow> sales;
};

struct SaleFormPage {
  FormFrame frame;
  std::vector<Product> products;  // to choose from
  SaleForm form;
};

struct ConsoleSalePage {
  FormFrame frame;
  std::string notice;
  ConsoleSaleRow row;
  std::optional<SaleForm> form;  // none: its terms cannot be changed any more
  std::string units;             // to add, as typed
};

/// Products and sales in the console. Values are escaped. Thread-safe; `console` outlives it.
class ConsoleCatalogPages {
 public:
  explicit ConsoleCatalogPages(const ConsolePages& console) : templates_(&console.templates()) {}

  std::string products(const std::vector<Product>& products) const;
  std::string new_product(const FormFrame& frame, const ProductForm& form) const;
  std::string product(const ConsoleProductPage& page) const;
  std::string sales(const std::vector<ConsoleSaleRow>& sales) const;
  std::string new_sale(const SaleFormPage& page) const;
  std::string sale(const ConsoleSalePage& page) const;

 private:
  const PageTemplates* templates_;
};

}  // namespace stampede::views

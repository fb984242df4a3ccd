#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/commands.h"
#include "app/office.h"
#include "app/table.h"
#include "services/catalog/catalog.h"
#include "services/catalog/subjects.h"

namespace stampede::app {
namespace {

using services::catalog::subject_of;

struct SaleLine {
  SalePosition position;
  std::string product;
};

std::vector<SaleLine> sale_lines(Office& office) {
  const auto products = office.storage().catalog().products();
  std::vector<SaleLine> lines;
  for (SalePosition& position : office.storage().leases().stock(Instant::min())) {
    const auto product = std::ranges::find(products, position.sale.product, &Product::id);
    lines.push_back({std::move(position), product == products.end() ? "" : product->name});
  }
  return lines;
}

std::string end_of(const Sale& sale) { return sale.ends_at ? format_rfc3339(*sale.ends_at) : "-"; }

boost::json::object json_of(const SaleLine& line, Instant now) {
  const Sale& sale = line.position.sale;
  boost::json::value ends_at;
  if (sale.ends_at) ends_at = format_rfc3339(*sale.ends_at);
  return {{"id", sale.id.value},
          {"product", sale.product.value},
          {"product_name", line.product},
          {"status", to_string(line.position.status(now))},
          {"price_cents", sale.price_cents},
          {"quantity", sale.quantity},
          {"sold", line.position.sold},
          {"limit", sale.per_buyer_limit},
          {"starts_at", format_rfc3339(sale.starts_at)},
          {"ends_at", std::move(ends_at)},
          {"captcha", sale.captcha}};
}

std::string no_such_sale(SaleId sale) {
  return fmt::format("there is no sale {}; `stampede sale list` shows all", sale.value);
}

}  // namespace

Done create_sale(const Config& config, const Sale& sale) {
  Office office(config, Office::Missing::kRefuse);
  services::catalog::Catalog catalog(office.storage().catalog());
  const Instant now = read_clocks().wall;
  const auto id = catalog.create_sale(sale, now);
  if (!id) return std::unexpected(id.error());
  Sale created = sale;
  created.id = *id;
  office.record("sale create", subject_of(created), now);
  fmt::print("{}\n", id->value);
  return {};
}

Done change_sale(const Config& config, const SaleChange& change) {
  if (change.changes.empty()) return std::unexpected("nothing to change; `--help` says what may");
  Office office(config, Office::Missing::kRefuse);
  services::catalog::Catalog catalog(office.storage().catalog());
  const Instant now = read_clocks().wall;
  auto sale = catalog.sale(change.id);
  if (!sale) return std::unexpected(no_such_sale(change.id));
  const std::int64_t known = sale->quantity;
  for (const auto& apply : change.changes) apply(*sale);
  const auto changed = catalog.change_sale(*sale, known, now);
  if (!changed) return changed;
  office.record("sale change", subject_of(*sale), now);
  return {};
}

Done add_stock(const Config& config, const StockAdd& options) {
  Office office(config, Office::Missing::kRefuse);
  services::catalog::Catalog catalog(office.storage().catalog());
  const Instant now = read_clocks().wall;
  const auto added = catalog.add_stock(options.sale, options.units, now, std::nullopt, options.key);
  if (!added) return std::unexpected(added.error());
  if (added->before) {
    say_applied_before();
  } else {
    office.record("sale add-stock", subject_of(options.sale, options.units, added->result), now);
  }
  fmt::print("{}\n", added->result);
  return {};
}

Done list_sales(const Config& config, bool json) {
  Office office(config, Office::Missing::kRefuse);
  const Instant now = read_clocks().wall;
  boost::json::array array;
  Table table({"id", "status", "sold", "quantity", "cents", "limit", "captcha", "starts", "ends",
               "product"});
  for (const SaleLine& line : sale_lines(office)) {
    const Sale& sale = line.position.sale;
    if (json) {
      array.push_back(json_of(line, now));
    } else {
      table.add({std::to_string(sale.id.value), std::string{to_string(line.position.status(now))},
                 std::to_string(line.position.sold), std::to_string(sale.quantity),
                 std::to_string(sale.price_cents), std::to_string(sale.per_buyer_limit),
                 sale.captcha ? "on" : "off", format_rfc3339(sale.starts_at), end_of(sale),
                 fmt::format("{} {}", sale.product.value, line.product)});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done show_sale(const Config& config, SaleId sale, bool json) {
  Office office(config, Office::Missing::kRefuse);
  const Instant now = read_clocks().wall;
  for (const SaleLine& line : sale_lines(office)) {
    const auto& [position, product] = line;
    const Sale& shown = position.sale;
    if (shown.id != sale) continue;
    if (json) {
      fmt::print("{}\n", boost::json::serialize(json_of(line, now)));
      return {};
    }
    fmt::print(
        "sale      {}\nproduct   {} {}\nstatus    {}\nsold      {} of {}\nprice     {} cents\n",
        sale.value, shown.product.value, product, to_string(position.status(now)), position.sold,
        shown.quantity, shown.price_cents);
    fmt::print("limit     {} a buyer\nstarts    {}\nends      {}\ncaptcha   {}\n",
               shown.per_buyer_limit, format_rfc3339(shown.starts_at), end_of(shown),
               shown.captcha ? "on" : "off");
    return {};
  }
  return std::unexpected(no_such_sale(sale));
}

Done end_sale(const Config& config, SaleId sale) {
  Office office(config, Office::Missing::kRefuse);
  services::catalog::Catalog catalog(office.storage().catalog());
  const Instant now = read_clocks().wall;
  if (!catalog.end_sale(sale, now)) return std::unexpected(no_such_sale(sale));
  office.record("sale end", subject_of(sale), now);
  return {};
}

}  // namespace stampede::app

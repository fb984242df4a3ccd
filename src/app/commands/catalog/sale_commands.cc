#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>

#include "app/commands/catalog/catalog_commands.h"
#include "app/commands/command_context.h"
#include "app/terminal/table.h"
#include "model/text/plain_text.h"
#include "services/catalog/catalog.h"

namespace stampede::app {
namespace {

struct SaleLine {
  SalePosition position;
  std::string product;
};

std::vector<SaleLine> sale_lines(CommandContext& context) {
  const auto products = context.storage().catalog().products();
  std::vector<SaleLine> lines;
  for (SalePosition& position : context.storage().leases().stock(Instant::min())) {
    const auto product = std::ranges::find(products, position.sale.product, &Product::id);
    lines.push_back({std::move(position), product == products.end() ? "" : product->name});
  }
  return lines;
}

std::string end_of(const Sale& sale) { return sale.ends_at ? format_rfc3339(*sale.ends_at) : "-"; }

std::string hold_of(const Sale& sale) {
  return sale.hold ? fmt::format("{} s", sale.hold->count()) : "-";
}

boost::json::object json_of(const SaleLine& line, Instant now) {
  const Sale& sale = line.position.sale;
  boost::json::value ends_at;
  if (sale.ends_at) ends_at = format_rfc3339(*sale.ends_at);
  boost::json::value hold;
  if (sale.hold) hold = sale.hold->count();
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
          {"captcha", sale.captcha},
          {"hold_seconds", std::move(hold)}};
}

std::string no_such_sale(SaleId sale) {
  return fmt::format("there is no sale {}; `stampede sale list` shows all", sale.value);
}

}  // namespace

Done create_sale(const Config& config, const Sale& sale) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto id = context.catalog().create_sale(context.who(), sale);
  if (!id) return std::unexpected(id.error());
  fmt::print("{}\n", id->value);
  return {};
}

Done change_sale(const Config& config, const SaleChange& change) {
  if (change.changes.empty()) return std::unexpected("nothing to change; `--help` says what may");
  CommandContext context(config, CommandContext::Missing::kRefuse);
  return context.catalog().change_sale(context.who(), change.id, [&](Sale& sale) {
    for (const auto& apply : change.changes) apply(sale);
  });
}

Done add_stock(const Config& config, const MoreStock& more) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto added = context.catalog().add_stock(context.who(), more);
  if (!added) return std::unexpected(added.error());
  print_applied(added->result, added->before);
  return {};
}

Done list_sales(const Config& config, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const Instant now = read_clocks().wall;
  boost::json::array array;
  Table table({"id", "status", "sold", "quantity", "cents", "limit", "captcha", "hold", "starts",
               "ends", "product"});
  for (const SaleLine& line : sale_lines(context)) {
    const Sale& sale = line.position.sale;
    if (json) {
      array.push_back(json_of(line, now));
    } else {
      table.add({std::to_string(sale.id.value), std::string{to_string(line.position.status(now))},
                 std::to_string(line.position.sold), std::to_string(sale.quantity),
                 std::to_string(sale.price_cents), std::to_string(sale.per_buyer_limit),
                 sale.captcha ? "on" : "off", hold_of(sale), format_rfc3339(sale.starts_at),
                 end_of(sale), fmt::format("{} {}", sale.product.value, line.product)});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done show_sale(const Config& config, SaleId sale, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const Instant now = read_clocks().wall;
  for (const SaleLine& line : sale_lines(context)) {
    const auto& [position, product] = line;
    const Sale& shown = position.sale;
    if (shown.id != sale) continue;
    if (json) {
      fmt::print("{}\n", boost::json::serialize(json_of(line, now)));
      return {};
    }
    fmt::print(
        "sale      {}\nproduct   {} {}\nstatus    {}\nsold      {} of {}\nprice     {} cents\n",
        sale.value, shown.product.value, visible(product), to_string(position.status(now)),
        position.sold, shown.quantity, shown.price_cents);
    fmt::print("limit     {} a buyer\nstarts    {}\nends      {}\ncaptcha   {}\nhold      {}\n",
               shown.per_buyer_limit, format_rfc3339(shown.starts_at), end_of(shown),
               shown.captcha ? "on" : "off", hold_of(shown));
    return {};
  }
  return std::unexpected(no_such_sale(sale));
}

Done end_sale(const Config& config, SaleId sale) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto ended = context.catalog().end_sale(context.who(), sale);
  if (!ended) return std::unexpected(ended.error());
  if (ended->before) fmt::print(stderr, "stampede: it had ended already\n");
  return {};
}

}  // namespace stampede::app

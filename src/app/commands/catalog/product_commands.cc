#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/commands/catalog/catalog_commands.h"
#include "app/commands/command_context.h"
#include "app/terminal/table.h"

namespace stampede::app {
namespace {

boost::json::value json_of(std::optional<std::int64_t> cents) {
  if (!cents) return nullptr;
  return *cents;
}

}  // namespace

Done add_product(const Config& config, const ProductAdd& options) {
  CommandContext context(config, CommandContext::Missing::kCreate);
  const auto added = context.catalog().add_product(context.who(), options.facts, options.key);
  if (!added) return std::unexpected(added.error());
  print_applied(added->result.value, added->before);
  return {};
}

Done change_product(const Config& config, const ProductChange& change) {
  if (change.changes.empty()) return std::unexpected("nothing to change; `--help` says what may");
  CommandContext context(config, CommandContext::Missing::kRefuse);
  return context.catalog().change_product(context.who(), change.id, [&](ProductDetails& facts) {
    for (const auto& apply : change.changes) apply(facts);
  });
}

Done list_products(const Config& config, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  boost::json::array array;
  Table table({"id", "added", "name"});
  for (const Product& product : context.storage().catalog().products()) {
    const std::string added = format_rfc3339(product.created_at);
    if (json) {
      array.push_back(boost::json::object{{"id", product.id.value},
                                          {"name", product.name},
                                          {"description", product.description},
                                          {"list_price_cents", json_of(product.list_price_cents)},
                                          {"pictures", product.pictures.size()},
                                          {"created_at", added}});
    } else {
      table.add({std::to_string(product.id.value), added, product.name});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

}  // namespace stampede::app

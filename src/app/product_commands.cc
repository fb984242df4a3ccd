#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/commands.h"
#include "app/office.h"
#include "app/table.h"
#include "services/catalog/catalog.h"

namespace stampede::app {

Done add_product(const Config& config, const ProductAdd& options) {
  Office office(config, Office::Missing::kCreate);
  services::catalog::Catalog catalog(office.storage().catalog());
  const Instant now = read_clocks().wall;
  const auto id = catalog.add_product(options.name, options.description, now);
  if (!id) return std::unexpected(id.error());
  office.record("product add", fmt::format("product {}", id->value), now);
  fmt::print("{}\n", id->value);
  return {};
}

Done list_products(const Config& config, bool json) {
  Office office(config, Office::Missing::kRefuse);
  services::catalog::Catalog catalog(office.storage().catalog());
  boost::json::array array;
  Table table({"id", "added", "name"});
  for (const Product& product : catalog.products()) {
    const std::string added = format_rfc3339(product.created_at);
    if (json) {
      array.push_back(boost::json::object{{"id", product.id.value},
                                          {"name", product.name},
                                          {"description", product.description},
                                          {"created_at", added}});
    } else {
      table.add({std::to_string(product.id.value), added, product.name});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

}  // namespace stampede::app

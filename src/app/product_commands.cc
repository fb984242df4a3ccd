#include <fmt/format.h>

#include <boost/json.hpp>

#include "app/commands.h"
#include "app/office.h"
#include "app/table.h"
#include "services/catalog/catalog.h"
#include "services/catalog/subjects.h"

namespace stampede::app {
namespace {

std::string no_such_product(ProductId product) {
  return fmt::format("there is no product {}; `stampede product list` shows all", product.value);
}

boost::json::value json_of(std::optional<std::int64_t> cents) {
  if (!cents) return nullptr;
  return *cents;
}

}  // namespace

Done add_product(const Config& config, const ProductAdd& options) {
  Office office(config, Office::Missing::kCreate);
  services::catalog::Catalog catalog(office.storage().catalog());
  const Instant now = read_clocks().wall;
  const auto added = catalog.add_product(options.facts, now, options.key);
  if (!added) return std::unexpected(added.error());
  if (added->before) {
    say_applied_before();
  } else {
    office.record("product add", services::catalog::subject_of(added->result), now);
  }
  fmt::print("{}\n", added->result.value);
  return {};
}

Done change_product(const Config& config, const ProductChange& change) {
  if (change.changes.empty()) return std::unexpected("nothing to change; `--help` says what may");
  Office office(config, Office::Missing::kRefuse);
  services::catalog::Catalog catalog(office.storage().catalog());
  const auto product = catalog.product(change.id);
  if (!product) return std::unexpected(no_such_product(change.id));
  ProductFacts facts{product->name, product->description, product->list_price_cents};
  for (const auto& apply : change.changes) apply(facts);
  const auto changed = catalog.change_product(change.id, facts);
  if (!changed) return changed;
  office.record("product change", services::catalog::subject_of(change.id), read_clocks().wall);
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

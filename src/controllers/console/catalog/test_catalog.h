#pragma once

#include <string>

#include "controllers/console/test_console.h"
#include "repositories/sql/repositories.h"
#include "services/catalog/catalog.h"
#include "services/catalog/pictures.h"
#include "services/catalog/sale_overview.h"
#include "services/operations/catalog_operations.h"
#include "tests/support/temp_dir.h"
#include "views/console/catalog_pages.h"

namespace stampede::controllers {

/// A console over a new database, for the tests of products and sales.
struct TestCatalog {
  test_support::TempDir folder;
  repositories::sql::Database database{{.path = folder.path() / "shop.db"}};
  repositories::sql::Repositories storage{database};
  services::catalog::Catalog catalog{storage.catalog()};
  services::catalog::Pictures pictures{storage.pictures()};
  services::catalog::SaleOverview overview{storage.catalog(), storage.units()};
  TestConsole console;
  services::operations::CatalogOperations operations{storage.catalog(), storage.pictures(),
                                                     console.journal};
  views::ConsoleCatalogPages pages{console.pages};

  ProductId product(const std::string& name = "Fox") {
    return catalog.add_product({.name = name}, console.now.wall)->result;
  }
  /// From an hour from now on.
  SaleId sale(ProductId product) {
    return *catalog.create_sale({.id = {},
                                 .product = product,
                                 .price_cents = 1'999,
                                 .quantity = 10,
                                 .starts_at = console.now.wall + std::chrono::hours{1}},
                                console.now.wall);
  }
  /// What was journaled, as the command line words it.
  std::vector<std::string> changes() const {
    std::vector<std::string> lines;
    for (const auto& entry : console.log.entries) {
      lines.push_back(entry.actor + " " + entry.action + ", " + entry.subject);
    }
    return lines;
  }
};

/// Runs in every browser that takes it for markup.
inline const std::string kMarkup = "</textarea><script>alert(1)</script>\"'&";

}  // namespace stampede::controllers

#pragma once

#include <string>

#include "controllers/console/operator_guard.h"
#include "controllers/pictures_controller.h"
#include "services/catalog/sale_overview.h"
#include "services/operations/catalog_operations.h"
#include "views/console/catalog_pages.h"

namespace stampede::controllers {

/// Products in the console:
///   GET  /products                                all of them
///   GET  /products/new, POST                      a new one
///   GET  /products/{id}, POST                     its facts, pictures and sales
///   POST /products/{id}/pictures?alt=…            a picture, which is the body: 201 {id, name}, or
///                                                 422 `picture-refused`
///   POST /products/{id}/pictures/{picture}/remove
///   GET  /pictures/{name}                         as the shop shows it
/// Thread-safe; the services outlive it.
class ProductsController {
 public:
  struct Services {
    services::catalog::Catalog& catalog;
    services::catalog::Pictures& pictures;
    services::catalog::SaleOverview& overview;
    services::operations::CatalogOperations& operations;
    services::audit::Journal& journal;
    const views::ConsolePages& messages;
    const views::ConsoleCatalogPages& pages;
  };
  explicit ProductsController(const Services& services)
      : services_(services), shown_pictures_(services.pictures) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  using Operator = OperatorGuard::Operator;

  http::Response list() const;
  http::Response add(const http::Request& request, const Operator& who, Now now);
  http::Response show(const http::Request& request, const Operator& who, Now now) const;
  http::Response change(const http::Request& request, const Operator& who, Now now);
  http::Response add_picture(const http::Request& request, const Operator& who, Now now);
  http::Response remove_picture(const http::Request& request, const Operator& who, Now now);

  std::optional<Product> product_of(const http::Request& request) const;
  views::ConsoleProductPage page_of(Product product, const Operator& who, Now now) const;
  http::Response unknown_product() const;

  Services services_;
  PicturesController shown_pictures_;
};

}  // namespace stampede::controllers

#pragma once

#include <expected>
#include <optional>
#include <string>

#include "controllers/console/operator_guard.h"
#include "services/catalog/sale_overview.h"
#include "services/operations/catalog_operations.h"
#include "views/console/catalog_pages.h"

namespace stampede::controllers {

/// Sales in the console:
///   GET  /sales                     all of them
///   GET  /sales/new?product=N, POST a new one
///   GET  /sales/{id}                one of them
///   POST /sales/{id}                new terms, before its start, if it has the units as shown
///   POST /sales/{id}/stock          more units; once, if the same form comes twice
///   POST /sales/{id}/end            ends it now
/// The last two want the sale's number typed again. Thread-safe; the services outlive it.
class SalesController {
 public:
  struct Services {
    services::catalog::Catalog& catalog;
    services::catalog::SaleOverview& overview;
    services::operations::CatalogOperations& operations;
    services::audit::Journal& journal;
    const views::ConsolePages& messages;
    const views::ConsoleCatalogPages& pages;
  };
  explicit SalesController(const Services& services) : services_(services) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  using Operator = OperatorGuard::Operator;
  using Line = services::catalog::SaleLine;

  http::Response list(Now now) const;
  http::Response show_form(const http::Request& request, const Operator& who, Now now) const;
  http::Response create(const http::Request& request, const Operator& who, Now now);
  http::Response show(const http::Request& request, const Operator& who, Now now) const;
  http::Response change(const http::Request& request, const Operator& who, Now now);
  http::Response add_stock(const http::Request& request, const Operator& who, Now now);
  http::Response end(const http::Request& request, const Operator& who, Now now);

  using MoreStock = services::operations::CatalogOperations::MoreStock;
  /// What the form asks for, or what was wrong with it.
  static std::expected<MoreStock, std::string> more_stock(const http::Request& request,
                                                          SaleId sale);
  std::optional<Line> line_of(const http::Request& request) const;
  views::ConsoleSalePage page_of(const Line& line, const Operator& who, Now now) const;
  http::Response refused(views::ConsoleSalePage page, std::string error) const;
  http::Response unknown_sale() const;

  Services services_;
};

}  // namespace stampede::controllers

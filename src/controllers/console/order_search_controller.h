#pragma once

#include "controllers/console/operator_guard.h"
#include "http/server/router.h"
#include "services/orders/order_archive.h"
#include "views/console/orders_pages.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// GET /orders and /orders/{number} of the console: the orders of everybody, failed ones too.
/// Thread-safe; the services outlive it.
class OrderSearchController {
 public:
  struct Services {
    services::orders::OrderArchive& archive;
    const views::ConsoleOrdersPages& pages;
    const views::ConsolePages& console;
  };
  static constexpr std::size_t kOrdersPerPage = 50;

  explicit OrderSearchController(const Services& services) : services_(services) {}

  /// The controller and the guard must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  http::Response search(const http::Request& request);
  http::Response order(const http::Request& request);

  Services services_;
};

}  // namespace stampede::controllers

#pragma once

#include "controllers/console/operator_guard.h"
#include "http/server/handlers/router.h"
#include "services/operations/order_operations.h"
#include "services/orders/order_archive.h"
#include "views/console/orders_pages.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// Orders at the console: GET /orders and /orders/{number}, those of everybody, failed ones too;
/// POST /orders/{number}/cancel, /pay (a payment that came elsewhere) and /refund (of a payment
/// that was due to go back). Thread-safe; the services outlive it.
class OrderSearchController {
 public:
  struct Services {
    services::orders::OrderArchive& archive;
    services::operations::OrderOperations& operations;
    services::audit::Journal& journal;
    const views::ConsoleOrdersPages& pages;
    const views::ConsolePages& console;
  };
  static constexpr std::size_t kOrdersPerPage = 50;

  explicit OrderSearchController(const Services& services) : services_(services) {}

  /// The controller and the guard must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  using Operator = OperatorGuard::Operator;
  http::Response search(const http::Request& request);
  http::Response order(const http::Request& request, const Operator& who);
  http::Response cancel(const http::Request& request, const Operator& who, Now now);
  http::Response pay(const http::Request& request, const Operator& who, Now now);
  http::Response refund(const http::Request& request, const Operator& who, Now now);
  std::optional<repositories::FoundOrder> order_of(const http::Request& request);
  views::OrderPage page_of(repositories::FoundOrder found, const Operator& who);
  http::Response refused(views::OrderPage page, std::string error) const;
  http::Response no_such_order() const;

  Services services_;
};

}  // namespace stampede::controllers

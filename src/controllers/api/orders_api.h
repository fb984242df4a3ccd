#pragma once

#include "controllers/api/api_guard.h"
#include "http/server/handlers/router.h"
#include "services/operations/order_operations.h"
#include "services/orders/order_archive.h"

namespace stampede::controllers {

/// Orders for the merchant's own programs, under /api/v1:
///   GET  /orders/{number}            the order, what happened to it, and its payments
///   POST /orders/{number}/payments   a payment that was captured elsewhere
///   POST /orders/{number}/refunds    that a payment which was due to go back has gone back
///   POST /orders/{number}/cancel     the order is cancelled
/// Each POST may be sent again: 201 says that it was done now, 200 that it had been done before.
/// What they do is journaled under the token's name. Thread-safe; the services outlive it.
class OrdersApi {
 public:
  struct Services {
    services::orders::OrderArchive& archive;
    services::operations::OrderOperations& operations;
  };
  explicit OrdersApi(const Services& services) : services_(services) {}

  /// This and the guard outlive the router.
  void add_routes(http::Router& router, ApiGuard& guard);

 private:
  using Operator = services::operations::Operator;
  http::Response order(const http::Request& request);
  http::Response pay(const http::Request& request, OrderNumber number, const Operator& who);
  http::Response refund(const http::Request& request, OrderNumber number, const Operator& who);
  http::Response cancel(const http::Request& request, OrderNumber number, const Operator& who);

  Services services_;
};

}  // namespace stampede::controllers

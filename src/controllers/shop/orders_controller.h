#pragma once

#include <optional>
#include <utility>

#include "concurrency/fair_pool.h"
#include "concurrency/slow_refusals.h"
#include "controllers/clock.h"
#include "controllers/guards/origin.h"
#include "controllers/shop/checkout_link.h"
#include "http/server/handlers/router.h"
#include "net/network.h"
#include "services/accounts/sessions.h"
#include "services/orders/buyer_orders.h"
#include "views/pages.h"

namespace stampede::controllers {

/// A buyer's own orders and purchases, as pages or JSON by `Accept`: GET /orders?before=N,
/// /orders/{number}, /orders/{number}/pay, /purchases/{sale}/{key}?lease=L. Another's are 404, as
/// if they did not exist. `pay` leads to the merchant's checkout (checkout_address()), or where
/// there is none to the order; one that is not held, or whose time to pay is over, is 409
/// `not-held`. The database is read on the pool, for which networks take turns, and of each its
/// buyers; what it refuses is 503 `unavailable`, told late. Thread-safe; the services outlive it.
class OrdersController {
 public:
  struct Services {
    services::orders::BuyerOrders& buyer_orders;
    concurrency::FairPool& pool;
    concurrency::SlowRefusals& refusals;  // of the pool
    const services::accounts::Sessions& sessions;
    const views::Pages& pages;
    const OriginRule& origin;   // checkouts send buyers back there
    OwnCheckout checkout = {};  // without an address, the shop tells buyers elsewhere how to pay
    int ipv6_prefix = net::kCustomerPrefix;  // of net::network_of
  };
  static constexpr std::size_t kOrdersPerPage = 50;

  explicit OrdersController(Services services, Clock clock = read_clocks)
      : services_(std::move(services)), clock_(std::move(clock)) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

 private:
  /// Answers for a known buyer; runs on the pool.
  using Answer = http::Response (OrdersController::*)(const http::Request&, UserId);
  void add_route(http::Router& router, const char* pattern, Answer answer);

  http::Response orders(const http::Request& request, UserId buyer);
  http::Response order(const http::Request& request, UserId buyer);
  http::Response pay(const http::Request& request, UserId buyer);
  std::optional<repositories::OrderLine> line_of(const http::Request& request, UserId buyer) const;
  http::Response unknown_order(const http::Request& request) const;
  views::OrderRow row_of(const repositories::OrderLine& line) const;
  http::Response purchase(const http::Request& request, UserId buyer);
  http::Response purchase_page(const services::orders::BuyerOrders::PurchaseReport& report) const;

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

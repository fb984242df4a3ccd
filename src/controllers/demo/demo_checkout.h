#pragma once

#include <chrono>
#include <string>
#include <string_view>
#include <vector>

#include "concurrency/mutex.h"
#include "concurrency/worker_pool.h"
#include "controllers/clock.h"
#include "controllers/shop/checkout_link.h"
#include "http/server/handlers/router.h"
#include "model/catalog/sale.h"
#include "services/operations/order_operations.h"
#include "services/orders/order_changes.h"
#include "views/demo_pages.h"

namespace stampede::controllers {

/// The checkout of the demo, which does what a merchant's own or a payment provider would
/// (docs/design.md#payments): whoever comes with what the shop has signed is asked to pay, by
/// buttons that pay, decline, pay twice or pay late, and the shop is told. A payment that pays no
/// order is sent back. No money moves, so it must not be reached from elsewhere. What it has still
/// to do is in its memory alone: a process that ends forgets it. Thread-safe; the services outlive
/// it.
class DemoCheckout {
 public:
  struct Services {
    services::operations::OrderOperations& orders;
    concurrency::WorkerPool& pool;  // on which the database is written
    const views::DemoPages& pages;
    std::string secret;  // of checkout_address()
  };
  explicit DemoCheckout(Services services, Clock clock = read_clocks)
      : services_(std::move(services)), clock_(std::move(clock)) {}

  /// GET /checkout with the shop's query, and POST /checkout of the form there.
  void add_routes(http::Router& router);
  /// Makes the payments and refunds that are due, and begins anew with those that fail the next
  /// time. Throws the last one's error. To be called about once a second.
  void make_due(Now now);

  /// How long after `pay_by` a payment comes that comes late: the hold has expired by then.
  static constexpr std::chrono::seconds kLate = Sale::kPaymentGrace + std::chrono::seconds{6};
  /// How long what pays no order stays here before it goes back.
  static constexpr std::chrono::seconds kRefundAfter{3};

 private:
  /// A payment to make, or, without an order, a payment to send back.
  struct Due {
    OrderNumber order;
    services::orders::CapturedPayment payment;
    Instant at;
  };

  http::Response show(const http::Request& request) const;
  http::Response act(const PaymentRequest& told, std::string_view what);
  http::Response answer(const PaymentRequest& told, std::string_view title, std::string message,
                        bool success) const;
  /// Tells the shop of a payment, and plans that it goes back if it pays nothing; answers what
  /// became of it in a sentence.
  struct Told {
    bool kept = false;
    std::string sentence;
  };
  Told pay(OrderNumber order, const services::orders::CapturedPayment& payment, Now now);
  void plan(Due due);
  void make(const Due& due, Now now);

  Services services_;
  Clock clock_;
  concurrency::Mutex mutex_;
  std::vector<Due> due_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::controllers

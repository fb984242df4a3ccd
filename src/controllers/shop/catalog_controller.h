#pragma once

#include <chrono>
#include <string>
#include <utility>

#include "controllers/clock.h"
#include "controllers/page_response.h"
#include "controllers/shop/current_sales.h"
#include "controllers/shop/shared_pages.h"
#include "http/server/handlers/router.h"
#include "services/admission/fair_bucket.h"
#include "views/pages.h"

namespace stampede::controllers {

/// What every visitor may look at: GET / (the sales), /product/{id} (one cacheable document, behind
/// the product pages' token bucket), /product/{id}/state (the state of its sale, outside the
/// bucket), /time (the server's clock), and the page for unknown paths. Thread-safe; the services
/// outlive it.
class CatalogController {
 public:
  struct Services {
    CurrentSales sales;
    SharedPages& shared_pages;
    services::admission::FairBucket& bucket;
    const views::Pages& pages;
    /// The Content-Security-Policy of a product's page, which may show a challenge of others.
    std::string product_policy = content_security_policy();
  };

  explicit CatalogController(Services services, Clock clock = read_clocks)
      : services_(std::move(services)), clock_(std::move(clock)) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

 private:
  http::Response sale_list(const http::Request& request) const;
  http::Response product(const http::Request& request) const;
  http::Response busy(const http::Request& request, std::chrono::milliseconds wait) const;
  http::Response state(const http::Request& request) const;
  http::Response time() const;
  http::Response unknown_path(const http::Request& request) const;

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

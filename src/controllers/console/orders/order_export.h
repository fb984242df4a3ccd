#pragma once

#include <atomic>
#include <chrono>
#include <cstddef>
#include <string>

#include "concurrency/worker_pool.h"
#include "controllers/console/operator_guard.h"
#include "controllers/stream_limit.h"
#include "http/server/handlers/router.h"
#include "services/orders/order_archive.h"
#include "telemetry/metrics.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// GET /orders.csv of the console: every order that the same parameters as of /orders find, newest
/// first, as a file that is written while it is sent. It is written on threads of its own, page by
/// page, each page in its own snapshot: no order appears twice, and none that existed at the start
/// is missing. An error cuts the connection, so that an incomplete file is not taken for a complete
/// one. Two exports run at once; more get 503. Thread-safe; the services outlive it.
class OrderExport {
 public:
  struct Services {
    services::orders::OrderArchive& archive;
    const views::ConsolePages& console;
  };
  static constexpr unsigned kAtOnce = 2;
  static constexpr std::size_t kOrdersPerPage = 1'000;
  /// A reader that takes no byte for this long counts as gone.
  static constexpr std::chrono::seconds kPatience{30};

  explicit OrderExport(const Services& services, Clock clock = read_clocks)
      : services_(services), clock_(std::move(clock)) {}

  /// The export and the guard must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);
  /// Ends running exports and waits for them. Returns quickly after the server's drain().
  void stop();

  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  /// One export under way.
  struct Job {
    StreamLimit::Place place;
    repositories::OrderFilter filter;
    std::string cookie;  // the operator's, whose session may end meanwhile
    http::Responder responder;
  };
  void begin(const http::Request& request, UserId who, Now now, http::Responder responder,
             const OperatorGuard& guard);
  void write(Job job, Now now, const OperatorGuard& guard);

  Services services_;
  Clock clock_;
  std::atomic<bool> stopping_{false};
  StreamLimit places_{{.in_all = kAtOnce, .per_buyer = kAtOnce}};
  concurrency::WorkerPool pool_{
      {.name = "export", .threads = kAtOnce, .queue = kAtOnce, .niceness = 8}};
};

}  // namespace stampede::controllers

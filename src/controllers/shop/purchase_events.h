#pragma once

#include <chrono>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "controllers/clock.h"
#include "controllers/shop/purchase_query.h"
#include "controllers/stream_limit.h"
#include "http/server/router.h"
#include "services/accounts/sessions.h"
#include "services/orders/buyer_orders.h"

namespace stampede::controllers {

/// GET /purchases/{sale}/{key}/events?lease=L: a buyer's purchase as Server-Sent Events (HTML
/// standard, 9.2) until its outcome is known:
///   event: outcome
///   data: {"result":"success","order":7}
/// or "failed" with a `reason`, or "unknown": then /check is to be asked again with the same key.
/// Another buyer's purchase is "unknown". A page that finds no place gets 503 and asks
/// GET /purchases/... instead.
///
/// Thread-safe, but look() is for one thread. The services outlive it.
class PurchaseEvents {
 public:
  struct Services {
    services::orders::BuyerOrders& buyer_orders;
    const services::accounts::Sessions& sessions;
  };
  /// A stream on which nothing was sent for this long sends a comment, so that no proxy closes it.
  static constexpr std::chrono::seconds kKeepAlive{15};

  explicit PurchaseEvents(const Services& services, Clock clock = read_clocks,
                          const StreamLimit::Limits& limits = {})
      : services_(services), clock_(std::move(clock)), places_(limits) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

  /// Looks at the purchase of every open stream, sends its outcome if there is one and ends it.
  /// To be called a few times a second. Blocks. If the database throws, the streams stay open.
  void look();

  std::size_t open_streams() const { return places_.taken(); }

 private:
  /// One open stream.
  struct Watch {
    StreamLimit::Place place;
    PurchaseQuery query;
    http::BodyStream stream;
    Tick last_sent;  // when something was sent last
  };
  void follow(const http::Request& request, http::Responder responder);
  void keep_alive(Watch& watch, Tick now) const;
  void tell(Watch& watch);

  Services services_;
  Clock clock_;
  StreamLimit places_;
  std::vector<Watch> watches_;  // used only by the thread that calls look()

  concurrency::Mutex mutex_;
  std::vector<Watch> arrived_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::controllers

#pragma once

#include <utility>

#include "controllers/clock.h"
#include "controllers/event_streams.h"
#include "controllers/shop/purchase_query.h"
#include "controllers/shop/sent_purchases.h"
#include "http/server/handlers/router.h"
#include "services/accounts/sessions.h"
#include "services/orders/buyer_orders.h"

namespace stampede::controllers {

/// GET /purchases/{sale}/{key}/events?sent=PROOF&lease=L: a buyer's purchase as Server-Sent Events
/// (HTML standard, 9.2) until its outcome is known:
///   event: outcome
///   data: {"result":"success","order":7}
/// or "held" with `order`, `pay_by` and `pay`, or "failed" with a `reason`, or "unknown": then
/// /check is to be asked again with the same key. `sent` is what came with "pending"
/// (SentPurchases): without it there is no stream (404). A page that finds no place gets 503.
/// Either asks GET /purchases/... instead.
///
/// Thread-safe, but send_outcomes() is for one thread. The services outlive it.
class PurchaseEvents {
 public:
  struct Services {
    services::orders::BuyerOrders& buyer_orders;
    const services::accounts::Sessions& sessions;
    const identity::KeyRing& keys;
  };

  explicit PurchaseEvents(const Services& services, Clock clock = read_clocks,
                          const StreamLimit::Limits& limits = {})
      : services_(services), sent_(services.keys), clock_(std::move(clock)), streams_(limits) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

  /// Looks at the purchase of every open stream, sends its outcome if there is one and ends it.
  /// To be called a few times a second. Blocks. If the database throws, the streams stay open.
  void send_outcomes();

  std::size_t open_streams() const { return streams_.size(); }

 private:
  using Streams = EventStreams<PurchaseQuery>;
  void open_stream(const http::Request& request, http::Responder responder);
  void send_outcome(Streams::Subscriber& subscriber, Tick now) const;

  Services services_;
  const SentPurchases sent_;
  Clock clock_;
  Streams streams_;
};

}  // namespace stampede::controllers

#include "controllers/shop/purchase_events.h"

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include "controllers/guards/session_guard.h"

namespace stampede::controllers {
void PurchaseEvents::add_routes(http::Router& router) {
  router.get("/purchases/{sale}/{key}/events",
             [this](http::Request& request, http::Responder responder) {
               open_stream(request, std::move(responder));
             });
}

void PurchaseEvents::open_stream(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  const auto buyer = current_user(request, services_.sessions, now.wall);
  if (!buyer) return responder(login_required());
  const auto query = PurchaseQuery::of(request);
  if (!query) return responder(http::problem(400, "bad-number", kBadLease));
  if (!query->sale || !query->key ||
      !sent_.proves(query->sent, *buyer, query->sale, *query->key, query->lease)) {
    return responder(http::problem(404, "unknown-purchase",
                                   "“sent” does not show that you sent such a purchase: it came in "
                                   "the Location of the pending answer, with its lease."));
  }
  streams_.open(std::move(responder), {*buyer, request.client_address}, query->key->text(),
                now.tick, *query);
}

void PurchaseEvents::send_outcomes() {
  const Tick now = clock_().tick;
  for (auto& subscriber : streams_.refresh(now, [](const Streams::Subscriber&) { return true; })) {
    send_outcome(subscriber, now);
  }
}

void PurchaseEvents::send_outcome(Streams::Subscriber& subscriber, Tick now) const {
  const auto report = subscriber.topic.ask(services_.buyer_orders, subscriber.stream.user());
  if (report.state == services::orders::BuyerOrders::PurchaseState::kPending) return;
  subscriber.stream.send(event_text("outcome", boost::json::serialize(json_of(report))), now);
  subscriber.stream.end();
}

}  // namespace stampede::controllers

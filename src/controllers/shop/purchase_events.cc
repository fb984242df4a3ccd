#include "controllers/shop/purchase_events.h"

#include <fmt/format.h>

#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>
#include <functional>
#include <iterator>
#include <string>
#include <string_view>

#include "controllers/background.h"
#include "controllers/session_guard.h"

namespace stampede::controllers {
namespace {

/// Milliseconds after which the page connects again when the connection is lost. Random, so that
/// after a restart not every page returns at the same moment.
std::size_t retry_after(const PurchaseQuery& query) {
  constexpr std::size_t kEarliest = 1'000;
  constexpr std::size_t kSpread = 2'000;
  return kEarliest + std::hash<std::string_view>{}(query.key ? query.key->text() : "") % kSpread;
}

http::Response stream_head() {
  http::Response head;
  head.content_type = "text/event-stream";
  head.with("Cache-Control", "no-store")
      .with("X-Content-Type-Options", "nosniff")
      .with("X-Accel-Buffering", "no");  // nginx would keep events until its buffer is full
  return head;
}

}  // namespace

void PurchaseEvents::add_routes(http::Router& router) {
  router.get("/purchases/{sale}/{key}/events",
             [this](http::Request& request, http::Responder responder) {
               follow(request, std::move(responder));
             });
}

void PurchaseEvents::follow(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  const auto buyer = current_user(request, services_.sessions, now.wall);
  if (!buyer) return responder(login_required());
  const auto query = PurchaseQuery::of(request);
  if (!query) return responder(http::problem(400, "bad-number", kBadLease));
  auto place = places_.take(*buyer);
  if (!place) return responder(unavailable());

  Watch watch{std::move(*place), *query, responder.stream_from_anywhere(stream_head()), now.tick};
  watch.stream.write(fmt::format("retry: {}\n\n", retry_after(*query)));
  const concurrency::MutexLock guard(mutex_);
  arrived_.push_back(std::move(watch));
}

void PurchaseEvents::look() {
  {
    const concurrency::MutexLock guard(mutex_);
    watches_.insert(watches_.end(), std::move_iterator(arrived_.begin()),
                    std::move_iterator(arrived_.end()));
    arrived_.clear();
  }
  std::erase_if(watches_, [](const Watch& watch) { return watch.stream.closed(); });
  // Comments are sent before the database is asked: if it is away, proxies must not close the
  // streams.
  const Tick now = clock_().tick;
  for (Watch& watch : watches_) keep_alive(watch, now);
  for (Watch& watch : watches_) tell(watch);
}

void PurchaseEvents::keep_alive(Watch& watch, Tick now) const {
  if (now - watch.last_sent < kKeepAlive) return;
  watch.stream.write(": keep-alive\n\n");
  watch.last_sent = now;
}

void PurchaseEvents::tell(Watch& watch) {
  const auto report = watch.query.ask(services_.buyer_orders, watch.place.buyer());
  if (report.state == services::orders::BuyerOrders::PurchaseState::kPending) return;
  watch.stream.write(
      fmt::format("event: outcome\ndata: {}\n\n", boost::json::serialize(json_of(report))));
  watch.stream.end();
}

}  // namespace stampede::controllers

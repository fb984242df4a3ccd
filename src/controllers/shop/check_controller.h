#pragma once

#include <array>
#include <expected>
#include <functional>
#include <optional>
#include <utility>

#include "controllers/guards/origin.h"
#include "controllers/shop/sent_purchases.h"
#include "http/server/handlers/router.h"
#include "model/orders/check_counts.h"
#include "services/accounts/sessions.h"
#include "services/purchase/checkout.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// POST /check?productID=N: the purchase. Turns the request into an Attempt, and the Answer, at
/// once or after the commit, into HTTP. Thread-safe.
class CheckController {
 public:
  /// Decides about an attempt as Checkout::attempt() does.
  using Decide = std::function<std::optional<Answer>(const services::purchase::Attempt&,
                                                     const services::purchase::MakeWaiter&)>;

  /// The time that sessions are opened by, where the clocks show `now`.
  using SessionTime = std::function<Instant(Now now)>;

  CheckController(
      Decide decide, const services::accounts::Sessions& sessions, const OriginRule& origin,
      const identity::KeyRing& keys, SessionTime session_time = [](Now now) { return now.wall; })
      : decide_(std::move(decide)),
        sessions_(&sessions),
        origin_(&origin),
        sent_(keys),
        session_time_(std::move(session_time)) {}

  /// Every request is decided about here.
  void add_routes(http::Router& router);

  // The steps of it, for a handler that stands in front.

  /// Whether a request's origin is looked at: where a peer passed it on, the peer has done so.
  enum class Origin { kChecked, kToCheck };
  /// What the request asks for, which holds for as long as the request; or the answer to one that
  /// asks for nothing.
  std::expected<services::purchase::Attempt, http::Response> read(const http::Request& request,
                                                                  Now now, Origin origin);
  void decide(const services::purchase::Attempt& attempt, http::Responder responder);
  /// Counts an answer that is made in front of the rules.
  http::Response respond(const Answer& answer, UserId buyer, const IdempotencyKey& intent);
  http::Response refuse(http::Response response);

  /// Answers by verdict, and how long buyers waited for an outcome.
  void write_metrics(telemetry::PrometheusText& text) const;
  /// The same, since this process began: what a heartbeat tells.
  CheckCounts counts() const;

 private:
  const Decide decide_;
  const services::accounts::Sessions* sessions_;
  const OriginRule* origin_;
  const SentPurchases sent_;
  const SessionTime session_time_;

  std::array<telemetry::Counter, kVerdictCount> answers_;
  telemetry::Counter refused_;      // before the rules: no login, no key, bad origin
  telemetry::Histogram wait_time_;  // of those who waited for an outcome
};

}  // namespace stampede::controllers

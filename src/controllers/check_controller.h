#pragma once

#include <array>

#include "controllers/origin.h"
#include "http/router.h"
#include "model/verdict.h"
#include "services/accounts/sessions.h"
#include "services/purchase/checkout.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// POST /check?productID=N: the purchase. Turns the request into an Attempt, and the Answer, at
/// once or after the commit, into HTTP (the table of DESIGN section 3). Thread-safe.
class CheckController {
 public:
  CheckController(services::purchase::Checkout& checkout,
                  const services::accounts::Sessions& sessions, const OriginRule& origin)
      : checkout_(&checkout), sessions_(&sessions), origin_(&origin) {}

  void add_routes(http::Router& router);

  /// Answers by verdict, and how long buyers waited for an outcome.
  void write_metrics(telemetry::PrometheusText& text) const;

 private:
  void check(http::Request& request, http::Responder responder);
  http::Response respond(const Answer& answer, const IdempotencyKey& intent);
  http::Response refuse(http::Response response);

  services::purchase::Checkout* checkout_;
  const services::accounts::Sessions* sessions_;
  const OriginRule* origin_;

  std::array<telemetry::Counter, kVerdictCount> answers_;
  telemetry::Counter refused_;      // before the rules: no login, no key, bad origin
  telemetry::Histogram wait_time_;  // of those who waited for an outcome
};

/// The HTTP answer of a verdict.
http::Response to_response(const Answer& answer, const IdempotencyKey& intent);

}  // namespace stampede::controllers

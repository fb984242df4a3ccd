#pragma once

#include <array>
#include <string>
#include <utility>
#include <vector>

#include "controllers/check_routing.h"
#include "controllers/origin.h"
#include "http/router.h"
#include "model/verdict.h"
#include "services/accounts/sessions.h"
#include "services/purchase/checkout.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// POST /check?productID=N: the purchase. Turns the request into an Attempt, and the Answer, at
/// once or after the commit, into HTTP. Where `routing` is given, this is one validator of many:
/// buyers that are another's are passed on to it. Thread-safe.
class CheckController {
 public:
  CheckController(services::purchase::Checkout& checkout,
                  const services::accounts::Sessions& sessions, const OriginRule& origin,
                  CheckRouting* routing = nullptr)
      : checkout_(&checkout), sessions_(&sessions), origin_(&origin), routing_(routing) {}

  void add_routes(http::Router& router);

  /// Answers by verdict, and how long buyers waited for an outcome.
  void write_metrics(telemetry::PrometheusText& text) const;
  /// The counters among them, as `name` or `name{labels}`: what a heartbeat tells.
  std::vector<std::pair<std::string, double>> counters() const;

 private:
  void check(http::Request& request, http::Responder responder);
  void decide(const services::purchase::Attempt& attempt, http::Responder responder);
  http::Response respond(const Answer& answer, const IdempotencyKey& intent);
  http::Response refuse(http::Response response);

  services::purchase::Checkout* checkout_;
  const services::accounts::Sessions* sessions_;
  const OriginRule* origin_;
  CheckRouting* routing_;  // null: there is no other validator

  std::array<telemetry::Counter, kVerdictCount> answers_;
  telemetry::Counter refused_;      // before the rules: no login, no key, bad origin
  telemetry::Histogram wait_time_;  // of those who waited for an outcome
};

}  // namespace stampede::controllers

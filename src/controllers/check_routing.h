#pragma once

#include <expected>
#include <optional>
#include <string>
#include <utility>

#include "http/message.h"
#include "http/responder.h"
#include "model/idempotency_key.h"
#include "peers/authenticator.h"
#include "peers/forwarder.h"
#include "services/purchase/checkout.h"
#include "services/routing/route_table.h"
#include "telemetry/log_limit.h"
#include "telemetry/metrics.h"

namespace stampede::controllers {

/// How /check is shared among validators: who passed a request on, who owns its buyer, and passing
/// it on, once. Thread-safe; never blocks.
class CheckRouting {
 public:
  /// All outlive it; what the forwarder has under way ends before it goes.
  struct Parts {
    std::string node;  // this validator's name in the ring
    const services::routing::RouteTable& routes;
    const peers::Authenticator& authenticator;
    peers::Forwarder& forwarder;
    services::purchase::Checkout& checkout;
  };
  explicit CheckRouting(Parts parts) : parts_(std::move(parts)) {}

  /// The buyer whose request a peer passed on; none if it comes from the buyer. An error is the
  /// answer to a header that no peer made.
  std::expected<std::optional<UserId>, http::Response> passed_on(const http::Request& request,
                                                                 Instant now);
  /// The same answer, for a request that is not that buyer's.
  http::Response wrong_peer(const http::Request& request);

  /// The address of the validator that owns this buyer, if it is another.
  std::optional<std::string> other_owner(UserId buyer) const;

  struct Check {
    UserId buyer;
    ProductId product;
    IdempotencyKey intent;
  };
  /// Answers as the owner does; 503 if it certainly did nothing, 202 if its answer is lost.
  void pass_on(const http::Request& request, const Check& check, const std::string& owner,
               Instant now, http::Responder responder);

  std::uint64_t forwarded() const { return forwarded_.value(); }
  std::uint64_t failed() const { return failed_.value(); }

 private:
  http::Response response_to(const peers::Forwarder::Result& result, const Check& check);

  const Parts parts_;
  telemetry::LogLimit refusals_;
  telemetry::Counter forwarded_;
  telemetry::Counter failed_;  // of those
};

}  // namespace stampede::controllers

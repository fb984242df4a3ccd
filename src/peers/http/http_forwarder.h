#pragma once

#include "http/client/upstream.h"
#include "peers/authenticator.h"
#include "peers/forwarder.h"
#include "telemetry/log_limit.h"

namespace stampede::peers {

/// Forwards over HTTP. Failures are logged, at most one of a kind in 10 s. `upstream` and
/// `authenticator` outlive it, and `upstream` is stopped before it goes.
class HttpForwarder final : public Forwarder {
 public:
  HttpForwarder(http::Upstream& upstream, const Authenticator& authenticator)
      : upstream_(&upstream), authenticator_(&authenticator) {}

  void forward(const ForwardedCheck& check, Instant now, Done done) override;

 private:
  Result result_of(const std::string& owner, http::Upstream::Result&& result);

  http::Upstream* upstream_;
  const Authenticator* authenticator_;
  telemetry::LogLimit no_answers_;
  telemetry::LogLimit wrong_secrets_;
};

}  // namespace stampede::peers

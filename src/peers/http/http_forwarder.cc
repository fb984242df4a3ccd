#include "peers/http/http_forwarder.h"

#include <utility>

#include "peers/http/problem.h"
#include "peers/timeouts.h"
#include "telemetry/log.h"

namespace stampede::peers {

using Kind = http::UpstreamError::Kind;

void HttpForwarder::forward(const ForwardedCheck& check, Instant now, Done done) {
  http::ClientRequest request{.method = "POST", .target = check.target};
  request.headers = {
      {std::string(Authenticator::kHeader), authenticator_->seal_forward(check.buyer, now)},
      {"Cookie", check.session},
      {"Idempotency-Key", check.intent},
      {std::string(kClientHeader), check.client}};
  if (!check.pass.empty()) request.headers.emplace_back("Captcha-Pass", check.pass);
  upstream_->send(
      check.owner, request, kForwardTimeout,
      [this, owner = check.owner, done = std::move(done)](http::Upstream::Result result) mutable {
        done(result_of(owner, std::move(result)));
      });
}

Forwarder::Result HttpForwarder::result_of(const std::string& owner,
                                           http::Upstream::Result&& result) {
  if (!result) {
    const auto& [kind, words] = result.error();
    if (no_answers_.admits()) {
      telemetry::log_warning("no answer from the validator of a buyer", "owner={} error=\"{}\"",
                             owner, words);
    }
    return std::unexpected(kind == Kind::kNotSent ? ForwardFailure::kNothingDone
                                                  : ForwardFailure::kLost);
  }
  http::ClientResponse& response = *result;
  if (response.status == 403) {
    const Problem problem = problem_of(response);
    if (problem.type == kWrongPeerSecret) {
      if (wrong_secrets_.admits()) {
        telemetry::log_error("a validator refuses this one", "owner={} detail=\"{}\"", owner,
                             problem.detail);
      }
      return std::unexpected(ForwardFailure::kNothingDone);
    }
  }
  return ForwardedAnswer{.status = response.status,
                         .content_type = std::string(response.header("Content-Type")),
                         .location = std::string(response.header("Location")),
                         .retry_after = std::string(response.header("Retry-After")),
                         .body = std::move(response.body)};
}

}  // namespace stampede::peers

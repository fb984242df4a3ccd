#include "http/client/upstream_call.h"

#include <fmt/format.h>

#include "http/client/client_message.h"
#include "telemetry/log.h"

namespace stampede::http {

UpstreamCall::UpstreamCall(std::string target, const ClientRequest& request,
                           Clock::time_point deadline, Upstream::Done done)
    : target_(std::move(target)),
      bytes_(serialised(request, target_)),
      is_head_(request.method == "HEAD"),
      deadline_(deadline),
      done_(std::move(done)) {}

UpstreamCall::~UpstreamCall() {
  if (!over()) {
    fail("ask", "this client has stopped");
  }
}

void UpstreamCall::answer(ClientResponse response) { finish(std::move(response)); }

void UpstreamCall::fail(std::string_view what, std::string_view why) {
  using Kind = UpstreamError::Kind;
  finish(std::unexpected(UpstreamError{sent_ ? Kind::kLost : Kind::kNotSent,
                                       fmt::format("{} {}: {}", what, target_, why)}));
}

void UpstreamCall::finish(Upstream::Result result) {
  if (over()) {
    return;
  }
  auto done = std::exchange(done_, {});
  try {
    done(std::move(result));
  } catch (const std::exception& error) {
    telemetry::log_error("an answer was not taken", "target={} error={}", target_, error.what());
  }
}

}  // namespace stampede::http

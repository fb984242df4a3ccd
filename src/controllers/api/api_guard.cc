#include "controllers/api/api_guard.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <memory>
#include <string_view>
#include <utility>

#include "controllers/background.h"

namespace stampede::controllers {
namespace {

using services::accounts::ApiAccess;

http::Response refusal(int status, std::string_view type, std::string_view detail) {
  http::Response response = http::problem(status, type, detail);
  response.with("Cache-Control", "no-store");
  return response;
}

/// As RFC 6750, section 3, has it; `error` may be empty.
http::Response unauthorized(std::string_view type, std::string_view detail,
                            std::string_view error = {}) {
  http::Response response = refusal(401, type, detail);
  std::string challenge = R"(Bearer realm="stampede")";
  if (!error.empty()) challenge += fmt::format(R"(, error="{}")", error);
  response.with("WWW-Authenticate", challenge);
  return response;
}

/// What stands behind `Bearer `; empty if there is no such header.
std::string_view token_of(const http::Request& request) {
  const std::string_view header = request.header("authorization");
  constexpr std::string_view kScheme = "Bearer ";
  return header.starts_with(kScheme) ? header.substr(kScheme.size()) : std::string_view();
}

http::Response token_required() {
  return unauthorized(
      "token-required",
      "The API asks for a token: `Authorization: Bearer stampede_…`, which `stampede "
      "token create` makes.");
}

http::Response token_invalid(ApiAccess::Refusal refusal) {
  std::string_view why = "This token is unknown here.";
  if (refusal == ApiAccess::Refusal::kRevoked) why = "This token has been revoked.";
  if (refusal == ApiAccess::Refusal::kExpired) why = "This token has expired.";
  return unauthorized("token-invalid", why, "invalid_token");
}

http::Response scope_required(ApiScope scope) {
  http::Response response = refusal(
      403, "scope-required", fmt::format("This needs a token of the scope {}.", to_string(scope)));
  response.with("WWW-Authenticate",
                fmt::format(R"(Bearer realm="stampede", error="insufficient_scope", scope="{}")",
                            to_string(scope)));
  return response;
}

}  // namespace

std::optional<http::Response> ApiGuard::refuse_body(const http::Request& request) {
  if (!ApiAccess::may_be_token(token_of(request))) return token_required();
  if (!request.header("transfer-encoding").empty()) {
    return refusal(411, "length-required", "A request to the API says how long it is.");
  }
  const std::string_view length = request.header("content-length");
  std::uint64_t bytes = 0;
  std::from_chars(length.begin(), length.end(), bytes);  // the server has checked it
  if (bytes <= kMostOfBody) return std::nullopt;
  return refusal(413, "body-too-large",
                 fmt::format("A request to the API has at most {} bytes.", kMostOfBody));
}

http::Response ApiGuard::answer(const http::Request& request, ApiScope scope,
                                const Work& work) const {
  const Now now = clock_();
  const auto token = services_.access.open(token_of(request), now.wall);
  if (!token) return token_invalid(token.error());
  if (!token->allows(scope)) return scope_required(scope);
  http::Response response = work(request, *token, now);
  response.with("Cache-Control", "no-store");
  return response;
}

http::Handler ApiGuard::guarded(ApiScope scope, Work work) {
  return [this, scope, work = std::make_shared<const Work>(std::move(work))](
             http::Request& request, http::Responder responder) {
    if (token_of(request).empty()) return responder(token_required());
    answer_from(services_.pool, std::move(responder),
                [this, &request, scope, work] { return answer(request, scope, *work); });
  };
}

void ApiGuard::get(http::Router& router, const std::string& pattern, ApiScope scope, Work work) {
  router.get(std::string(kApi) + pattern, guarded(scope, std::move(work)));
}

void ApiGuard::post(http::Router& router, const std::string& pattern, ApiScope scope, Work work) {
  router.post(std::string(kApi) + pattern, guarded(scope, std::move(work)));
}

}  // namespace stampede::controllers

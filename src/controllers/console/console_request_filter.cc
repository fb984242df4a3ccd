#include "controllers/console/console_request_filter.h"

#include <fmt/format.h>

#include <charconv>
#include <cstdint>
#include <string_view>

#include "controllers/api/api_guard.h"
#include "controllers/guards/origin.h"

namespace stampede::controllers {
namespace {

constexpr std::uint64_t kMostOfLogin = 8UL * 1024;  // bytes of the log-in form

bool is_for_programs(std::string_view path) {
  return path == "/healthz" || path == "/readyz" || path == "/metrics";
}

bool only_reads(const http::Request& request) {
  return request.method == http::Method::kGet || request.method == http::Method::kHead;
}

http::Response refusal(int status, std::string_view type, std::string_view detail) {
  http::Response response = http::problem(status, type, detail);
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace

void ConsoleRequestFilter::watch(http::Router& router) const {
  router.check_heads([this](const http::Request& request) { return refuse(request); });
}

std::optional<http::Response> ConsoleRequestFilter::refuse(const http::Request& request) const {
  if (!is_for_programs(request.path) && !services_.hosts.allows(request)) {
    return refusal(421, "misdirected",
                   fmt::format("Host is “{}”, which is not this console's name; expected: {}. "
                               "console.origin gives it another.",
                               request.header("host"), services_.hosts.expected()));
  }
  if (!only_reads(request) && is_from_another_site(request)) {
    return refusal(403, "cross-site", "This request came from a page of another site.");
  }
  return refuse_body(request);
}

std::optional<http::Response> ConsoleRequestFilter::refuse_body(
    const http::Request& request) const {
  const std::string_view length = request.header("content-length");
  std::uint64_t bytes = 0;
  std::from_chars(length.begin(), length.end(), bytes);  // the server has checked it
  const bool chunked = !request.header("transfer-encoding").empty();
  if (bytes == 0 && !chunked) return std::nullopt;
  if (request.path.starts_with(kApi)) return ApiGuard::refuse_body(request);
  if (request.method != http::Method::kPost || request.path != "/login") {
    return services_.guard.refuse_stranger(request);
  }
  if (chunked) return refusal(411, "length-required", "The log-in form says how long it is.");
  if (bytes > kMostOfLogin) {
    return refusal(413, "body-too-large",
                   fmt::format("The log-in form has at most {} bytes.", kMostOfLogin));
  }
  return std::nullopt;
}

}  // namespace stampede::controllers

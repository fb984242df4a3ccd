#pragma once

#include <functional>
#include <optional>
#include <string>

#include "concurrency/worker_pool.h"
#include "controllers/clock.h"
#include "http/server/handlers/router.h"
#include "model/api_token.h"
#include "services/accounts/api_access.h"

namespace stampede::controllers {

/// The path in front of every route of the API.
inline constexpr std::string_view kApi = "/api/v1";

/// Guards the API of the merchant's own programs: every route added through it answers whoever
/// shows a token (`Authorization: Bearer`, RFC 6750) with the scope that the route asks for. Others
/// hear 401 `token-required` or `token-invalid`, or 403 `scope-required`. No cookie opens it, so no
/// page of another site does either. Thread-safe; the services outlive it.
class ApiGuard {
 public:
  struct Services {
    services::accounts::ApiAccess& access;
    concurrency::WorkerPool& pool;
  };
  explicit ApiGuard(const Services& services, Clock clock = read_clocks)
      : services_(services), clock_(std::move(clock)) {}

  /// Runs on the pool: it may block. What it throws is logged and answered with 503.
  using Work = std::function<http::Response(const http::Request&, const ApiToken&, Now)>;
  /// `pattern` is what stands behind kApi.
  void get(http::Router& router, const std::string& pattern, ApiScope scope, Work work);
  void post(http::Router& router, const std::string& pattern, ApiScope scope, Work work);

  /// How a body for the API is refused by its head alone, before it is read: without anything that
  /// may be a token, of unknown length, or longer than kMostOfBody.
  static std::optional<http::Response> refuse_body(const http::Request& request);
  static constexpr std::size_t kMostOfBody = 16UL * 1024;

 private:
  http::Handler guarded(ApiScope scope, Work work);
  http::Response answer(const http::Request& request, ApiScope scope, const Work& work) const;

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

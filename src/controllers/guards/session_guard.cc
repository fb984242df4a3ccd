#include "controllers/guards/session_guard.h"

#include <string>

#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"

namespace stampede::controllers {

SessionCookie session_cookie(const http::Request& request) {
  const std::string_view bound = request.cookie(host_cookie(kSignCookie, true));
  if (!bound.empty()) return {.host_bound = true, .value = bound};
  return {.host_bound = false, .value = request.cookie(kSignCookie)};
}

std::optional<services::accounts::Sessions::Session> current_session(
    const http::Request& request, const services::accounts::Sessions& sessions, Instant now) {
  const SessionCookie cookie = session_cookie(request);
  auto session = sessions.open(cookie.value, now);
  if (session && session->host_bound && !cookie.host_bound) return std::nullopt;
  return session;
}

std::optional<UserId> current_user(const http::Request& request,
                                   const services::accounts::Sessions& sessions, Instant now) {
  const auto session = current_session(request, sessions, now);
  return session ? std::optional(session->user) : std::nullopt;
}

http::Response login_required() { return http::problem(401, "login-required", "Log in first."); }

http::Response to_login_page(std::string_view path) {
  std::string location = "/user/login";
  if (!path.empty()) location.append("?next=").append(path);
  http::Response response = http::see_other(std::move(location));
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace stampede::controllers

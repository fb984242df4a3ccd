#pragma once

#include <optional>
#include <string_view>

#include "http/message.h"
#include "model/ids.h"
#include "model/time.h"
#include "services/accounts/sessions.h"

namespace stampede::controllers {

/// The cookie that proves a session: `__Host-sign`, or where a request has none `sign`.
struct SessionCookie {
  bool host_bound = false;  // the first of them
  std::string_view value;
};
SessionCookie session_cookie(const http::Request& request);

/// The session of this request, as that cookie proves it. One that was begun over TLS is good as
/// `__Host-sign` alone, so that no neighbour's host puts a session of its own in a browser's place;
/// the others are from plain HTTP, or from a release that knew no such name. Never blocks.
std::optional<services::accounts::Sessions::Session> current_session(
    const http::Request& request, const services::accounts::Sessions& sessions, Instant now);

/// Its user; the cookie `uid` is never believed.
std::optional<UserId> current_user(const http::Request& request,
                                   const services::accounts::Sessions& sessions, Instant now);

/// problem 401 `login-required`: one answer for a missing, forged, expired or revoked cookie.
http::Response login_required();

/// For pages: 303 to the login page, which leads back to `path` (empty: to the front page).
http::Response to_login_page(std::string_view path);

}  // namespace stampede::controllers

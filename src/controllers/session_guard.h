#pragma once

#include <optional>

#include "http/message.h"
#include "model/ids.h"
#include "model/time.h"
#include "services/accounts/sessions.h"

namespace stampede::controllers {

/// The user who sent this request, as its cookie `sign` proves; the cookie `uid` is never believed.
/// Never blocks.
inline std::optional<UserId> current_user(const http::Request& request,
                                          const services::accounts::Sessions& sessions,
                                          Instant now) {
  return sessions.authenticate(request.cookie("sign"), now);
}

/// problem 401 `login-required`: one answer for a missing, forged, expired or revoked cookie.
http::Response login_required();

/// For pages: 303 to the login page, which leads back to `path` (empty: to the front page).
http::Response to_login_page(std::string_view path);

}  // namespace stampede::controllers

#pragma once

#include <string_view>

#include "http/message.h"
#include "services/accounts/accounts.h"

namespace stampede::controllers {

/// Sets the cookies of a session (docs/design.md#sessions): `uid` for routing and the page, `node`
/// for a proxy in front, `sign` the sealed proof, for 12 h; and `device` for a year, if the browser
/// has none. `secure`: the request came over TLS; then `sign` and `device` are named as
/// host_cookie() says.
void set_session_cookies(http::Response& response, const services::accounts::Login& login,
                         std::string_view node, bool secure);

/// After a log-in: what an older release named `sign` is not to come back once this session ends.
void clear_older_session(http::Response& response, bool secure);

/// The cookie by which a browser is told from strangers (services/accounts/devices.h).
void add_device_cookie(http::Response& response, std::string_view name, std::string_view value,
                       bool secure);

/// All of them, `device` apart.
void clear_session_cookies(http::Response& response, bool secure);

}  // namespace stampede::controllers

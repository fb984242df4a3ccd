#pragma once

#include <string_view>

#include "http/message.h"
#include "services/accounts/accounts.h"

namespace stampede::controllers {

/// Sets the cookies of a session (docs/design.md#sessions): `uid` for routing and the page, `node`
/// for a proxy in front, `sign` the sealed proof, for 12 h. `secure`: the request came over TLS.
void set_session_cookies(http::Response& response, const services::accounts::Login& login,
                         std::string_view node, bool secure);

void clear_session_cookies(http::Response& response, bool secure);

}  // namespace stampede::controllers

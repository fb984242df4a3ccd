#include "controllers/session_guard.h"

#include <string>

namespace stampede::controllers {

http::Response login_required() { return http::problem(401, "login-required", "Log in first."); }

http::Response to_login_page(std::string_view path) {
  std::string location = "/user/login";
  if (!path.empty()) location.append("?next=").append(path);
  http::Response response = http::see_other(std::move(location));
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace stampede::controllers

#include "controllers/session_cookies.h"

#include <fmt/core.h>

#include <chrono>
#include <string>

namespace stampede::controllers {
namespace {

constexpr std::chrono::seconds kLifetime = services::accounts::Sessions::kLifetime;

void set(http::Response& response, std::string_view name, std::string_view value,
         std::chrono::seconds age, std::string_view attributes) {
  response.with("Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; SameSite=Lax{}", name, value,
                                          age.count(), attributes));
}

void set_all(http::Response& response, std::string_view user, std::string_view node,
             std::string_view sign, std::chrono::seconds age, bool secure) {
  set(response, "uid", user, age, secure ? "; Secure" : "");
  set(response, "node", node, age, secure ? "; HttpOnly; Secure" : "; HttpOnly");
  set(response, "sign", sign, age, secure ? "; HttpOnly; Secure" : "; HttpOnly");
}

}  // namespace

void set_session_cookies(http::Response& response, const services::accounts::Login& login,
                         std::string_view node, bool secure) {
  set_all(response, std::to_string(login.user.value), node, login.sign, kLifetime, secure);
}

void clear_session_cookies(http::Response& response, bool secure) {
  set_all(response, "", "", "", std::chrono::seconds{0}, secure);
}

}  // namespace stampede::controllers

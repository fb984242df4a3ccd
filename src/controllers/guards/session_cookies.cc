#include "controllers/guards/session_cookies.h"

#include <fmt/core.h>

#include <chrono>
#include <string>

#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"

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
  set(response, kUserCookie, user, age, secure ? "; Secure" : "");
  set(response, kNodeCookie, node, age, secure ? "; HttpOnly; Secure" : "; HttpOnly");
  set(response, host_cookie(kSignCookie, secure), sign, age,
      secure ? "; HttpOnly; Secure" : "; HttpOnly");
}

}  // namespace

void add_device_cookie(http::Response& response, std::string_view name, std::string_view value,
                       bool secure) {
  constexpr std::chrono::seconds kAge = services::accounts::Devices::kLifetime;
  response.with("Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; SameSite=Lax; HttpOnly{}",
                                          name, value, kAge.count(), secure ? "; Secure" : ""));
}

void set_session_cookies(http::Response& response, const services::accounts::Login& login,
                         std::string_view node, bool secure) {
  set_all(response, std::to_string(login.user.value), node, login.sign, kLifetime, secure);
  if (login.device.empty()) return;
  add_device_cookie(response, host_cookie(kDeviceCookie, secure), login.device, secure);
}

void clear_older_session(http::Response& response, bool secure) {
  if (secure) set(response, kSignCookie, "", std::chrono::seconds{0}, "; HttpOnly; Secure");
}

void clear_session_cookies(http::Response& response, bool secure) {
  set_all(response, "", "", "", std::chrono::seconds{0}, secure);
  clear_older_session(response, secure);
}

}  // namespace stampede::controllers

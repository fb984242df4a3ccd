#include "controllers/console/console_login.h"

#include <fmt/core.h>

#include <chrono>
#include <expected>
#include <string_view>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/console/operator_guard.h"
#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"
#include "controllers/guards/session_cookies.h"
#include "controllers/page_response.h"
#include "model/text/utf8.h"

namespace stampede::controllers {
namespace {

using services::accounts::AccountError;
using services::accounts::Login;
using services::accounts::Sessions;
using Code = views::CredentialsForm::Code;

constexpr FormTokens::Scope kLoginForm{.action = "/login", .session = {}};

void set_cookie(http::Response& response, std::string_view sign, std::chrono::seconds age,
                bool secure) {
  response.with("Set-Cookie", fmt::format("{}={}; Path=/; Max-Age={}; SameSite=Strict; HttpOnly{}",
                                          host_cookie(kOperatorCookie, secure), sign, age.count(),
                                          secure ? "; Secure" : ""));
}

http::Response with_form_cookie(http::Response response, const std::string& cookie) {
  if (!cookie.empty()) response.with("Set-Cookie", cookie);
  return response;
}

}  // namespace

void ConsoleLogin::add_routes(http::Router& router) {
  router.get("/login", [this](http::Request& request, http::Responder responder) {
    show_login(request, responder);
  });
  router.post("/login", [this](http::Request& request, http::Responder responder) {
    log_in(request, std::move(responder));
  });
  router.get("/logout", [this](http::Request& request, http::Responder responder) {
    show_logout(request, responder);
  });
  router.post("/logout", [this](http::Request& request, http::Responder responder) {
    log_out(request, std::move(responder));
  });
}

bool ConsoleLogin::ours(const http::Request& request, Instant now, std::string_view session) const {
  return services_.origin.allows(request) &&
         services_.forms.valid(request, now, {request.path, session});
}

std::optional<UserId> ConsoleLogin::user_of(const http::Request& request, Instant now) const {
  return services_.sessions.authenticate(OperatorGuard::cookie_of(request), now,
                                         Sessions::Site::kConsole);
}

ConsoleLogin::Form ConsoleLogin::empty_form(const http::Request& request, Instant now) const {
  FormTokens::Issued issued = services_.forms.issue(request, now, kLoginForm);
  Form form{.values = {}, .cookie = std::move(issued.cookie)};
  form.values.token = std::move(issued.token);
  form.values.code = services_.second_factor_required ? Code::kUnlessNoneYet : Code::kIfAny;
  return form;
}

void ConsoleLogin::show_login(const http::Request& request, http::Responder& responder) const {
  auto [form, cookie] = empty_form(request, clock_().wall);
  form.next = local_target(request.query_parameter("next").value_or(""));
  if (request.query_parameter("done") == "second-factor") {
    form.notice = "Your second factor is set up. Log in with the next code of your authenticator.";
    form.code = Code::kNeeded;
  }
  responder(with_form_cookie(page(200, services_.pages.login(form)), cookie));
}

void ConsoleLogin::log_in(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  auto [form, cookie] = empty_form(request, now.wall);
  std::string name = request.form_field("name").value_or("");
  if (is_utf8(name)) form.name = name;  // the page is UTF-8
  form.next = local_target(request.form_field("next").value_or(""));
  if (!ours(request, now.wall, {})) {
    form.error = "This form had expired or is not ours. Please send it again.";
    return responder(with_form_cookie(page(403, services_.pages.login(form)), cookie));
  }
  const std::string device = host_cookie(kOperatorDeviceCookie, request.secure);
  services_.accounts.log_in(
      {std::move(name), request.form_field("password").value_or(""),
       request.form_field("code").value_or("")},
      {std::string(request.client_address), std::string(request.cookie(device))}, now,
      [this, responder = std::move(responder), form = std::move(form), cookie = std::move(cookie),
       device, secure = request.secure](std::expected<Login, AccountError> login) mutable {
        if (login) {
          http::Response response = go_to(form.next.empty() ? "/" : form.next);
          set_cookie(response, login->sign, Sessions::kLifetime, secure);
          if (!login->device.empty()) {
            add_device_cookie(response, device, login->device, secure);
          }
          return responder.reply_from_anywhere(std::move(response));
        }
        form.error = services::accounts::explain(login.error());
        if (login.error() == AccountError::kCodeNeeded) form.code = Code::kNeeded;
        http::Response response = page(status_of(login.error()), services_.pages.login(form));
        add_retry_after(response);
        responder.reply_from_anywhere(with_form_cookie(std::move(response), cookie));
      });
}

void ConsoleLogin::show_logout(const http::Request& request, http::Responder& responder) const {
  const Instant now = clock_().wall;
  const auto user = user_of(request, now);
  if (!user) return responder(go_to("/login"));
  const FormTokens::Scope scope{"/logout", OperatorGuard::cookie_of(request)};
  responder(page(200, services_.pages.logout(services_.forms.issue(request, now, scope).token)));
}

void ConsoleLogin::log_out(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  const auto user = user_of(request, now.wall);
  // Another site's form comes without the cookie (SameSite); the answer must not clear it.
  if (!user) return responder(go_to("/login"));
  if (!ours(request, now.wall, OperatorGuard::cookie_of(request))) {
    return responder(page(403, services_.pages.message({"You are not logged out",
                                                        "The form had expired or is not ours."})));
  }
  http::Response gone = go_to("/login");
  set_cookie(gone, "", std::chrono::seconds{0}, request.secure);
  services_.accounts.log_out(
      *user, {std::string(request.client_address)}, now,
      [this, responder = std::move(responder), gone = std::move(gone)](bool durable) mutable {
        responder.reply_from_anywhere(
            durable ? std::move(gone)
                    : page(503, services_.pages.message(
                                    {"You are still logged in", "Please try again."})));
      });
}

}  // namespace stampede::controllers

#include "controllers/shop/accounts_controller.h"

#include <boost/json/object.hpp>
#include <expected>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"
#include "controllers/guards/session_cookies.h"
#include "controllers/guards/session_guard.h"
#include "controllers/json_response.h"
#include "controllers/page_response.h"
#include "model/text/utf8.h"

namespace stampede::controllers {
namespace {

using services::accounts::AccountError;
using services::accounts::Login;

services::accounts::Client client_of(const http::Request& request) {
  return {std::string(request.client_address),
          std::string(host_cookie_or_older(request, kDeviceCookie)), request.secure};
}

http::Response welcome(const Login& login, const std::string& next, std::string_view node,
                       bool secure) {
  http::Response response = go_to(next.empty() ? "/" : next);
  set_session_cookies(response, login, node, secure);
  clear_older_session(response, secure);
  return response;
}

}  // namespace

void AccountsController::add_routes(http::Router& router) {
  const auto add_form = [&](const char* path, Form form) {
    router.get(path, [this, form](http::Request& request, http::Responder responder) {
      show_form(form, request, responder);
    });
    router.post(path, [this, form](http::Request& request, http::Responder responder) {
      enter(form, request, std::move(responder));
    });
  };
  add_form("/user/register", Form::kRegister);
  add_form("/user/login", Form::kLogin);
  router.get("/user/password", [this](http::Request& request, http::Responder responder) {
    show_account(request, responder);
  });
  router.post("/user/password", [this](http::Request& request, http::Responder responder) {
    change_password(request, std::move(responder));
  });
  router.get("/user/session", [this](http::Request& request, http::Responder responder) {
    http::Response response = session(request);
    response.with("Cache-Control", "no-store");
    responder(std::move(response));
  });
  router.post("/user/logout", [this](http::Request& request, http::Responder responder) {
    log_out(request, std::move(responder));
  });
}

std::optional<std::string> AccountsController::forged(const http::Request& request,
                                                      Instant now) const {
  if (!services_.origin.allows(request)) return "This form came from a page of another site.";
  if (!services_.forms.valid(request, now)) return "The form had expired. Please send it again.";
  return std::nullopt;
}

AccountsController::Entry AccountsController::entry_of(Form form, const http::Request& request,
                                                       Instant now) const {
  FormTokens::Issued issued = services_.forms.issue(request, now);
  Entry entry{.form = form, .values = {}, .cookie = std::move(issued.cookie)};
  entry.values.token = std::move(issued.token);
  entry.secure = request.secure;
  return entry;
}

http::Response AccountsController::form_page(const Entry& entry, int status) const {
  http::Response response =
      page(status, entry.form == Form::kLogin ? services_.pages.login(entry.values)
                                              : services_.pages.registration(entry.values));
  if (!entry.cookie.empty()) response.with("Set-Cookie", entry.cookie);
  add_retry_after(response);
  return response;
}

void AccountsController::show_form(Form form, const http::Request& request,
                                   http::Responder& responder) const {
  Entry entry = entry_of(form, request, options_.clock().wall);
  entry.values.next = local_path(request.query_parameter("next").value_or(""));
  responder(form_page(entry, 200));
}

void AccountsController::enter(Form form, const http::Request& request, http::Responder responder) {
  const Now now = options_.clock();
  Entry entry = entry_of(form, request, now.wall);
  std::string name = request.form_field("name").value_or("");
  if (is_utf8(name)) entry.values.name = name;  // the page is UTF-8
  entry.values.next = local_path(request.form_field("next").value_or(""));
  if (auto refusal = forged(request, now.wall)) {
    entry.values.error = *std::move(refusal);
    responder(form_page(entry, 403));
    return;
  }
  std::string password = request.form_field("password").value_or("");
  const services::accounts::Client client = client_of(request);
  auto done = [this, responder = std::move(responder),
               entry = std::move(entry)](std::expected<Login, AccountError> login) mutable {
    if (login) {
      responder.reply_from_anywhere(
          welcome(*login, entry.values.next, options_.node_of(login->user), entry.secure));
      return;
    }
    entry.values.error = services::accounts::explain(login.error());
    responder.reply_from_anywhere(form_page(entry, status_of(login.error())));
  };
  if (form == Form::kLogin) {
    services_.accounts.log_in(std::move(name), std::move(password), client, now, std::move(done));
  } else {
    services_.accounts.register_buyer(std::move(name), std::move(password), client, now,
                                      std::move(done));
  }
}

http::Response AccountsController::account_page(int status, const FormTokens::Issued& issued,
                                                std::string error, std::string notice) const {
  http::Response response =
      page(status, services_.pages.account({issued.token, std::move(error), std::move(notice)}));
  if (!issued.cookie.empty()) response.with("Set-Cookie", issued.cookie);
  add_retry_after(response);
  return response;
}

void AccountsController::show_account(const http::Request& request,
                                      http::Responder& responder) const {
  const Now now = options_.clock();
  if (!current_user(request, services_.sessions, now.wall)) {
    responder(to_login_page("/user/password"));
    return;
  }
  const bool changed = request.query_parameter("changed").has_value();
  responder(account_page(200, services_.forms.issue(request, now.wall), "",
                         changed ? "Your password is changed." : ""));
}

void AccountsController::change_password(const http::Request& request, http::Responder responder) {
  const Now now = options_.clock();
  const auto user = current_user(request, services_.sessions, now.wall);
  if (!user) {
    responder(to_login_page("/user/password"));
    return;
  }
  FormTokens::Issued issued = services_.forms.issue(request, now.wall);
  if (auto refusal = forged(request, now.wall)) {
    responder(account_page(403, issued, *std::move(refusal), ""));
    return;
  }
  services_.accounts.change_password(
      *user, request.form_field("old_password").value_or(""),
      request.form_field("new_password").value_or(""), client_of(request), now,
      [this, responder = std::move(responder), issued = std::move(issued),
       secure = request.secure](std::expected<Login, AccountError> login) mutable {
        if (login) {
          responder.reply_from_anywhere(
              welcome(*login, "/user/password?changed=1", options_.node_of(login->user), secure));
          return;
        }
        const AccountError error = login.error();
        std::string words(error == AccountError::kWrongLogin ? "The old password is wrong."
                                                             : services::accounts::explain(error));
        responder.reply_from_anywhere(account_page(status_of(error), issued, std::move(words), ""));
      });
}

/// The page's clock goes by the same answer, so that a page asks once for both.
http::Response AccountsController::session(const http::Request& request) const {
  const Instant now = options_.clock().wall;
  const auto open = current_session(request, services_.sessions, now);
  if (!open) return login_required();
  const auto longer = services_.sessions.extend(*open, now, request.secure);
  boost::json::object body;
  body["user"] = open->user.value;
  body["expires_at"] = format_rfc3339(longer ? longer->expires : open->expires);
  put_time(body, now);
  http::Response response = json_response(200, body);
  if (longer) {
    set_session_cookies(response, {.user = open->user, .name = {}, .sign = longer->sign},
                        options_.node_of(open->user), request.secure);
  }
  return response;
}

void AccountsController::log_out(const http::Request& request, http::Responder responder) {
  // The origin is checked first. Another site's page sends no cookies along (SameSite), but an
  // answer that clears the cookies would log the visitor out all the same.
  if (!services_.origin.allows(request)) {
    responder(refuse(request, services_.pages,
                     {403, "bad-origin", "You are not logged out",
                      "This request came from a page of another site."}));
    return;
  }
  const Now now = options_.clock();
  const auto user = current_user(request, services_.sessions, now.wall);
  if (!user) {  // nothing to end; the cookies are of no use any more
    http::Response response = go_to("/");
    clear_session_cookies(response, request.secure);
    responder(std::move(response));
    return;
  }
  FormTokens::Issued issued = services_.forms.issue(request, now.wall);
  if (auto refusal = forged(request, now.wall)) {
    responder(account_page(403, issued, *std::move(refusal), ""));
    return;
  }
  services_.accounts.log_out(
      *user, client_of(request), now,
      [this, responder = std::move(responder), issued = std::move(issued),
       secure = request.secure](bool durable) mutable {
        if (!durable) {
          responder.reply_from_anywhere(
              account_page(503, issued, "You are still logged in: please try again.", ""));
          return;
        }
        http::Response response = go_to("/");
        clear_session_cookies(response, secure);
        responder.reply_from_anywhere(std::move(response));
      });
}

}  // namespace stampede::controllers

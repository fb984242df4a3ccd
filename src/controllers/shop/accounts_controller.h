#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>

#include "controllers/clock.h"
#include "controllers/guards/form_tokens.h"
#include "controllers/guards/origin.h"
#include "http/server/handlers/router.h"
#include "services/accounts/accounts.h"
#include "views/pages.h"

namespace stampede::controllers {

/// GET and POST /user/register, /user/login, /user/password; POST /user/logout; GET /user/session:
/// whose session this is and until when, and a longer cookie for one in use. Every POST needs
/// the token of our own form and an allowed origin (403 otherwise), login and registration too:
/// nobody is logged in as somebody else from outside. Thread-safe; the services outlive it.
class AccountsController {
 public:
  struct Services {
    services::accounts::Accounts& accounts;
    const services::accounts::Sessions& sessions;
    const FormTokens& forms;
    const OriginRule& origin;
    const views::Pages& pages;
  };
  struct Options {
    std::function<std::string(UserId)> node_of;  // value of the cookie `node`; thread-safe
    Clock clock = read_clocks;
  };

  AccountsController(const Services& services, Options options)
      : services_(services), options_(std::move(options)) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

 private:
  enum class Form { kRegister, kLogin };
  /// What is needed to answer after the passwords are hashed, on another thread.
  struct Entry {
    Form form = Form::kLogin;
    views::CredentialsForm values;
    std::string cookie;  // Set-Cookie of the form, or empty
    bool secure = false;
  };

  void show_form(Form form, const http::Request& request, http::Responder& responder) const;
  void enter(Form form, const http::Request& request, http::Responder responder);
  void show_account(const http::Request& request, http::Responder& responder) const;
  void change_password(const http::Request& request, http::Responder responder);
  http::Response session(const http::Request& request) const;
  void log_out(const http::Request& request, http::Responder responder);

  Entry entry_of(Form form, const http::Request& request, Instant now) const;
  http::Response form_page(const Entry& entry, int status) const;
  http::Response account_page(int status, const FormTokens::Issued& issued, std::string error,
                              std::string notice) const;
  /// Why this form is refused, if it is not ours.
  std::optional<std::string> forged(const http::Request& request, Instant now) const;

  Services services_;
  Options options_;
};

}  // namespace stampede::controllers

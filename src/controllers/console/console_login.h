#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "controllers/clock.h"
#include "controllers/guards/form_tokens.h"
#include "controllers/guards/origin.h"
#include "http/server/handlers/router.h"
#include "services/accounts/accounts.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// GET and POST /login, GET and POST /logout of the console. The cookie `operator` is SameSite
/// Strict, named as host_cookie() says, and opens nothing of the shop. The form asks everybody for
/// the code of a second factor, so that it tells no stranger who has one; whoever has one and sent
/// another code or none is told so once the password was right. Thread-safe; the services outlive
/// it.
class ConsoleLogin {
 public:
  struct Services {
    services::accounts::Accounts& accounts;  // of Sessions::Site::kConsole
    const services::accounts::Sessions& sessions;
    const FormTokens& forms;
    const OriginRule& origin;
    const views::ConsolePages& pages;
    bool second_factor_required = false;
  };
  explicit ConsoleLogin(const Services& services, Clock clock = read_clocks)
      : services_(services), clock_(std::move(clock)) {}

  /// Must outlive the router.
  void add_routes(http::Router& router);

 private:
  /// A form to log in with, and the cookie that belongs to it.
  struct Form {
    views::CredentialsForm values;
    std::string cookie;
  };
  Form empty_form(const http::Request& request, Instant now) const;
  void show_login(const http::Request& request, http::Responder& responder) const;
  void log_in(const http::Request& request, http::Responder responder);
  void show_logout(const http::Request& request, http::Responder& responder) const;
  void log_out(const http::Request& request, http::Responder responder);
  bool ours(const http::Request& request, Instant now, std::string_view session) const;
  std::optional<UserId> user_of(const http::Request& request, Instant now) const;

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

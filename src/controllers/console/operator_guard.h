#pragma once

#include <functional>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "concurrency/worker_pool.h"
#include "controllers/clock.h"
#include "controllers/console/route_roles.h"
#include "controllers/guards/form_tokens.h"
#include "controllers/guards/origin.h"
#include "http/server/handlers/router.h"
#include "model/ids.h"
#include "model/time.h"
#include "services/accounts/sessions.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// Guards the console: every route added through it answers those who are logged in with the role
/// that the route asks for, and nobody else. Pages redirect strangers to /login (303), other routes
/// answer 401 `login-required`; another role hears 403 `role-required`, which names the one that is
/// needed. Where a second factor is required, a session without one is sent to kSecondFactorPath
/// (303, or 403 `second-factor-required` for programs) by every other route, whatever its
/// role. A POST also needs an allowed origin and its own form's token (403). Thread-safe; the
/// services outlive it.
class OperatorGuard {
 public:
  struct Services {
    const services::accounts::Sessions& sessions;
    const FormTokens& forms;
    const OriginRule& origin;
    const views::ConsolePages& pages;
    concurrency::WorkerPool& pool;
    /// Adding a route that is not among them throws std::logic_error. Outlives the guard.
    std::span<const RouteRole> roles = kRouteRoles;
    bool second_factor_required = false;
  };
  explicit OperatorGuard(const Services& services, Clock clock = read_clocks)
      : services_(services), clock_(std::move(clock)) {}

  /// The operator who asks, and what makes the tokens of forms for the page that answers: for the
  /// hidden field `token`, and the header `Form-Token`.
  struct Operator {
    UserId id;
    views::FormToken token;
    UserRole role = UserRole::kViewer;
    bool second_factor = false;  // shown at the log-in
    /// The guard's own refusal, for what asks for a higher role than its route does.
    std::function<http::Response(UserRole least)> refuse = {};
  };
  /// Runs on the console's pool: it may block. What it throws is logged and answered with 503.
  using Work = std::function<http::Response(const http::Request&, const Operator&, Now)>;
  void get(http::Router& router, std::string pattern, Work work);
  void post(http::Router& router, std::string pattern, Work work);

  /// Runs on the request's own thread and must not block: for answers that are streamed.
  using Stream = std::function<void(const http::Request&, const Operator&, Now, http::Responder)>;
  void get_stream(http::Router& router, std::string pattern, Stream stream);

  /// For unknown paths: without login they are answered like known ones.
  void refuse_unknown(http::Router& router);

  /// The operator whose cookie this is, while the session lasts. Streams keep it and ask again and
  /// again.
  std::optional<UserId> operator_of(std::string_view cookie, Instant now) const;
  /// The cookie of the session; empty if there is none.
  static std::string_view cookie_of(const http::Request& request);

  /// How a request without a session, or without the second factor that is required, is answered;
  /// nullopt for every other. Goes by the head alone.
  std::optional<http::Response> refuse_stranger(const http::Request& request) const;

 private:
  using Session = services::accounts::Sessions::Session;

  std::optional<Session> session_of(std::string_view cookie, Instant now) const;
  /// Of a session that may not open this route, or nullopt.
  std::optional<http::Response> refuse_session(const http::Request& request, const Session& session,
                                               UserRole least) const;
  std::optional<http::Response> refuse_without_second_factor(const http::Request& request,
                                                             const Session& session) const;
  http::Response turn_away(const http::Request& request) const;
  http::Response refuse_role(const http::Request& request, UserRole least) const;
  /// The refusal of a POST that does not come from the form that is made for it.
  std::optional<http::Response> refuse_forged(const http::Request& request, Instant now) const;
  UserRole least_for(http::Method method, std::string_view pattern) const;
  void add(http::Router& router, std::string pattern, bool post, Work work);

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

#include "controllers/console/operator_guard.h"

#include <fmt/format.h>

#include <cctype>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "controllers/background.h"
#include "controllers/guards/cookie_names.h"
#include "controllers/guards/host_cookie.h"
#include "controllers/guards/session_guard.h"
#include "controllers/page_response.h"

namespace stampede::controllers {
namespace {

using services::accounts::Sessions;

constexpr std::string_view kLogoutPath = "/logout";  // of ConsoleLogin, outside the guard

/// True if the request accepts HTML, as a browser's navigation does. Scripts, pictures and programs
/// get a status instead of a redirect.
bool accepts_page(const http::Request& request) {
  return request.header("accept").find("text/html") != std::string_view::npos;
}
bool wants_page(const http::Request& request) {
  return request.method != http::Method::kPost && accepts_page(request);
}

/// As a query's value; '/' may stay as it is.
std::string encoded(std::string_view target) {
  std::string value;
  for (const char c : target) {
    if (std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '/' || c == '-' || c == '_') {
      value += c;
    } else {
      value += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return value;
}

http::Response not_stored(http::Response response) {
  response.with("Cache-Control", "no-store");
  return response;
}

}  // namespace

std::string_view OperatorGuard::cookie_of(const http::Request& request) {
  return request.cookie(host_cookie(kOperatorCookie, request.secure));
}

std::optional<OperatorGuard::Session> OperatorGuard::session_of(std::string_view cookie,
                                                                Instant now) const {
  return services_.sessions.open(cookie, now, Sessions::Site::kConsole);
}

std::optional<UserId> OperatorGuard::operator_of(std::string_view cookie, Instant now) const {
  const auto session = session_of(cookie, now);
  return session ? std::optional(session->user) : std::nullopt;
}

std::optional<http::Response> OperatorGuard::refuse_stranger(const http::Request& request) const {
  const auto session = session_of(cookie_of(request), clock_().wall);
  if (!session) return turn_away(request);
  if (request.path == kLogoutPath) return std::nullopt;
  return refuse_without_second_factor(request, *session);
}

std::optional<http::Response> OperatorGuard::refuse_without_second_factor(
    const http::Request& request, const Session& session) const {
  const bool enough = !services_.second_factor_required || session.second_factor;
  if (enough || request.path == kSecondFactorPath) return std::nullopt;
  if (accepts_page(request)) return not_stored(http::see_other(std::string(kSecondFactorPath)));
  return not_stored(http::problem(
      403, "second-factor-required",
      fmt::format("This console asks for a second factor: set one up at {}.", kSecondFactorPath)));
}

std::optional<http::Response> OperatorGuard::refuse_session(const http::Request& request,
                                                            const Session& session,
                                                            UserRole least) const {
  if (auto refusal = refuse_without_second_factor(request, session)) return refusal;
  if (session.role < least) return refuse_role(request, least);
  return std::nullopt;
}

http::Response OperatorGuard::refuse_role(const http::Request& request, UserRole least) const {
  const std::string detail = fmt::format(
      "This needs the role “{}”. An owner of the shop can give it to you, by the command "
      "`stampede operator role`.",
      to_string(least));
  if (accepts_page(request)) {
    return page(403, services_.pages.message({"Not with your role", detail}));
  }
  return not_stored(
      http::problem(403, "role-required", detail, fmt::format(R"("role":"{}")", to_string(least))));
}

UserRole OperatorGuard::least_for(http::Method method, std::string_view pattern) const {
  for (const RouteRole& route : services_.roles) {
    if (route.method == method && route.pattern == pattern) return route.least;
  }
  throw std::logic_error(fmt::format("route '{}': no role is said for it", pattern));
}

http::Response OperatorGuard::turn_away(const http::Request& request) const {
  if (!wants_page(request)) return not_stored(login_required());
  return not_stored(http::see_other("/login?next=" + encoded(request.target)));
}

std::optional<http::Response> OperatorGuard::refuse_forged(const http::Request& request,
                                                           Instant now) const {
  if (!services_.origin.allows(request)) return not_stored(bad_origin());
  if (services_.forms.valid(request, now, {request.path, cookie_of(request)})) return std::nullopt;
  return not_stored(http::problem(403, "form-expired",
                                  "The form had expired or is not ours. Load its page again."));
}

void OperatorGuard::get(http::Router& router, std::string pattern, Work work) {
  add(router, std::move(pattern), false, std::move(work));
}

void OperatorGuard::post(http::Router& router, std::string pattern, Work work) {
  add(router, std::move(pattern), true, std::move(work));
}

void OperatorGuard::add(http::Router& router, std::string pattern, bool post, Work work) {
  const UserRole least = least_for(post ? http::Method::kPost : http::Method::kGet, pattern);
  auto handler = [this, post, least, work = std::make_shared<const Work>(std::move(work))](
                     http::Request& request, http::Responder responder) {
    const Now now = clock_();
    const auto session = session_of(cookie_of(request), now.wall);
    if (!session) return responder(turn_away(request));
    if (auto refusal = refuse_session(request, *session, least)) {
      return responder(*std::move(refusal));
    }
    if (post) {
      if (auto refusal = refuse_forged(request, now.wall)) return responder(*std::move(refusal));
    }
    answer_from(
        services_.pool, std::move(responder), [this, &request, work, session = *session, now] {
          const auto token = [&](std::string_view action) {
            return services_.forms.issue(request, now.wall, {action, cookie_of(request)}).token;
          };
          const auto refuse = [&](UserRole role) { return refuse_role(request, role); };
          return (*work)(request,
                         {session.user, token, session.role, session.second_factor, refuse}, now);
        });
  };
  if (post) {
    router.post(std::move(pattern), std::move(handler));
  } else {
    router.get(std::move(pattern), std::move(handler));
  }
}

void OperatorGuard::get_stream(http::Router& router, std::string pattern, Stream stream) {
  const UserRole least = least_for(http::Method::kGet, pattern);
  router.get(std::move(pattern), [this, least, stream = std::move(stream)](
                                     http::Request& request, http::Responder responder) {
    const Now now = clock_();
    const auto session = session_of(cookie_of(request), now.wall);
    if (!session) return responder(turn_away(request));
    if (auto refusal = refuse_session(request, *session, least)) {
      return responder(*std::move(refusal));
    }
    stream(request, {session->user, {}, session->role, session->second_factor}, now,
           std::move(responder));
  });
}

void OperatorGuard::refuse_unknown(http::Router& router) {
  router.otherwise([this](http::Request& request, http::Responder responder) {
    if (auto refusal = refuse_stranger(request)) return responder(*std::move(refusal));
    if (!wants_page(request)) {
      return responder(not_stored(http::problem(404, "not-found", "There is nothing here.")));
    }
    responder(
        page(404, services_.pages.message({"Nothing here", "There is no page at this address."})));
  });
}

}  // namespace stampede::controllers

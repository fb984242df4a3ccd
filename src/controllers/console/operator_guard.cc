#include "controllers/console/operator_guard.h"

#include <fmt/format.h>

#include <cctype>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "controllers/background.h"
#include "controllers/page_response.h"
#include "controllers/session_guard.h"

namespace stampede::controllers {
namespace {

using services::accounts::Sessions;

/// True if the request accepts HTML, as a browser's navigation does. Scripts, pictures and programs
/// get a status instead of a redirect.
bool wants_page(const http::Request& request) {
  return request.method != http::Method::kPost &&
         request.header("accept").find("text/html") != std::string_view::npos;
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

std::optional<UserId> OperatorGuard::operator_of(const http::Request& request, Instant now) const {
  return operator_of(request.cookie(kCookie), now);
}

std::optional<UserId> OperatorGuard::operator_of(std::string_view cookie, Instant now) const {
  return services_.sessions.authenticate(cookie, now, Sessions::Site::kConsole);
}

http::Response OperatorGuard::turn_away(const http::Request& request) const {
  if (!wants_page(request)) return not_stored(login_required());
  return not_stored(http::see_other("/login?next=" + encoded(request.target)));
}

std::optional<http::Response> OperatorGuard::refuse_forged(const http::Request& request,
                                                           Instant now) const {
  if (!services_.origin.allows(request)) return not_stored(bad_origin());
  if (services_.forms.valid(request, now)) return std::nullopt;
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
  auto handler = [this, post, work = std::make_shared<const Work>(std::move(work))](
                     http::Request& request, http::Responder responder) {
    const Now now = clock_();
    const auto user = operator_of(request, now.wall);
    if (!user) return responder(turn_away(request));
    if (post) {
      if (auto refusal = refuse_forged(request, now.wall)) return responder(*std::move(refusal));
    }
    answer_from(services_.pool, std::move(responder), [this, &request, work, user = *user, now] {
      FormTokens::Issued issued = services_.forms.issue(request, now.wall);
      http::Response response = (*work)(request, {user, std::move(issued.token)}, now);
      if (!issued.cookie.empty()) response.with("Set-Cookie", std::move(issued.cookie));
      return response;
    });
  };
  if (post) {
    router.post(std::move(pattern), std::move(handler));
  } else {
    router.get(std::move(pattern), std::move(handler));
  }
}

void OperatorGuard::get_stream(http::Router& router, std::string pattern, Stream stream) {
  router.get(std::move(pattern),
             [this, stream = std::move(stream)](http::Request& request, http::Responder responder) {
               const Now now = clock_();
               const auto user = operator_of(request, now.wall);
               if (!user) return responder(turn_away(request));
               stream(request, {*user, {}}, now, std::move(responder));
             });
}

void OperatorGuard::refuse_unknown(http::Router& router) {
  router.otherwise([this](http::Request& request, http::Responder responder) {
    if (!operator_of(request, clock_().wall)) return responder(turn_away(request));
    if (!wants_page(request)) {
      return responder(not_stored(http::problem(404, "not-found", "There is nothing here.")));
    }
    responder(
        page(404, services_.pages.message({"Nothing here", "There is no page at this address."})));
  });
}

}  // namespace stampede::controllers

#pragma once

#include <functional>
#include <string>

#include "concurrency/worker_pool.h"
#include "controllers/clock.h"
#include "controllers/form_tokens.h"
#include "controllers/origin.h"
#include "http/server/router.h"
#include "model/ids.h"
#include "model/time.h"
#include "services/accounts/sessions.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// Guards the console: every route added through it answers logged-in operators and nobody else.
/// Pages redirect others to /login (303), other routes answer 401 `login-required`. A POST also
/// needs an allowed origin and the form's token (403). Thread-safe; the services outlive it.
class OperatorGuard {
 public:
  struct Services {
    const services::accounts::Sessions& sessions;
    const FormTokens& forms;
    const OriginRule& origin;
    const views::ConsolePages& pages;
    concurrency::WorkerPool& pool;
  };
  explicit OperatorGuard(const Services& services, Clock clock = read_clocks)
      : services_(services), clock_(std::move(clock)) {}

  /// The operator who asks, and the form token for the page that answers.
  struct Operator {
    UserId id;
    std::string token;  // for the hidden field `token` of forms, and the header `Form-Token`
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

  /// The operator whose cookie this is, while the session lasts. Streams ask again and again.
  std::optional<UserId> operator_of(const http::Request& request, Instant now) const;
  /// The same by the cookie's value, which a stream keeps.
  std::optional<UserId> operator_of(std::string_view cookie, Instant now) const;
  static constexpr const char* kCookie = "operator";

 private:
  http::Response turn_away(const http::Request& request) const;
  /// The refusal of a POST that does not come from one of our forms.
  std::optional<http::Response> refuse_forged(const http::Request& request, Instant now) const;
  void add(http::Router& router, std::string pattern, bool post, Work work);

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

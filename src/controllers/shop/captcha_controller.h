#pragma once

#include <utility>

#include "captcha/captcha.h"
#include "captcha/wrong_answers.h"
#include "controllers/clock.h"
#include "controllers/origin.h"
#include "controllers/shop/current_sales.h"
#include "http/server/router.h"
#include "services/accounts/sessions.h"

namespace stampede::controllers {

/// GET /captcha?productID=N&key=K: a picture and, in the header Captcha-Challenge, its sealed
/// challenge. POST /captcha/verify {challenge, answer, productID, key}, as JSON or a form: the pass
/// that /check asks for. Both are bound to this buyer, product and intent. Thread-safe; the
/// services outlive it.
class CaptchaController {
 public:
  struct Services {
    captcha::ImagePool& images;
    const captcha::Tokens& tokens;
    captcha::WrongAnswers& wrong_answers;
    CurrentSales sales;
    const services::accounts::Sessions& sessions;
    const OriginRule& origin;
  };

  explicit CaptchaController(Services services, Clock clock = read_clocks)
      : services_(std::move(services)), clock_(std::move(clock)) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

 private:
  http::Response picture(const http::Request& request);
  http::Response verify(const http::Request& request);

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

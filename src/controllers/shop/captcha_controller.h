#pragma once

#include <chrono>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "captcha/captcha.h"
#include "captcha/external/siteverify.h"
#include "captcha/fetch_limit.h"
#include "captcha/proof_of_work.h"
#include "captcha/wrong_answers.h"
#include "concurrency/slow_refusals.h"
#include "controllers/clock.h"
#include "controllers/guards/origin.h"
#include "controllers/shop/current_sales.h"
#include "http/server/handlers/router.h"
#include "services/accounts/sessions.h"

namespace stampede::controllers {

/// GET /captcha?productID=N&key=K: a picture and, in the header Captcha-Challenge, its sealed
/// challenge, whose answer is taken after Captcha-Wait milliseconds; 503 `unavailable` where none
/// is ready, or few are and the buyer has had two this minute. GET /captcha/work, with the same
/// parameters: a proof of work instead. POST /captcha/verify {challenge, answer, productID, key},
/// as JSON or a form: the pass that /check asks for; the same again, whose answer was lost, earns
/// another one for the same intent. All are bound to this buyer, product and intent.
///
/// With an external challenge, POST /captcha/verify {token, productID, key} earns the same pass,
/// and pictures and proofs of work are given while its provider is away, or always if the shop
/// wants it so. Thread-safe; the services outlive it.
class CaptchaController {
 public:
  struct Services {
    captcha::ImagePool& images;
    const captcha::Tokens& tokens;
    captcha::WrongAnswers& wrong_answers;
    captcha::FetchLimit& fetches;
    captcha::ProofOfWork& work;
    std::chrono::milliseconds minimum;  // from a challenge to its answer
    CurrentSales sales;
    const services::accounts::Sessions& sessions;
    const OriginRule& origin;
    concurrency::SlowRefusals& refusals;      // of what is asked for too often
    captcha::Siteverify* external = nullptr;  // none: the shop's own captchas alone
    bool own_always = true;  // with an external challenge; otherwise while its provider is away
  };

  explicit CaptchaController(Services services, Clock clock = read_clocks)
      : services_(std::move(services)), clock_(std::move(clock)) {}

  /// The controller must outlive the router.
  void add_routes(http::Router& router);

 private:
  void picture(const http::Request& request, http::Responder responder);
  void work(const http::Request& request, http::Responder responder);
  void refuse_late(http::Response response, http::Responder responder);
  /// A 429 is told late.
  void answer(http::Response response, http::Responder responder);
  void verify(const http::Request& request, http::Responder responder);
  http::Response verify_answer(std::string_view challenge, std::string_view answer,
                               const captcha::Subject& subject, Now now);
  void verify_token(const http::Request& request, const std::string& token,
                    const captcha::Subject& subject, Now now, http::Responder responder);
  http::Response response_to(captcha::Siteverify::Verdict verdict, const captcha::Subject& subject);
  http::Response pass_for(const captcha::Subject& subject, Now now);
  /// Whose challenge it is to be, one more of this kind charged; or the refusal.
  std::expected<captcha::Subject, http::Response> admit(const http::Request& request,
                                                        captcha::Kind kind, Now now);
  /// The refusal where that buyer is given no more of this kind for now, or not yet; one is
  /// charged.
  std::optional<http::Response> refuse_more(const captcha::Subject& subject, captcha::Kind kind,
                                            Now now);
  /// The refusal of an answer that earns no pass.
  std::optional<http::Response> refusal(const captcha::Judgement& judgement, UserId buyer, Now now);

  Services services_;
  Clock clock_;
};

}  // namespace stampede::controllers

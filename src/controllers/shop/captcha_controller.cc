#include "controllers/shop/captcha_controller.h"

#include <fmt/core.h>

#include <boost/json/object.hpp>
#include <expected>
#include <optional>
#include <string>

#include "controllers/guards/session_guard.h"
#include "controllers/json_response.h"
#include "controllers/parse_id.h"
#include "controllers/shop/captcha_answer.h"

namespace stampede::controllers {
namespace {

/// Pages fetch their first captcha in the last minute before the start, each at a moment of its
/// own, so that the start brings no flood of them, and people may type as early as scripts.
constexpr std::chrono::seconds kAhead{60};

/// Where few pictures are left, a buyer is given so many a minute: one, and another for one that
/// was misread.
constexpr int kWhereFew = 2;

http::Response never_stored(http::Response response) {
  response.with("Cache-Control", "no-store");
  return response;
}

http::Response bad_key() {
  return http::problem(400, "key-required",
                       "key is missing or is not 16 to 64 characters of A-Z a-z 0-9 - _.");
}

http::Response unknown_product() {
  return http::problem(404, "unknown-product",
                       "There is no sale of that product: productID is to be its number.");
}

http::Response external_challenge() {
  return http::problem(403, "external-challenge",
                       "This shop has its challenges from a provider, and gives its own while that "
                       "is away. Whether it is, is looked after now: ask again later.");
}

http::Response too_many_wrong(std::chrono::milliseconds left) {
  return http::problem(429, "too-many-wrong", "Five wrong answers a minute are enough: wait.")
      .with("Retry-After", http::retry_after_seconds(left.count()));
}

http::Response wrong() {
  return http::problem(
      403, "captcha-wrong",
      "That is not what the challenge asks for, or it has expired: try a new one.");
}

/// The subject of a request of both routes, or the answer that refuses it.
std::expected<captcha::Subject, http::Response> subject_of(
    UserId buyer, const std::optional<std::string>& product,
    const std::optional<std::string>& key) {
  const auto intent = IdempotencyKey::parse(key.value_or(""));
  if (!intent) return std::unexpected(bad_key());
  const auto id = parse_id<ProductId>(product.value_or(""));
  if (!id) return std::unexpected(unknown_product());
  return captcha::Subject{buyer, *id, *intent};
}

}  // namespace

void CaptchaController::add_routes(http::Router& router) {
  router.get("/captcha", [this](http::Request& request, http::Responder responder) {
    picture(request, std::move(responder));
  });
  router.get("/captcha/work", [this](http::Request& request, http::Responder responder) {
    work(request, std::move(responder));
  });
  router.post("/captcha/verify", [this](http::Request& request, http::Responder responder) {
    verify(request, std::move(responder));
  });
}

std::expected<captcha::Subject, http::Response> CaptchaController::admit(
    const http::Request& request, captcha::Kind kind, Now now) {
  const auto buyer = current_user(request, services_.sessions, now.wall);
  if (!buyer) return std::unexpected(login_required());
  // An <img> of a neighbour's page would use up what this buyer is given.
  if (is_from_another_site(request)) return std::unexpected(bad_origin());
  auto subject =
      subject_of(*buyer, request.query_parameter("productID"), request.query_parameter("key"));
  if (!subject) return subject;
  if (auto refused = refuse_more(*subject, kind, now)) return std::unexpected(*std::move(refused));
  return subject;
}

std::optional<http::Response> CaptchaController::refuse_more(const captcha::Subject& subject,
                                                             captcha::Kind kind, Now now) {
  const auto view = services_.sales.of_product(subject.product, now);
  if (!view) return unknown_product();
  if (!view->sale.started(now.wall + kAhead)) {
    return http::problem(403, "not-started",
                         "Captchas are given from one minute before the start on.",
                         fmt::format(R"("starts_at":"{}")", format_rfc3339(view->sale.starts_at)));
  }
  const bool own = kind != captcha::Kind::kExternal;
  if (own && services_.external != nullptr && !services_.own_always) {
    const bool away = services_.external->away(now.tick);
    services_.external->look(now.tick);
    if (!away) return external_challenge();
  }
  if (services_.fetches.admit(subject.buyer, kind, now)) return std::nullopt;
  return http::problem(429, "too-many-captchas", "One buyer is given only so many a minute: wait.")
      .with("Retry-After",
            http::retry_after_seconds(services_.fetches.left(subject.buyer, kind, now).count()));
}

/// A buyer that asks for more than it may have, and again without a pause, takes no more of the
/// machine than `refusals` lets through.
void CaptchaController::refuse_late(http::Response response, http::Responder responder) {
  services_.refusals.add(
      [response = never_stored(std::move(response)), responder = std::move(responder)]() mutable {
        responder.reply_from_anywhere(std::move(response));
      });
}

void CaptchaController::answer(http::Response response, http::Responder responder) {
  if (response.status == 429) return refuse_late(std::move(response), std::move(responder));
  responder(never_stored(std::move(response)));
}

void CaptchaController::picture(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  auto subject = admit(request, captcha::Kind::kPicture, now);
  if (!subject) return answer(std::move(subject.error()), std::move(responder));
  // The picture that is asked for now counts already.
  const int given = services_.fetches.given(subject->buyer, captcha::Kind::kPicture, now);
  const bool enough = given > kWhereFew && services_.images.scarce();
  auto image = enough ? std::nullopt : services_.images.take();
  if (!image) {
    services_.fetches.forgive(subject->buyer, captcha::Kind::kPicture);
    auto refusal =
        http::problem(503, "unavailable", "No picture is ready: more are asked for than drawn.");
    refusal.with("Retry-After", "2");
    if (enough) return refuse_late(std::move(refusal), std::move(responder));
    return responder(never_stored(std::move(refusal)));
  }
  http::Response response;
  response.content_type = "image/png";
  response.shared_body = std::move(image->png);
  response.with("Captcha-Wait", std::to_string(services_.minimum.count()));
  response.with(
      "Captcha-Challenge",
      services_.tokens.seal_challenge(*subject, captcha::Kind::kPicture, image->answer, now.wall));
  responder(never_stored(std::move(response)));
}

void CaptchaController::work(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  auto subject = admit(request, captcha::Kind::kWork, now);
  if (!subject) return answer(std::move(subject.error()), std::move(responder));
  const int nth = services_.fetches.given(subject->buyer, captcha::Kind::kWork, now);
  const captcha::ProofOfWork::Task task = services_.work.give(now.tick, nth);
  responder(never_stored(json_response(
      200,
      {{"algorithm", "SHA-256"},
       {"challenge", task.challenge},
       {"maxnumber", task.most},
       {"salt", task.salt},
       {"wait_ms", services_.minimum.count()},
       {"signature", services_.tokens.seal_challenge(*subject, captcha::Kind::kWork,
                                                     std::to_string(task.number), now.wall)}})));
}

std::optional<http::Response> CaptchaController::refusal(const captcha::Judgement& judgement,
                                                         UserId buyer, Now now) {
  using Result = captcha::Judgement::Result;
  if (judgement.result == Result::kTooSoon) {  // it was not looked at, so it is no guess
    return http::problem(429, "too-fast",
                         "That is sooner than a person answers: send the same again later.")
        .with("Retry-After", http::retry_after_seconds(judgement.wait.count()));
  }
  if (!services_.wrong_answers.admit(buyer, now)) {
    return too_many_wrong(services_.wrong_answers.left(buyer, now));
  }
  if (judgement.result != Result::kRight) return wrong();
  services_.wrong_answers.forgive(buyer);
  return std::nullopt;
}

void CaptchaController::verify(const http::Request& request, http::Responder responder) {
  const Now now = clock_();
  const auto buyer = current_user(request, services_.sessions, now.wall);
  if (!buyer) return responder(never_stored(login_required()));
  if (!services_.origin.allows(request)) return responder(never_stored(bad_origin()));
  const auto asked = CaptchaAnswer::of(request);
  const bool external = asked && asked->token && services_.external != nullptr;
  if (!external && (!asked || !asked->challenge || !asked->answer)) {
    return responder(never_stored(http::problem(
        400, "bad-request",
        "Expected challenge, answer, productID and key, as a JSON object or a form.")));
  }
  const auto subject = subject_of(*buyer, asked->product, asked->key);
  if (!subject) return responder(never_stored(subject.error()));
  if (external) return verify_token(request, *asked->token, *subject, now, std::move(responder));
  answer(verify_answer(*asked->challenge, *asked->answer, *subject, now), std::move(responder));
}

http::Response CaptchaController::verify_answer(std::string_view challenge, std::string_view answer,
                                                const captcha::Subject& subject, Now now) {
  const auto judgement =
      services_.tokens.judge(challenge, answer, subject, services_.minimum, now.wall);
  if (auto refused = refusal(judgement, subject.buyer, now)) return *std::move(refused);
  return pass_for(subject, now);
}

/// As an answer, it is charged before it is judged, so that nobody has the provider asked without
/// bounds.
void CaptchaController::verify_token(const http::Request& request, const std::string& token,
                                     const captcha::Subject& subject, Now now,
                                     http::Responder responder) {
  if (!services_.wrong_answers.admit(subject.buyer, now)) {
    return answer(too_many_wrong(services_.wrong_answers.left(subject.buyer, now)),
                  std::move(responder));
  }
  if (auto refused = refuse_more(subject, captcha::Kind::kExternal, now)) {
    services_.wrong_answers.forgive(subject.buyer);
    return answer(*std::move(refused), std::move(responder));
  }
  services_.external->judge(
      subject, token, request.client_address, now,
      [this, subject,
       responder = std::move(responder)](captcha::Siteverify::Verdict verdict) mutable {
        responder.reply_from_anywhere(never_stored(response_to(verdict, subject)));
      });
}

http::Response CaptchaController::response_to(captcha::Siteverify::Verdict verdict,
                                              const captcha::Subject& subject) {
  using Verdict = captcha::Siteverify::Verdict;
  if (verdict == Verdict::kRefused) return wrong();
  services_.wrong_answers.forgive(subject.buyer);
  if (verdict == Verdict::kAccepted) return pass_for(subject, clock_());
  services_.fetches.forgive(subject.buyer, captcha::Kind::kExternal);
  return http::problem(503, "challenge-unavailable",
                       "The provider of the challenge does not judge it at the moment. Send it "
                       "again, or take one of the shop's own: GET /captcha or /captcha/work.")
      .with("Retry-After", "1");
}

http::Response CaptchaController::pass_for(const captcha::Subject& subject, Now now) {
  boost::json::object answer;
  answer["pass"] = services_.tokens.seal_pass(subject, now.wall);
  return json_response(200, answer);
}

}  // namespace stampede::controllers

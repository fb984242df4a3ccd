#include "controllers/shop/captcha_controller.h"

#include <fmt/core.h>

#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <expected>
#include <optional>
#include <string>

#include "controllers/guards/session_guard.h"
#include "controllers/json_response.h"
#include "controllers/parse_id.h"

namespace stampede::controllers {
namespace {

/// Pages fetch their first captcha in the last minute before the start, each at a moment of its
/// own, so that the start brings no flood of them, and people may type as early as scripts.
constexpr std::chrono::seconds kAhead{60};

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

struct Verification {
  std::optional<std::string> challenge, answer, product, key;
};

/// A string, or a whole number as text.
std::optional<std::string> field(const boost::json::object& object, std::string_view name) {
  const boost::json::value* const value = object.if_contains(name);
  if (value == nullptr) return std::nullopt;
  if (const auto* text = value->if_string()) return std::string(*text);
  if (const auto* number = value->if_int64()) return std::to_string(*number);
  return std::nullopt;
}

/// nullopt if the body is declared as JSON and is no JSON object.
std::optional<Verification> verification_of(const http::Request& request) {
  if (!request.header("content-type").starts_with("application/json")) {
    return Verification{request.form_field("challenge"), request.form_field("answer"),
                        request.form_field("productID"), request.form_field("key")};
  }
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  const boost::json::object* const object = error ? nullptr : body.if_object();
  if (object == nullptr) return std::nullopt;
  return Verification{field(*object, "challenge"), field(*object, "answer"),
                      field(*object, "productID"), field(*object, "key")};
}

}  // namespace

void CaptchaController::add_routes(http::Router& router) {
  router.get("/captcha", [this](http::Request& request, http::Responder responder) {
    responder(never_stored(picture(request)));
  });
  router.get("/captcha/work", [this](http::Request& request, http::Responder responder) {
    responder(never_stored(work(request)));
  });
  router.post("/captcha/verify", [this](http::Request& request, http::Responder responder) {
    responder(never_stored(verify(request)));
  });
}

std::expected<captcha::Subject, http::Response> CaptchaController::admit(
    const http::Request& request, captcha::Kind kind, Now now) {
  const auto buyer = current_user(request, services_.sessions, now.wall);
  if (!buyer) return std::unexpected(login_required());
  auto subject =
      subject_of(*buyer, request.query_parameter("productID"), request.query_parameter("key"));
  if (!subject) return subject;
  const auto view = services_.sales.of_product(subject->product, now);
  if (!view) return std::unexpected(unknown_product());
  if (!view->sale.started(now.wall + kAhead)) {
    return std::unexpected(
        http::problem(403, "not-started", "Captchas are given from one minute before the start on.",
                      fmt::format(R"("starts_at":"{}")", format_rfc3339(view->sale.starts_at))));
  }
  if (!services_.fetches.admit(*buyer, kind, now)) {
    return std::unexpected(
        http::problem(429, "too-many-captchas", "One buyer is given only so many a minute: wait.")
            .with("Retry-After",
                  http::retry_after_seconds(services_.fetches.left(*buyer, kind, now).count())));
  }
  return subject;
}

http::Response CaptchaController::picture(const http::Request& request) {
  const Now now = clock_();
  const auto subject = admit(request, captcha::Kind::kPicture, now);
  if (!subject) return subject.error();
  std::optional<captcha::Image> image = services_.images.take();
  if (!image) {
    services_.fetches.forgive(subject->buyer, captcha::Kind::kPicture);
    return http::problem(503, "unavailable", "No picture is ready: more are asked for than drawn.")
        .with("Retry-After", "2");
  }
  http::Response response;
  response.content_type = "image/png";
  response.shared_body = std::move(image->png);
  response.with("Captcha-Wait", std::to_string(services_.minimum.count()));
  response.with(
      "Captcha-Challenge",
      services_.tokens.seal_challenge(*subject, captcha::Kind::kPicture, image->answer, now.wall));
  return response;
}

http::Response CaptchaController::work(const http::Request& request) {
  const Now now = clock_();
  const auto subject = admit(request, captcha::Kind::kWork, now);
  if (!subject) return subject.error();
  const captcha::ProofOfWork::Task task = services_.work.give(now.tick);
  return json_response(
      200, {{"algorithm", "SHA-256"},
            {"challenge", task.challenge},
            {"maxnumber", task.most},
            {"salt", task.salt},
            {"wait_ms", services_.minimum.count()},
            {"signature", services_.tokens.seal_challenge(*subject, captcha::Kind::kWork,
                                                          std::to_string(task.number), now.wall)}});
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
    return http::problem(429, "too-many-wrong", "Five wrong answers a minute are enough: wait.")
        .with("Retry-After", "60");
  }
  if (judgement.result != Result::kRight) {
    return http::problem(
        403, "captcha-wrong",
        "That is not what the challenge asks for, or it has expired: try a new one.");
  }
  services_.wrong_answers.forgive(buyer);
  return std::nullopt;
}

http::Response CaptchaController::verify(const http::Request& request) {
  const Now now = clock_();
  const auto buyer = current_user(request, services_.sessions, now.wall);
  if (!buyer) return login_required();
  if (!services_.origin.allows(request)) return bad_origin();
  const auto asked = verification_of(request);
  if (!asked || !asked->challenge || !asked->answer) {
    return http::problem(
        400, "bad-request",
        "Expected challenge, answer, productID and key, as a JSON object or a form.");
  }
  const auto subject = subject_of(*buyer, asked->product, asked->key);
  if (!subject) return subject.error();
  const auto judgement = services_.tokens.judge(*asked->challenge, *asked->answer, *subject,
                                                services_.minimum, now.wall);
  if (auto refused = refusal(judgement, *buyer, now)) return *std::move(refused);
  boost::json::object answer;
  answer["pass"] = services_.tokens.seal_pass(*subject, now.wall);
  return json_response(200, answer);
}

}  // namespace stampede::controllers

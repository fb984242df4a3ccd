#include "controllers/check_controller.h"

#include <fmt/format.h>

#include "controllers/parse_id.h"
#include "controllers/session_guard.h"

namespace stampede::controllers {
namespace {

std::optional<ProductId> product_of(const http::Request& request) {
  const auto text = request.query_parameter("productID");
  return text ? parse_id<ProductId>(*text) : std::nullopt;
}

http::Response key_required() {
  return http::problem(400, "key-required",
                       "The header Idempotency-Key is missing or is not 16 to 64 characters of "
                       "A-Z a-z 0-9 - _.");
}

http::Response with_retry_after(http::Response response, std::chrono::milliseconds retry_after) {
  response.with("Retry-After", http::retry_after_seconds(retry_after.count()));
  return response;
}

http::Response pending(const Answer& answer, const IdempotencyKey& intent) {
  const std::string location = fmt::format("/purchases/{}/{}?lease={}", answer.sale.value,
                                           intent.text(), answer.lease.value);
  return http::json(202, fmt::format(R"({{"result":"pending","location":"{}"}})", location))
      .with("Location", location);
}

/// What a rush is made of, once the stock is gone: written once.
http::Response sold_out() {
  static const http::Response kResponse =
      http::problem(410, to_string(Verdict::kSoldOut), "Every unit is sold.");
  return kResponse;
}

http::Response limit_reached(const Answer& answer) {
  std::string numbers;
  for (const OrderNumber number : answer.held) {
    if (!numbers.empty()) numbers += ',';
    numbers += fmt::to_string(number.value);
  }
  return http::problem(409, "limit-reached", "You hold as many units as one buyer may buy.",
                       fmt::format(R"("orders":[{}])", numbers));
}

}  // namespace

http::Response to_response(const Answer& answer, const IdempotencyKey& intent) {
  const auto slug = to_string(answer.verdict);
  switch (answer.verdict) {
    case Verdict::kSold:
      return http::json(201, fmt::format(R"({{"result":"sold","order":{}}})", answer.order.value));
    case Verdict::kSoldAlready:
      return http::json(200, fmt::format(R"({{"result":"sold","order":{}}})", answer.order.value));
    case Verdict::kPending:
      return pending(answer, intent);
    case Verdict::kKeyReused:
      return http::problem(422, slug, "This Idempotency-Key was used for another product.");
    case Verdict::kBlacklisted:
      return http::problem(403, slug, "This account may not buy now.");
    case Verdict::kNotStarted:
      return http::problem(403, slug, "The sale has not started.",
                           fmt::format(R"("starts_at":"{}")", format_rfc3339(answer.starts_at)));
    case Verdict::kSaleEnded:
      return http::problem(410, slug, "The sale has ended.");
    case Verdict::kSoldOut:
      return sold_out();
    case Verdict::kLimitReached:
      return limit_reached(answer);
    case Verdict::kTooSoon:
      return with_retry_after(http::problem(429, slug, "One attempt per buyer at a time: wait."),
                              answer.retry_after);
    case Verdict::kCaptchaRequired:
      return http::problem(403, slug,
                           "The header Captcha-Pass is missing, expired, or not for this "
                           "purchase.");
    case Verdict::kBusy:
      return with_retry_after(
          http::problem(429, slug, "More attempts than the sale takes in at once."),
          answer.retry_after);
    case Verdict::kUnknownProduct:
      return http::problem(404, slug, "There is no sale of that product.");
    case Verdict::kPurchaseFailed:
      return http::problem(409, slug, "This purchase failed; begin again with a new key.",
                           fmt::format(R"("reason":"{}")", to_string(answer.reason)));
    case Verdict::kUnavailable:
      break;
  }
  return with_retry_after(
      http::problem(503, slug, "Nothing was taken; ask again with the same key."),
      answer.retry_after);
}

void CheckController::add_routes(http::Router& router) {
  router.post("/check", [this](http::Request& request, http::Responder responder) {
    check(request, std::move(responder));
  });
}

void CheckController::check(http::Request& request, http::Responder responder) {
  const Now now = read_clocks();
  const auto buyer = current_user(request, *sessions_, now.wall);
  if (!buyer) return responder(refuse(login_required()));
  if (!origin_->allows(request)) return responder(refuse(bad_origin()));
  const auto intent = IdempotencyKey::parse(request.header("Idempotency-Key"));
  if (!intent) return responder(refuse(key_required()));
  // No product has the id 0; but the key may be known, and then its answer stands.
  const ProductId product = product_of(request).value_or(ProductId{});

  auto wait = [&] {
    return services::purchase::Waiter{
        .post = &responder.post(),
        .resume = [this, intent = *intent, began = now.tick,
                   responder = std::move(responder)](Answer&& answer) mutable {
          const auto waited = read_clocks().tick - began;
          wait_time_.observe(static_cast<std::uint64_t>(std::max<std::int64_t>(0, waited.count())));
          responder(respond(answer, intent));
        }};
  };
  const auto answer = checkout_->attempt(
      {*buyer, product, *intent, request.header("Captcha-Pass"), now}, std::ref(wait));
  if (answer) responder(respond(*answer, *intent));
}

http::Response CheckController::respond(const Answer& answer, const IdempotencyKey& intent) {
  answers_[static_cast<std::size_t>(answer.verdict)].add();
  return to_response(answer, intent);
}

http::Response CheckController::refuse(http::Response response) {
  refused_.add();
  return response;
}

void CheckController::write_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_check_answers_total", "counter", "Answers of /check by verdict.");
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    const auto verdict = static_cast<Verdict>(i);
    // "sold" stands for two verdicts; the second is a repeated yes.
    const auto slug = verdict == Verdict::kSoldAlready ? "sold-already" : to_string(verdict);
    text.value("stampede_check_answers_total", fmt::format("verdict=\"{}\"", slug),
               static_cast<double>(answers_[i].value()));
  }
  text.family("stampede_check_refused_total", "counter",
              "Requests to /check without login, key, or the right origin.");
  text.value("stampede_check_refused_total", "", static_cast<double>(refused_.value()));
  text.family("stampede_purchase_seconds", "histogram",
              "From request to answer, of those who waited for an outcome.");
  text.histogram("stampede_purchase_seconds", "", wait_time_.snapshot());
}

}  // namespace stampede::controllers

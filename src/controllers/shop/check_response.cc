#include "controllers/shop/check_response.h"

#include <fmt/format.h>

namespace stampede::controllers {
namespace {

http::Response with_retry_after(http::Response response, std::chrono::milliseconds retry_after) {
  response.with("Retry-After", http::retry_after_seconds(retry_after.count()));
  return response;
}

http::Response pending(const Answer& answer, const IdempotencyKey& intent, std::string_view proof) {
  std::string location = fmt::format("/purchases/{}/{}?", answer.sale.value, intent.text());
  if (answer.lease) location += fmt::format("lease={}&", answer.lease.value);
  location += fmt::format("sent={}", proof);
  return http::json(202, fmt::format(R"({{"result":"pending","location":"{}"}})", location))
      .with("Location", location);
}

http::Response held(int status, const Answer& answer) {
  return http::json(
      status, fmt::format(R"({{"result":"held","order":{},"pay_by":"{}","pay":"/orders/{}/pay"}})",
                          answer.order.value, format_rfc3339(answer.pay_by), answer.order.value));
}

/// What a rush is made of, once the stock is gone: written once.
http::Response sold_out() {
  static const http::Response kResponse =
      http::problem(410, to_string(Verdict::kSoldOut), "Every unit is sold.");
  return kResponse;
}

std::string joined(const std::vector<OrderNumber>& orders) {
  std::string numbers;
  for (const OrderNumber number : orders) {
    if (!numbers.empty()) numbers += ',';
    numbers += fmt::to_string(number.value);
  }
  return numbers;
}

http::Response limit_reached(const Answer& answer) {
  const std::string orders = fmt::format(R"("orders":[{}])", joined(answer.held));
  if (answer.expired.empty()) {
    return http::problem(409, "limit-reached", "You hold as many units as one buyer may buy.",
                         orders);
  }
  return http::problem(409, "limit-reached",
                       "Units that were held for you and not paid in time count as well: you have "
                       "had as many as one buyer may buy in this sale.",
                       fmt::format(R"({},"expired":[{}])", orders, joined(answer.expired)));
}

}  // namespace

http::Response to_response(const Answer& answer, const IdempotencyKey& intent,
                           std::string_view proof) {
  const auto slug = to_string(answer.verdict);
  switch (answer.verdict) {
    case Verdict::kSold:
      return http::json(201, fmt::format(R"({{"result":"sold","order":{}}})", answer.order.value));
    case Verdict::kSoldAlready:
      return http::json(200, fmt::format(R"({{"result":"sold","order":{}}})", answer.order.value));
    case Verdict::kHeld:
      return held(201, answer);
    case Verdict::kHeldAlready:
      return held(200, answer);
    case Verdict::kPending:
      return pending(answer, intent, proof);
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
      if (answer.sale) {
        return http::problem(404, "unknown-sale", "That product has no such sale.");
      }
      return http::problem(404, slug, "There is no sale of that product.");
    case Verdict::kPurchaseFailed:
      return http::problem(409, slug, "This purchase failed; begin again with a new key.",
                           fmt::format(R"("reason":"{}")", to_string(answer.reason)));
    case Verdict::kKeyForgotten:
      return http::problem(410, slug,
                           "The sale has been over for more than a day, and what became of its "
                           "keys is not kept here: GET /orders has what you bought.");
    case Verdict::kUnavailable:
      break;
  }
  const char* detail = answer.sale
                           ? "The outcome is not known here yet; ask again with the same key."
                           : "Nothing was taken; ask again with the same key.";
  return with_retry_after(http::problem(503, slug, detail), answer.retry_after);
}

}  // namespace stampede::controllers

#include "controllers/shop/check_controller.h"

#include <fmt/format.h>

#include <algorithm>
#include <expected>

#include "controllers/doubled.h"
#include "controllers/guards/session_guard.h"
#include "controllers/parse_id.h"
#include "controllers/shop/check_response.h"

namespace stampede::controllers {
namespace {

std::optional<ProductId> product_of(const http::Request& request) {
  const auto text = request.query_parameter("productID");
  return text ? parse_id<ProductId>(*text) : std::nullopt;
}

/// None if the request names no sale; an error if what it names is no number.
std::expected<SaleId, http::Response> sale_of(const http::Request& request) {
  const auto text = request.query_parameter("sale");
  if (!text) return SaleId{};
  if (const auto sale = parse_id<SaleId>(*text)) return *sale;
  return std::unexpected(http::problem(
      400, "bad-number", "“sale” is to be the number of the sale that /product/{id}/state tells."));
}

http::Response key_required() {
  return http::problem(400, "key-required",
                       "The header Idempotency-Key is missing or is not 16 to 64 characters of "
                       "A-Z a-z 0-9 - _.");
}

}  // namespace

void CheckController::add_routes(http::Router& router) {
  refuse_doubled_of_shop(router);
  router.post("/check", [this](http::Request& request, http::Responder responder) {
    auto attempt = read(request, read_clocks(), Origin::kToCheck);
    if (!attempt) return responder(std::move(attempt.error()));
    decide(*attempt, std::move(responder));
  });
}

std::expected<services::purchase::Attempt, http::Response> CheckController::read(
    const http::Request& request, Now now, Origin origin) {
  const auto buyer = current_user(request, *sessions_, session_time_(now));
  if (!buyer) return std::unexpected(refuse(login_required()));
  if (origin == Origin::kToCheck && !origin_->allows(request)) {
    return std::unexpected(refuse(bad_origin()));
  }
  const auto intent = IdempotencyKey::parse(request.header("Idempotency-Key"));
  if (!intent) return std::unexpected(refuse(key_required()));
  // No product has the id 0; but the key may be known, and then its answer stands.
  const ProductId product = product_of(request).value_or(ProductId{});
  auto sale = sale_of(request);
  if (!sale) return std::unexpected(refuse(std::move(sale.error())));
  return services::purchase::Attempt{
      *buyer, product, *intent, request.header("Captcha-Pass"), now, *sale, request.client_address};
}

void CheckController::decide(const services::purchase::Attempt& attempt,
                             http::Responder responder) {
  auto wait = [&] {
    return services::purchase::Waiter{
        .post = &responder.post(),
        .resume = [this, buyer = attempt.buyer, intent = attempt.intent, began = attempt.now.tick,
                   responder = std::move(responder)](Answer&& answer) mutable {
          const auto waited = read_clocks().tick - began;
          wait_time_.observe(static_cast<std::uint64_t>(std::max<std::int64_t>(0, waited.count())));
          responder(respond(answer, buyer, intent));
        }};
  };
  const auto answer = decide_(attempt, std::ref(wait));
  if (answer) responder(respond(*answer, attempt.buyer, attempt.intent));
}

http::Response CheckController::respond(const Answer& answer, UserId buyer,
                                        const IdempotencyKey& intent) {
  answers_[static_cast<std::size_t>(answer.verdict)].add();
  if (answer.verdict != Verdict::kPending) return to_response(answer, intent);
  return to_response(answer, intent, sent_.prove(buyer, answer.sale, intent, answer.lease));
}

http::Response CheckController::refuse(http::Response response) {
  refused_.add();
  return response;
}

void CheckController::write_metrics(telemetry::PrometheusText& text) const {
  text.family("stampede_check_answers_total", "counter", "Answers of /check by verdict.");
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    text.value("stampede_check_answers_total",
               fmt::format("verdict=\"{}\"", CheckCounts::kind_name(i)),
               static_cast<double>(answers_[i].value()));
  }
  const auto count = [&](std::string_view name, std::string_view help, std::uint64_t value) {
    text.family(name, "counter", help);
    text.value(name, "", static_cast<double>(value));
  };
  count("stampede_check_refused_total",
        "Requests to /check without login, key, or the right origin.", refused_.value());
  text.family("stampede_purchase_seconds", "histogram",
              "From request to answer, of those who waited for an outcome.");
  text.histogram("stampede_purchase_seconds", "", wait_time_.snapshot());
}

CheckCounts CheckController::counts() const {
  using telemetry::Histogram;
  static_assert(CheckCounts::kBuckets == Histogram::kBuckets + 1);
  CheckCounts counts;
  for (std::size_t i = 0; i < kVerdictCount; ++i) {
    counts.answers[i] = static_cast<std::int64_t>(answers_[i].value());
  }
  counts.answers[CheckCounts::kRefused] = static_cast<std::int64_t>(refused_.value());
  const auto waits = wait_time_.snapshot();
  auto beyond = static_cast<std::int64_t>(waits.count);
  for (std::size_t i = 0; i < Histogram::kBuckets; ++i) {
    counts.waits[i] = static_cast<std::int64_t>(waits.buckets[i]);
    beyond -= counts.waits[i];
  }
  // The count may have been read before a bucket was.
  counts.waits[Histogram::kBuckets] = std::max<std::int64_t>(0, beyond);
  return counts;
}

}  // namespace stampede::controllers

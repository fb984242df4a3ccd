#include "controllers/demo/demo_checkout.h"

#include <fmt/format.h>

#include <algorithm>
#include <exception>
#include <iterator>
#include <utility>

#include "controllers/background.h"
#include "controllers/page_response.h"
#include "telemetry/log.h"

namespace stampede::controllers {
namespace {

using services::orders::CapturedPayment;

constexpr const char* kActor = "demo-checkout";

/// By which the shop knows a payment: pressed again, the same button is the same payment.
CapturedPayment payment_of(const PaymentRequest& told, std::string_view which) {
  return {.reference = fmt::format("demo:{}:{}", told.order.value, which),
          .amount_cents = told.amount_cents};
}

}  // namespace

void DemoCheckout::add_routes(http::Router& router) {
  router.get("/checkout", [this](http::Request& request, http::Responder responder) {
    responder(show(request));
  });
  router.post("/checkout", [this](http::Request& request, http::Responder responder) {
    answer_from(services_.pool, std::move(responder), [this, &request] {
      const auto told =
          signed_payment_request(request, &http::Request::form_field, services_.secret);
      if (!told) {
        return page(400, services_.pages.result(
                             {.title = "This form is not the shop's",
                              .message = "Its signature is missing or wrong; expected the form "
                                         "that the link of an order leads to."}));
      }
      return act(*told, request.form_field("do").value_or(""));
    });
  });
}

http::Response DemoCheckout::show(const http::Request& request) const {
  const auto told =
      signed_payment_request(request, &http::Request::query_parameter, services_.secret);
  if (!told) {
    return page(400, services_.pages.result(
                         {.title = "This link is not the shop's",
                          .message = "Its signature is missing or wrong; expected the link of the "
                                     "button “Pay” on an order's page."}));
  }
  return page(200, services_.pages.checkout(
                       {.order = told->order,
                        .amount_cents = told->amount_cents,
                        .pay_by = told->pay_by,
                        .in_time = clock_().wall <= told->pay_by,
                        .return_url = told->return_url,
                        .signature = request.query_parameter("signature").value_or("")}));
}

http::Response DemoCheckout::act(const PaymentRequest& told, std::string_view what) {
  const Now now = clock_();
  if (what == "decline") {
    return answer(told, "Declined", "The card was refused: nothing was paid.", false);
  }
  if (what == "pay-late") {
    const Instant at = told.pay_by + kLate;
    plan({.order = told.order, .payment = payment_of(told, "late"), .at = at});
    return answer(told, "It will be late",
                  fmt::format("The shop is told of the payment at {}, when the hold has run out.",
                              format_rfc3339(at)),
                  false);
  }
  if (what != "pay" && what != "pay-twice") {
    return page(400, services_.pages.result(
                         {.title = "There is no such button",
                          .message = "“do” is to be pay, decline, pay-twice or pay-late."}));
  }
  Told paid = pay(told.order, payment_of(told, "1"), now);
  if (what == "pay-twice") {
    paid.sentence += ' ' + pay(told.order, payment_of(told, "2"), now).sentence;
  }
  return answer(told, paid.kept ? "Paid" : "Not paid", std::move(paid.sentence), paid.kept);
}

http::Response DemoCheckout::answer(const PaymentRequest& told, std::string_view title,
                                    std::string message, bool success) const {
  return page(200, services_.pages.result({.title = std::string(title),
                                           .message = std::move(message),
                                           .success = success,
                                           .return_url = told.return_url}));
}

DemoCheckout::Told DemoCheckout::pay(OrderNumber order, const CapturedPayment& payment, Now now) {
  const auto recorded = services_.orders.pay({.name = kActor, .now = now}, order, payment);
  if (!recorded)
    return {.kept = false, .sentence = "The shop refused it: " + recorded.error() + '.'};
  const Payment& known = recorded->result;
  switch (known.state) {
    case PaymentState::kKept:
      return {.kept = true, .sentence = fmt::format("Payment {} pays the order.", known.reference)};
    case PaymentState::kRefundDue:
      plan({.order = {}, .payment = payment, .at = now.wall + kRefundAfter});
      return {.kept = false,
              .sentence = fmt::format("Payment {} pays no order ({}) and goes back.",
                                      known.reference, known.reason)};
    case PaymentState::kRefunded:
      break;
  }
  return {.kept = false, .sentence = fmt::format("Payment {} has gone back.", known.reference)};
}

void DemoCheckout::plan(Due due) {
  const concurrency::MutexLock lock(mutex_);
  const auto same = [&](const Due& other) {
    return other.order == due.order && other.payment.reference == due.payment.reference;
  };
  if (std::ranges::none_of(due_, same)) due_.push_back(std::move(due));
}

void DemoCheckout::make_due(Now now) {
  std::vector<Due> due;
  {
    const concurrency::MutexLock lock(mutex_);
    const auto later =
        std::ranges::partition(due_, [&](const Due& one) { return one.at > now.wall; });
    std::ranges::move(later, std::back_inserter(due));
    due_.erase(later.begin(), later.end());
  }
  std::exception_ptr failure;
  for (const Due& one : due) {
    try {
      make(one, now);
    } catch (...) {
      failure = std::current_exception();
      plan(one);
    }
  }
  if (failure) std::rethrow_exception(failure);
}

void DemoCheckout::make(const Due& due, Now now) {
  if (due.order) {
    const Told told = pay(due.order, due.payment, now);
    telemetry::log_info("paid late", "order={} what=\"{}\"", due.order.value, told.sentence);
    return;
  }
  const auto refunded =
      services_.orders.refund({.name = kActor, .now = now}, due.payment.reference);
  if (!refunded) {
    telemetry::log_warning("not sent back", "payment={} why=\"{}\"", due.payment.reference,
                           refunded.error());
  }
}

}  // namespace stampede::controllers

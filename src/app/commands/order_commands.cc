#include <fmt/format.h>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"

namespace stampede::app {

Done cancel_order(const Config& config, const OrderCancel& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto cancelled = context.orders().cancel(context.who(), options.number, options.reason);
  if (!cancelled) return std::unexpected(cancelled.error());
  if (cancelled->before) fmt::print(stderr, "stampede: it had been cancelled already\n");
  return {};
}

Done pay_order(const Config& config, const OrderPay& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  std::int64_t amount = options.amount_cents.value_or(0);
  if (!options.amount_cents) {
    const auto line = context.storage().orders().find(options.number);
    if (!line) return std::unexpected(fmt::format("there is no order {}", options.number.value));
    amount = line->price_cents;
  }
  const auto paid = context.orders().pay(context.who(), options.number,
                                         {.reference = options.reference, .amount_cents = amount});
  if (!paid) return std::unexpected(paid.error());
  const Payment& payment = paid->result;
  fmt::print("{}\n", to_string(payment.state));
  if (paid->before) fmt::print(stderr, "stampede: it had been recorded already\n");
  if (payment.state == PaymentState::kRefundDue) {
    fmt::print(stderr, "stampede: the payment pays no order and is to go back: {}\n",
               payment.reason);
  }
  return {};
}

Done refund_order(const Config& config, const std::string& reference) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto refunded = context.orders().refund(context.who(), reference);
  if (!refunded) return std::unexpected(refunded.error());
  if (refunded->before) fmt::print(stderr, "stampede: it had gone back already\n");
  return {};
}

}  // namespace stampede::app

#include "controllers/shop/checkout_link.h"

#include <gtest/gtest.h>

namespace stampede::controllers {
namespace {

const PaymentRequest kRequest{.order = OrderNumber{17},
                              .amount_cents = 1999,
                              .pay_by = *parse_rfc3339("2026-11-22T08:34:00Z")};

// printf '17\n1999\n2026-11-22T08:34:00.000Z' | openssl dgst -sha256 -hmac KEY
TEST(CheckoutLinkTest, SignsWhatItTellsAsOpensslDoes) {
  EXPECT_EQ(
      checkout_address({"https://pay.example/in", "0123456789abcdef0123456789abcdef"}, kRequest),
      "https://pay.example/in?order=17&amount_cents=1999&pay_by=2026-11-22T08:34:00.000Z"
      "&signature=a90fc408c026d4d87fbfe433b3801f7b6863920cebecd94c93b42ac44ce2ab01");
}

TEST(CheckoutLinkTest, AKeyMayHaveAnyLengthAndTheAddressAQuery) {
  EXPECT_EQ(checkout_address({"https://pay.example/in?shop=a", std::string(100, 'k')}, kRequest),
            "https://pay.example/in?shop=a&order=17&amount_cents=1999"
            "&pay_by=2026-11-22T08:34:00.000Z&signature="
            "eb967319b315f698702cc1c91e2b0ccce7bfc8ba38f72eb3ba17c826a4d3c583");
}

}  // namespace
}  // namespace stampede::controllers

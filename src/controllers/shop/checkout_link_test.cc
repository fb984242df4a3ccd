#include "controllers/shop/checkout_link.h"

#include <gtest/gtest.h>

namespace stampede::controllers {
namespace {

constexpr const char* kSecret = "0123456789abcdef0123456789abcdef";
const PaymentRequest kRequest{.order = OrderNumber{17},
                              .amount_cents = 1999,
                              .pay_by = *parse_rfc3339("2026-11-22T08:34:00Z"),
                              .return_url = "https://shop.example/orders/17"};

// printf '17\n1999\n2026-11-22T08:34:00.000Z\nhttps://shop.example/orders/17' | openssl dgst
// -sha256 -hmac KEY
TEST(CheckoutLinkTest, SignsWhatItTellsAsOpensslDoes) {
  EXPECT_EQ(checkout_address({"https://pay.example/in", kSecret}, kRequest),
            "https://pay.example/in?order=17&amount_cents=1999&pay_by=2026-11-22T08:34:00.000Z"
            "&return_url=https%3A%2F%2Fshop.example%2Forders%2F17"
            "&signature=7def71cde99281074f29c3c77268690746c4bf599ee558a5d1aa790c19b48c69");
}

TEST(CheckoutLinkTest, AKeyMayHaveAnyLengthAndTheAddressAQuery) {
  EXPECT_EQ(checkout_address({"https://pay.example/in?shop=a", std::string(100, 'k')}, kRequest),
            "https://pay.example/in?shop=a&order=17&amount_cents=1999"
            "&pay_by=2026-11-22T08:34:00.000Z&return_url=https%3A%2F%2Fshop.example%2Forders%2F17"
            "&signature=4fccfcce5341d0cf3421f34788cad2a24591d6c931fba39ad937877553be8519");
}

std::optional<PaymentRequest> read(const std::string& query, const std::string& secret = kSecret) {
  http::Request request;
  request.query = query;
  return signed_payment_request(request, &http::Request::query_parameter, secret);
}

TEST(CheckoutLinkTest, WhatWasSignedIsReadAgain) {
  const std::string address = checkout_address({"https://pay.example/in", kSecret}, kRequest);
  const auto told = read(address.substr(address.find('?') + 1));
  ASSERT_TRUE(told);
  EXPECT_EQ(told->order, kRequest.order);
  EXPECT_EQ(told->amount_cents, kRequest.amount_cents);
  EXPECT_EQ(told->pay_by, kRequest.pay_by);
  EXPECT_EQ(told->return_url, kRequest.return_url);
}

/// Each value of the query, and the secret.
TEST(CheckoutLinkTest, WhatWasNotSignedIsNotBelieved) {
  const std::string address = checkout_address({"", kSecret}, kRequest).substr(1);
  EXPECT_FALSE(read(address, "0123456789abcdef0123456789abcdeX"));
  const auto expect_refused = [&](const std::string& there, const std::string& instead) {
    std::string changed = address;
    const auto at = changed.find(there);
    ASSERT_NE(at, std::string::npos) << there;
    EXPECT_FALSE(read(changed.replace(at, there.size(), instead))) << changed;
  };
  expect_refused("order=17", "order=18");
  expect_refused("order=17", "order=017");
  expect_refused("amount_cents=1999", "amount_cents=1");
  expect_refused("amount_cents=1999", "amount_cents=-1999");
  expect_refused("08:34:00", "09:34:00");
  expect_refused("shop.example", "evil.example");
  expect_refused("signature=7", "signature=8");
  expect_refused("signature=7", "signature=");
  expect_refused("&signature=", "&other=");
}

}  // namespace
}  // namespace stampede::controllers

#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "http/message.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::controllers {

/// The merchant's own checkout, where buyers pay what is held for them.
struct OwnCheckout {
  std::string url;     // without a fragment; may have a query; empty: there is none
  std::string secret;  // with which the shop signs
};

/// What a checkout is told of an order.
struct PaymentRequest {
  OrderNumber order;
  std::int64_t amount_cents = 0;
  Instant pay_by;
  std::string return_url;  // the order's page, where the checkout sends its buyer in the end
};

/// `checkout.url` with the query `order`, `amount_cents`, `pay_by` (RFC 3339, UTC), `return_url`
/// and `signature`: the HMAC-SHA256 (RFC 2104), in lower hexadecimal digits, of the four values in
/// that order, percent-decoded, joined by one line feed each, with the bytes of `checkout.secret`
/// as its key. Thread-safe.
std::string checkout_address(const OwnCheckout& checkout, const PaymentRequest& request);

/// What checkout_address() has put into the query of `request`, or a form has sent on from there:
/// `field` reads a field. nullopt where one is missing, or the signature is not of `secret`.
/// Thread-safe; the signatures are compared in constant time.
using ReadField = std::optional<std::string> (http::Request::*)(std::string_view name) const;
std::optional<PaymentRequest> signed_payment_request(const http::Request& request, ReadField field,
                                                     const std::string& secret);

}  // namespace stampede::controllers

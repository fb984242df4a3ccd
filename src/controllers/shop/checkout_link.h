#pragma once

#include <cstdint>
#include <string>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::controllers {

/// The merchant's own checkout, where buyers pay what is held for them.
struct OwnCheckout {
  std::string url;     // https, without a fragment; may have a query; empty: there is none
  std::string secret;  // with which the shop signs
};

/// What a checkout is told of an order.
struct PaymentRequest {
  OrderNumber order;
  std::int64_t amount_cents = 0;
  Instant pay_by;
};

/// `checkout.url` with the query `order`, `amount_cents`, `pay_by` (RFC 3339, UTC) and `signature`:
/// the HMAC-SHA256 (RFC 2104), in lower hexadecimal digits, of the three values as they stand
/// there, in that order, joined by one line feed each, with the bytes of `checkout.secret` as its
/// key. Thread-safe.
std::string checkout_address(const OwnCheckout& checkout, const PaymentRequest& request);

}  // namespace stampede::controllers

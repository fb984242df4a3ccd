#include "controllers/shop/checkout_link.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <string_view>

#include "controllers/parse_id.h"

namespace stampede::controllers {
namespace {

struct PositiveNumber {
  std::int64_t value = 0;
};

const unsigned char* bytes_of(std::string_view text) {
  return reinterpret_cast<const unsigned char*>(text.data());
}

/// The one-shot function of libsodium takes keys of 32 bytes only.
std::string hmac_sha256(std::string_view message, std::string_view key) {
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, bytes_of(key), key.size());
  crypto_auth_hmacsha256_update(&state, bytes_of(message), message.size());
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> code{};
  crypto_auth_hmacsha256_final(&state, code.data());
  std::string digits;
  for (const unsigned char byte : code) digits += fmt::format("{:02x}", byte);
  return digits;
}

std::string signature_of(const PaymentRequest& request, std::string_view secret) {
  return hmac_sha256(fmt::format("{}\n{}\n{}\n{}", request.order.value, request.amount_cents,
                                 format_rfc3339(request.pay_by), request.return_url),
                     secret);
}

/// For a query (RFC 3986, 2.3): all but what is unreserved is encoded.
std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    const bool digit_or_letter =
        (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
    if (digit_or_letter || std::string_view("-._~").find(c) != std::string_view::npos) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace

std::string checkout_address(const OwnCheckout& checkout, const PaymentRequest& request) {
  return fmt::format("{}{}order={}&amount_cents={}&pay_by={}&return_url={}&signature={}",
                     checkout.url, checkout.url.find('?') == std::string::npos ? '?' : '&',
                     request.order.value, request.amount_cents, format_rfc3339(request.pay_by),
                     percent_encoded(request.return_url), signature_of(request, checkout.secret));
}

std::optional<PaymentRequest> signed_payment_request(const http::Request& request, ReadField field,
                                                     const std::string& secret) {
  const auto read = [&](std::string_view name) { return (request.*field)(name).value_or(""); };
  const auto order = parse_id<OrderNumber>(read("order"));
  const auto amount = parse_id<PositiveNumber>(read("amount_cents"));
  const auto pay_by = parse_rfc3339(read("pay_by"));
  if (!order || !amount || !pay_by) return std::nullopt;
  PaymentRequest told{.order = *order,
                      .amount_cents = amount->value,
                      .pay_by = *pay_by,
                      .return_url = read("return_url")};
  const std::string expected = signature_of(told, secret);
  const std::string given = read("signature");
  if (given.size() != expected.size() ||
      sodium_memcmp(given.data(), expected.data(), expected.size()) != 0) {
    return std::nullopt;
  }
  return told;
}

}  // namespace stampede::controllers

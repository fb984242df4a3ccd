#include "controllers/shop/checkout_link.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <string_view>

namespace stampede::controllers {
namespace {

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

}  // namespace

std::string checkout_address(const OwnCheckout& checkout, const PaymentRequest& request) {
  const std::string pay_by = format_rfc3339(request.pay_by);
  const std::string message =
      fmt::format("{}\n{}\n{}", request.order.value, request.amount_cents, pay_by);
  return fmt::format("{}{}order={}&amount_cents={}&pay_by={}&signature={}", checkout.url,
                     checkout.url.find('?') == std::string::npos ? '?' : '&', request.order.value,
                     request.amount_cents, pay_by, hmac_sha256(message, checkout.secret));
}

}  // namespace stampede::controllers

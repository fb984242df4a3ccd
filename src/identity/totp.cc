#include "identity/totp.h"

#include <liboath/oath.h>

#include <array>
#include <cctype>
#include <cstdlib>
#include <memory>
#include <span>
#include <stdexcept>

#include "identity/fingerprint.h"
#include "identity/random.h"

namespace stampede::identity {
namespace {

constexpr std::size_t kSecretBytes = 20;
constexpr unsigned kCodeDigits = 6;

void require_oath(int result) {
  static const int ready = oath_init();
  for (const int each : {ready, result}) {
    if (each != OATH_OK) throw std::runtime_error(std::string("liboath: ") + oath_strerror(each));
  }
}

/// As URIs have it (RFC 3986, 2.1).
std::string percent_encoded(std::string_view text) {
  static constexpr char kHex[] = "0123456789ABCDEF";
  std::string encoded;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (std::isalnum(byte) != 0 || c == '-' || c == '.' || c == '_') {
      encoded += c;
    } else {
      encoded += {'%', kHex[byte >> 4], kHex[byte & 15]};
    }
  }
  return encoded;
}

std::string base32(std::string_view bytes) {
  char* text = nullptr;
  std::size_t size = 0;
  require_oath(oath_base32_encode(bytes.data(), bytes.size(), &text, &size));
  const std::unique_ptr<char, decltype(&std::free)> owned(text, std::free);
  std::string encoded(text, size);
  while (encoded.ends_with('=')) encoded.pop_back();
  return encoded;
}

}  // namespace

std::string random_totp_secret() {
  std::array<unsigned char, kSecretBytes> bytes;
  fill_random(bytes);
  return {bytes.begin(), bytes.end()};
}

std::string totp_secret_text(std::string_view secret) { return base32(secret); }

std::string totp_uri(std::string_view secret, std::string_view issuer, std::string_view account) {
  const std::string from = percent_encoded(issuer);
  return "otpauth://totp/" + from + ":" + percent_encoded(account) + "?secret=" + base32(secret) +
         "&issuer=" + from;
}

std::string totp_code(std::string_view secret, std::int64_t step) {
  std::array<char, kCodeDigits + 1> code{};
  require_oath(oath_hotp_generate(secret.data(), secret.size(), static_cast<std::uint64_t>(step),
                                  kCodeDigits, false, OATH_HOTP_DYNAMIC_TRUNCATION, code.data()));
  return {code.data(), kCodeDigits};
}

std::optional<std::int64_t> totp_step(std::string_view secret, std::string_view code, Instant now,
                                      std::int64_t last) {
  const std::int64_t current = now.time_since_epoch() / kTotpStep;
  std::optional<std::int64_t> found;
  for (std::int64_t step = current - 1; step <= current + 1; ++step) {
    const bool equal = equal_in_constant_time(totp_code(secret, step), code);
    if (equal && step > last && !found) found = step;
  }
  return found;
}

}  // namespace stampede::identity

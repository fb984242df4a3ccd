#include "services/webhooks/signing.h"

#include <fmt/format.h>
#include <sodium.h>

#include <array>
#include <span>
#include <stdexcept>

#include "identity/random.h"

namespace stampede::services::webhooks {
namespace {

constexpr std::string_view kPrefix = "whsec_";
constexpr std::size_t kNewBytes = 32;
constexpr std::size_t kFewestBytes = 24;
constexpr std::size_t kMostBytes = 64;

/// With its padding, as the standard has it; identity/base64url is the other alphabet.
std::string base64(std::span<const unsigned char> bytes) {
  std::string text(sodium_base64_encoded_len(bytes.size(), sodium_base64_VARIANT_ORIGINAL), '\0');
  sodium_bin2base64(text.data(), text.size(), bytes.data(), bytes.size(),
                    sodium_base64_VARIANT_ORIGINAL);
  text.pop_back();  // the terminating NUL
  return text;
}

void add(crypto_auth_hmacsha256_state& state, std::string_view part) {
  crypto_auth_hmacsha256_update(&state, reinterpret_cast<const unsigned char*>(part.data()),
                                part.size());
}

}  // namespace

std::string new_secret() {
  std::array<unsigned char, kNewBytes> bytes;
  identity::fill_random(bytes);
  return std::string(kPrefix) + base64(bytes);
}

std::optional<std::string> secret_bytes(std::string_view secret) {
  if (!secret.starts_with(kPrefix)) return std::nullopt;
  secret.remove_prefix(kPrefix.size());
  std::string bytes(kMostBytes, '\0');
  std::size_t size = 0;
  const char* end = nullptr;
  if (sodium_base642bin(reinterpret_cast<unsigned char*>(bytes.data()), bytes.size(), secret.data(),
                        secret.size(), nullptr, &size, &end, sodium_base64_VARIANT_ORIGINAL) != 0 ||
      end != secret.data() + secret.size() || size < kFewestBytes) {
    return std::nullopt;
  }
  bytes.resize(size);
  return bytes;
}

std::string signature(std::string_view secret, std::string_view id, Instant at,
                      std::string_view body) {
  const auto key = secret_bytes(secret);
  if (!key) throw std::invalid_argument("a webhook's secret is none of Standard Webhooks");
  const auto seconds = std::chrono::floor<std::chrono::seconds>(at).time_since_epoch().count();
  crypto_auth_hmacsha256_state state;
  crypto_auth_hmacsha256_init(&state, reinterpret_cast<const unsigned char*>(key->data()),
                              key->size());
  add(state, id);
  add(state, fmt::format(".{}.", seconds));
  add(state, body);
  std::array<unsigned char, crypto_auth_hmacsha256_BYTES> digest;
  crypto_auth_hmacsha256_final(&state, digest.data());
  return "v1," + base64(digest);
}

std::string signatures(const WebhookEndpoint& endpoint, std::string_view id, Instant at,
                       std::string_view body) {
  std::string all = signature(endpoint.secret, id, at, body);
  if (!endpoint.previous_secret.empty() && endpoint.previous_until &&
      at < *endpoint.previous_until) {
    all += " " + signature(endpoint.previous_secret, id, at, body);
  }
  return all;
}

}  // namespace stampede::services::webhooks

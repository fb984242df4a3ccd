#include "services/accounts/api_access.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "identity/base64url.h"
#include "identity/fingerprint.h"
#include "identity/random.h"

namespace stampede::services::accounts {
namespace {

/// By which programs that look for secrets in files know one.
constexpr std::string_view kPrefix = "stampede_";
using Secret = std::array<unsigned char, 32>;

std::string hash_of(std::string_view text) {
  std::string digits;
  for (const char byte : identity::fingerprint({"api token", text})) {
    digits += fmt::format("{:02x}", static_cast<unsigned char>(byte));
  }
  return digits;
}

}  // namespace

IssuedToken ApiAccess::issue(ApiToken token) {
  Secret secret;
  identity::fill_random(secret);
  std::string text = std::string(kPrefix) + identity::encode_base64url(secret);
  token.id = tokens_->create(token, hash_of(text));
  return {.token = std::move(token), .text = std::move(text)};
}

bool ApiAccess::may_be_token(std::string_view text) {
  if (!text.starts_with(kPrefix)) return false;
  Secret secret;
  return identity::decode_base64url(text.substr(kPrefix.size()), secret) == secret.size();
}

std::expected<ApiToken, ApiAccess::Refusal> ApiAccess::open(std::string_view text, Instant now) {
  if (!may_be_token(text)) return std::unexpected(Refusal::kUnknown);
  auto token = tokens_->find(hash_of(text));
  if (!token) return std::unexpected(Refusal::kUnknown);
  if (token->revoked_at) return std::unexpected(Refusal::kRevoked);
  if (!token->valid(now)) return std::unexpected(Refusal::kExpired);
  return *std::move(token);
}

}  // namespace stampede::services::accounts

#pragma once

#include <cstdint>
#include <expected>
#include <string>
#include <string_view>

#include "model/api_token.h"
#include "repositories/accounts/api_tokens.h"

namespace stampede::services::accounts {

/// A token and the secret that it is shown by.
struct IssuedToken {
  ApiToken token;
  std::string text;  // "stampede_" and 43 characters; nothing tells it again
};

/// Which programs may use the API. A token is 256 random bits; what is stored is their SHA-256, of
/// which nobody makes a token. Thread-safe; calls block and throw repositories::StorageError. The
/// repository outlives it.
class ApiAccess {
 public:
  explicit ApiAccess(repositories::ApiTokens& tokens) : tokens_(&tokens) {}

  /// Stores a new token. Its id and the secret are made here.
  IssuedToken issue(ApiToken token);

  enum class Refusal : std::uint8_t { kUnknown, kRevoked, kExpired };
  std::expected<ApiToken, Refusal> open(std::string_view text, Instant now);

  /// Whether the text may be one: of the right length and characters. Looks nowhere.
  static bool may_be_token(std::string_view text);

 private:
  repositories::ApiTokens* tokens_;
};

}  // namespace stampede::services::accounts

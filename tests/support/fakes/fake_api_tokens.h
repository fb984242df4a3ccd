#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "repositories/accounts/api_tokens.h"

namespace stampede::test_support {

/// The API tokens of a test. For one thread at a time.
class FakeApiTokens final : public repositories::ApiTokens {
 public:
  ApiTokenId create(const ApiToken& token, std::string_view hash) override {
    tokens.push_back(token);
    tokens.back().id = {static_cast<std::int64_t>(tokens.size())};
    hashes.emplace_back(hash);
    return tokens.back().id;
  }
  std::optional<ApiToken> find(std::string_view hash) override {
    for (std::size_t i = 0; i < tokens.size(); ++i) {
      if (hashes[i] == hash) return tokens[i];
    }
    return std::nullopt;
  }
  std::optional<ApiToken> find(ApiTokenId id) override {
    for (const ApiToken& token : tokens) {
      if (token.id == id) return token;
    }
    return std::nullopt;
  }
  std::vector<ApiToken> list() override { return tokens; }
  bool revoke(ApiTokenId id, Instant now) override {
    for (ApiToken& token : tokens) {
      if (token.id != id || token.revoked_at) continue;
      token.revoked_at = now;
      return true;
    }
    return false;
  }

  std::vector<ApiToken> tokens;
  std::vector<std::string> hashes;  // of each
};

}  // namespace stampede::test_support

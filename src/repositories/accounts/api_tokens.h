#pragma once

#include <optional>
#include <string_view>
#include <vector>

#include "model/api_token.h"

namespace stampede::repositories {

/// API tokens, each known by a hash of its secret. None is ever deleted. Thread-safe; calls block
/// and throw StorageError.
class ApiTokens {
 public:
  virtual ~ApiTokens() = default;

  /// `token.id` does not count. Ids count up from 1.
  virtual ApiTokenId create(const ApiToken& token, std::string_view hash) = 0;
  /// Revoked and expired ones too.
  virtual std::optional<ApiToken> find(std::string_view hash) = 0;
  virtual std::optional<ApiToken> find(ApiTokenId id) = 0;
  /// All, in the order of their ids.
  virtual std::vector<ApiToken> list() = 0;
  /// False, and nothing changed, if there is none of that id or it is revoked already.
  virtual bool revoke(ApiTokenId id, Instant now) = 0;
};

}  // namespace stampede::repositories

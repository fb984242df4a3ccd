#pragma once

#include <optional>
#include <string>
#include <vector>

#include "repositories/accounts/api_tokens.h"
#include "repositories/idempotent_request.h"
#include "services/accounts/api_access.h"
#include "services/operations/outcome.h"

namespace stampede::services::operations {

/// The tokens of the merchant's own programs: each is checked, made and written into the audit log.
/// Whoever may use the API is asked at each request, so a token that is revoked opens nothing from
/// then on. Thread-safe; calls block and throw repositories::StorageError. What it is given
/// outlives it.
class TokenOperations {
 public:
  TokenOperations(repositories::ApiTokens& tokens, audit::Journal& journal)
      : tokens_(&tokens), access_(tokens), journal_(&journal) {}

  struct NewToken {
    std::string name;              // plain text, 1 to ApiToken::kLongestName bytes
    std::vector<ApiScope> scopes;  // one at least, in any order
    std::optional<Instant> expires_at = std::nullopt;
  };
  Outcome<accounts::IssuedToken> create(const Operator& who, NewToken token);
  /// One that was revoked before stays as it is.
  Outcome<repositories::Applied<ApiToken>> revoke(const Operator& who, ApiTokenId id);
  std::vector<ApiToken> list() { return tokens_->list(); }

 private:
  repositories::ApiTokens* tokens_;
  accounts::ApiAccess access_;
  audit::Journal* journal_;
};

}  // namespace stampede::services::operations

#pragma once

#include "repositories/accounts/api_tokens.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// API tokens in SQL, as repositories/accounts/api_tokens.h says. Thread-safe; database outlives
/// it.
class SqlApiTokens final : public ApiTokens {
 public:
  explicit SqlApiTokens(Database& database) : database_(database) {}

  ApiTokenId create(const ApiToken& token, std::string_view hash) override;
  std::optional<ApiToken> find(std::string_view hash) override;
  std::optional<ApiToken> find(ApiTokenId id) override;
  std::vector<ApiToken> list() override;
  bool revoke(ApiTokenId id, Instant now) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

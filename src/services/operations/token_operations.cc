#include "services/operations/token_operations.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "model/text/plain_text.h"

namespace stampede::services::operations {
namespace {

std::string subject_of(const ApiToken& token) {
  return fmt::format("token {} ({}): {}", token.id.value, token.name, names_of(token.scopes));
}

/// In the order of kApiScopes, each once.
std::vector<ApiScope> in_order(const std::vector<ApiScope>& scopes) {
  std::vector<ApiScope> ordered;
  std::ranges::copy_if(kApiScopes, std::back_inserter(ordered), [&](ApiScope scope) {
    return std::ranges::find(scopes, scope) != scopes.end();
  });
  return ordered;
}

}  // namespace

Outcome<accounts::IssuedToken> TokenOperations::create(const Operator& who, NewToken token) {
  if (token.name.empty())
    return std::unexpected("name: it is empty; expected what the token is for");
  if (const auto problem = problem_of(token.name, ApiToken::kLongestName)) {
    return std::unexpected("name: " + *problem);
  }
  if (token.scopes.empty()) {
    return std::unexpected(
        "scope: there is none; expected orders:read, orders:write, webhooks or several of them");
  }
  if (token.expires_at && *token.expires_at <= who.now.wall) {
    return std::unexpected(fmt::format("expires: {} is over; expected a time to come",
                                       format_rfc3339(*token.expires_at)));
  }
  auto issued = access_.issue({.id = {},
                               .name = std::move(token.name),
                               .scopes = in_order(token.scopes),
                               .created_at = who.now.wall,
                               .expires_at = token.expires_at,
                               .revoked_at = std::nullopt});
  journal_->record(who, "token create", subject_of(issued.token));
  return issued;
}

Outcome<repositories::Applied<ApiToken>> TokenOperations::revoke(const Operator& who,
                                                                 ApiTokenId id) {
  const bool revoked = tokens_->revoke(id, who.now.wall);
  auto token = tokens_->find(id);
  if (!token) {
    return std::unexpected(
        fmt::format("there is no token {}; expected an id of `stampede token list`", id.value));
  }
  if (revoked) journal_->record(who, "token revoke", subject_of(*token));
  return repositories::Applied<ApiToken>{.result = *std::move(token), .before = !revoked};
}

}  // namespace stampede::services::operations

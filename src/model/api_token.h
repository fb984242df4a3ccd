#pragma once

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

using ApiTokenId = Id<struct ApiTokenTag>;

/// What a program may do that shows an API token.
enum class ApiScope : std::uint8_t {
  kOrdersRead,   // see any order, its events and payments
  kOrdersWrite,  // record payments and refunds, cancel orders
  kWebhooks,     // see and change where events are delivered, and deliver them again
};
inline constexpr std::array kApiScopes{ApiScope::kOrdersRead, ApiScope::kOrdersWrite,
                                       ApiScope::kWebhooks};

constexpr std::string_view to_string(ApiScope scope) {
  switch (scope) {
    case ApiScope::kOrdersRead:
      return "orders:read";
    case ApiScope::kOrdersWrite:
      return "orders:write";
    case ApiScope::kWebhooks:
      return "webhooks";
  }
  return "";
}

constexpr std::optional<ApiScope> api_scope_named(std::string_view name) {
  for (const auto scope : kApiScopes) {
    if (name == to_string(scope)) return scope;
  }
  return std::nullopt;
}

/// Their names with a space between, as OAuth writes them (RFC 6749, section 3.3).
inline std::string names_of(const std::vector<ApiScope>& scopes) {
  std::string names;
  for (const ApiScope scope : scopes) {
    if (!names.empty()) names += ' ';
    names += to_string(scope);
  }
  return names;
}

/// What is known of a secret that one of the merchant's own programs shows to the API. The secret
/// itself is told once, when the token is made, and stored nowhere.
struct ApiToken {
  ApiTokenId id;
  std::string name;              // what it is for, plain text
  std::vector<ApiScope> scopes;  // in the order of kApiScopes
  Instant created_at;
  std::optional<Instant> expires_at;
  std::optional<Instant> revoked_at;

  /// Longest name, in bytes.
  static constexpr std::size_t kLongestName = 60;

  bool valid(Instant now) const { return !revoked_at && (!expires_at || now < *expires_at); }
  bool allows(ApiScope scope) const { return std::ranges::find(scopes, scope) != scopes.end(); }
};

}  // namespace stampede

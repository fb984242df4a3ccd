#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

/// What a user may do, each more than the one before: buyers buy; at the console viewers look,
/// operators run sales, owners decide also who may not buy.
enum class UserRole : std::uint8_t { kBuyer, kViewer, kOperator, kOwner };
inline constexpr std::array kUserRoles{UserRole::kBuyer, UserRole::kViewer, UserRole::kOperator,
                                       UserRole::kOwner};

/// "buyer", "viewer", "operator", "owner".
std::string_view to_string(UserRole role);
/// nullopt for any other text.
std::optional<UserRole> user_role_named(std::string_view name);
/// True for whom the console lets in, and the shop does not.
constexpr bool is_of_console(UserRole role) { return role >= UserRole::kViewer; }

/// Rises with every logout and new password; a cookie that carries a smaller one is refused.
using SessionEpoch = std::int64_t;

/// A user's name in words; its letters are A-Z and a-z. The page of registration repeats its
/// lengths and characters for the browser.
inline constexpr std::string_view kUserNameForm =
    "3 to 32 letters, digits, dots, dashes and underscores";

struct User {
  UserId id;
  std::string name;           // unique; see kUserNameForm
  std::string password_hash;  // Argon2id in the PHC string format; "!" means no password opens it
  UserRole role = UserRole::kBuyer;
  SessionEpoch session_epoch = 0;
  Instant created_at;
};

/// A buyer who may not buy: by an operator, or automatically for a while.
struct BlacklistEntry {
  UserId user;
  std::string reason;
  std::optional<Instant> expires_at;  // none: a ban
  Instant created_at;

  bool holds(Instant now) const { return !expires_at || now < *expires_at; }
};

}  // namespace stampede

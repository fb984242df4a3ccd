#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede {

enum class UserRole { kBuyer, kOperator };

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

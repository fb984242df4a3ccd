#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "app/commands/commands.h"
#include "model/api_token.h"
#include "model/user.h"

// What an operator does with buyers, operators, and the tokens of programs
// (app/commands/commands.h).
namespace stampede::app {

/// `who` is a name or an id; "name:4711" and "id:4711" where it could be both.
struct UserAdd {
  std::string name;
  UserRole role = UserRole::kBuyer;
  bool password_from_stdin = false;
  bool json = false;
};
Done add_user(const Config& config, const UserAdd& options);
struct UserList {
  UserId after;
  std::optional<UserRole> role;  // none: every role
  std::int64_t limit = 100;
  bool json = false;
};
Done list_users(const Config& config, const UserList& options);
struct UserBan {
  std::string who;
  std::string reason = "banned by an operator";
  std::optional<std::chrono::milliseconds> duration;  // none: for good
};
Done ban_user(const Config& config, const UserBan& options);
Done unban_user(const Config& config, const std::string& who);
struct UserPassword {
  std::string who;
  bool password_from_stdin = false;
};
Done set_user_password(const Config& config, const UserPassword& options);

Done list_operators(const Config& config, bool json);
struct OperatorRole {
  std::string who;
  UserRole role = UserRole::kViewer;
};
Done set_operator_role(const Config& config, const OperatorRole& options);
Done remove_operator(const Config& config, const std::string& who);
struct OperatorTotp {
  std::string who;
  bool remove = false;
};
/// Prints the URI that an authenticator reads.
Done set_operator_totp(const Config& config, const OperatorTotp& options);

struct TokenCreate {
  std::string name;
  std::vector<ApiScope> scopes;
  std::optional<Instant> expires_at;  // none: never
};
/// Prints the token, which nothing tells again.
Done create_token(const Config& config, const TokenCreate& options);
Done list_tokens(const Config& config, bool json);
Done revoke_token(const Config& config, ApiTokenId id);

}  // namespace stampede::app

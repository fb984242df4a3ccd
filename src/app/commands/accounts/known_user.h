#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <string_view>

#include "repositories/sql/repositories.h"

// Users, as commands name them and give them passwords.
namespace stampede::app {

/// How many users a command reads at a time.
inline constexpr std::size_t kUsersAtOnce = 1000;

/// A user named on the command line. An id may be another user's name: then it must be told which.
std::expected<User, std::string> find_user(repositories::Accounts& accounts, std::string_view who);

/// A password of standard input, or a generated one.
std::expected<std::string, std::string> choose_password(bool from_stdin);

}  // namespace stampede::app

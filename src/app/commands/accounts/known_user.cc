#include "app/commands/accounts/known_user.h"

#include <fmt/format.h>

#include <iostream>
#include <optional>
#include <utility>

#include "app/terminal/operator_text.h"
#include "identity/password.h"
#include "model/text/plain_text.h"

namespace stampede::app {
namespace {

std::expected<std::string, std::string> read_password() {
  std::string password;
  if (!std::getline(std::cin, password)) {
    return std::unexpected("expected a password on standard input, in one line");
  }
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

}  // namespace

std::expected<User, std::string> find_user(repositories::Accounts& accounts, std::string_view who) {
  std::optional<User> by_id;
  std::optional<User> by_name;
  const bool only_id = who.starts_with("id:");
  const bool only_name = who.starts_with("name:");
  const std::string_view word = only_id ? who.substr(3) : only_name ? who.substr(5) : who;
  if (const auto id = parse_number<std::int64_t>(word); id && !only_name) {
    by_id = accounts.find(UserId{*id});
  }
  if (!only_id) by_name = accounts.find_by_name(word);
  if (by_id && by_name && by_id->id != by_name->id) {
    return std::unexpected(
        fmt::format("{0} is the id of {1} and the name of user {2}; expected id:{0} or name:{0}",
                    word, by_id->name, by_name->id.value));
  }
  if (by_id) return *std::move(by_id);
  if (by_name) return *std::move(by_name);
  return std::unexpected(
      fmt::format("there is no user {}; expected a name or an id", in_quotes(who)));
}

std::expected<std::string, std::string> choose_password(bool from_stdin) {
  if (!from_stdin) return identity::random_password();
  return read_password();
}

}  // namespace stampede::app

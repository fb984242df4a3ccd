#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <iostream>
#include <utility>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"
#include "app/terminal/table.h"
#include "identity/password.h"

namespace stampede::app {
namespace {

using repositories::Accounts;

constexpr std::size_t kUsersAtOnce = 1000;

/// A user named on the command line. An id may be another user's name: then it must be told which.
std::expected<User, std::string> find_user(Accounts& accounts, std::string_view who) {
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
  return std::unexpected(fmt::format("there is no user {:?}; expected a name or an id", who));
}

std::expected<std::string, std::string> read_password() {
  std::string password;
  if (!std::getline(std::cin, password)) {
    return std::unexpected("expected a password on standard input, in one line");
  }
  if (password.ends_with('\r')) password.pop_back();
  return password;
}

/// The operator's own password, or a generated one.
std::expected<std::string, std::string> choose_password(bool from_stdin) {
  if (!from_stdin) return identity::random_password();
  return read_password();
}

std::optional<BlacklistEntry> entry_of(const std::vector<BlacklistEntry>& blacklist, UserId user) {
  const auto entry = std::ranges::find(blacklist, user, &BlacklistEntry::user);
  return entry == blacklist.end() ? std::nullopt : std::optional{*entry};
}

std::string_view name_of(UserRole role) {
  return role == UserRole::kOperator ? "operator" : "buyer";
}

/// Those that were asked for, in order of id. Storage is read in pages: of the role that is asked
/// for there may be few among millions.
std::vector<User> chosen_users(Accounts& accounts, const UserList& options) {
  std::vector<User> chosen;
  UserId after = options.after;
  for (;;) {
    std::vector<User> page = accounts.list(after, kUsersAtOnce);
    if (page.empty()) return chosen;
    after = page.back().id;
    for (User& user : page) {
      if (options.role && user.role != *options.role) continue;
      chosen.push_back(std::move(user));
      if (std::cmp_equal(chosen.size(), options.limit)) return chosen;
    }
  }
}

boost::json::object json_of(const User& user, const std::optional<BlacklistEntry>& entry) {
  boost::json::object object{{"id", user.id.value},
                             {"name", user.name},
                             {"role", name_of(user.role)},
                             {"created_at", format_rfc3339(user.created_at)},
                             {"banned", nullptr}};
  if (entry) {
    boost::json::value until;
    if (entry->expires_at) until = format_rfc3339(*entry->expires_at);
    object["banned"] = {{"reason", entry->reason}, {"until", std::move(until)}};
  }
  return object;
}

std::string ban_words(const std::optional<BlacklistEntry>& entry) {
  if (!entry) return "-";
  if (!entry->expires_at) return fmt::format("for good: {}", entry->reason);
  return fmt::format("until {}: {}", format_rfc3339(*entry->expires_at), entry->reason);
}

}  // namespace

Done add_user(const Config& config, const UserAdd& options) {
  const auto password = choose_password(options.password_from_stdin);
  if (!password) return std::unexpected(password.error());
  CommandContext context(config, CommandContext::Missing::kCreate);
  const UserRole role = options.is_operator ? UserRole::kOperator : UserRole::kBuyer;
  const auto id = context.users().add(context.who(), {options.name, *password, role});
  if (!id) return std::unexpected(id.error());
  const bool generated = !options.password_from_stdin;
  if (options.json) {
    boost::json::object object{{"id", id->value}, {"name", options.name}};
    if (generated) object["password"] = *password;
    fmt::print("{}\n", boost::json::serialize(object));
  } else if (generated) {
    fmt::print("{}\n", *password);
  }
  return {};
}

Done list_users(const Config& config, const UserList& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto blacklist = context.storage().blacklist().list(read_clocks().wall);
  boost::json::array array;
  Table table({"id", "name", "role", "added", "banned"});
  for (const User& user : chosen_users(context.storage().accounts(), options)) {
    const auto entry = entry_of(blacklist, user.id);
    if (options.json) {
      array.push_back(json_of(user, entry));
    } else {
      table.add({std::to_string(user.id.value), user.name, std::string{name_of(user.role)},
                 format_rfc3339(user.created_at), ban_words(entry)});
    }
  }
  fmt::print("{}", options.json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done ban_user(const Config& config, const UserBan& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto user = find_user(context.storage().accounts(), options.who);
  if (!user) return std::unexpected(user.error());
  const auto banned =
      context.users().ban(context.who(), user->id, {options.reason, options.duration});
  if (!banned) return std::unexpected(explain(banned.error(), options.reason));
  return {};
}

Done unban_user(const Config& config, const std::string& who) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto user = find_user(context.storage().accounts(), who);
  if (!user) return std::unexpected(user.error());
  const auto unbanned = context.users().unban(context.who(), user->id);
  if (!unbanned) return std::unexpected(explain(unbanned.error()));
  return {};
}

Done set_user_password(const Config& config, const UserPassword& options) {
  const auto password = choose_password(options.password_from_stdin);
  if (!password) return std::unexpected(password.error());
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto user = find_user(context.storage().accounts(), options.who);
  if (!user) return std::unexpected(user.error());
  auto changed = context.users().set_password(context.who(), *user, *password);
  if (changed && !options.password_from_stdin) fmt::print("{}\n", *password);
  return changed;
}

}  // namespace stampede::app

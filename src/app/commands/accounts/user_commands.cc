#include <fmt/format.h>

#include <algorithm>
#include <boost/json.hpp>
#include <utility>

#include "app/commands/accounts/account_commands.h"
#include "app/commands/accounts/known_user.h"
#include "app/commands/command_context.h"
#include "app/terminal/table.h"

namespace stampede::app {
namespace {

using repositories::Accounts;

std::optional<BlacklistEntry> entry_of(const std::vector<BlacklistEntry>& blacklist, UserId user) {
  const auto entry = std::ranges::find(blacklist, user, &BlacklistEntry::user);
  return entry == blacklist.end() ? std::nullopt : std::optional{*entry};
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
                             {"role", to_string(user.role)},
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
  const auto id = context.users().add(context.who(), {options.name, *password, options.role});
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
  const auto blacklist = context.storage().blacklist().list(read_clocks().wall).entries;
  boost::json::array array;
  Table table({"id", "name", "role", "added", "banned"});
  for (const User& user : chosen_users(context.storage().accounts(), options)) {
    const auto entry = entry_of(blacklist, user.id);
    if (options.json) {
      array.push_back(json_of(user, entry));
    } else {
      table.add({std::to_string(user.id.value), user.name, std::string{to_string(user.role)},
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

#include <fmt/format.h>

#include <boost/json.hpp>
#include <utility>

#include "app/commands/accounts/account_commands.h"
#include "app/commands/accounts/known_user.h"
#include "app/commands/command_context.h"
#include "app/config/data_dir.h"
#include "app/terminal/table.h"
#include "identity/key_ring.h"

namespace stampede::app {
namespace {

std::vector<User> all_operators(repositories::Accounts& accounts) {
  std::vector<User> found;
  for (UserId after;;) {
    std::vector<User> users = accounts.list(after, kUsersAtOnce);
    if (users.empty()) return found;
    after = users.back().id;
    for (User& user : users) {
      if (is_of_console(user.role)) found.push_back(std::move(user));
    }
  }
}

}  // namespace

Done list_operators(const Config& config, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  boost::json::array array;
  Table table({"id", "name", "role", "second factor", "added"});
  for (const User& user : all_operators(context.storage().accounts())) {
    const bool has_factor = context.storage().second_factors().find(user.id).has_value();
    const std::string added = format_rfc3339(user.created_at);
    if (json) {
      array.push_back(boost::json::object{{"id", user.id.value},
                                          {"name", user.name},
                                          {"role", to_string(user.role)},
                                          {"second_factor", has_factor},
                                          {"created_at", added}});
    } else {
      table.add({std::to_string(user.id.value), user.name, std::string{to_string(user.role)},
                 has_factor ? "yes" : "no", added});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done set_operator_role(const Config& config, const OperatorRole& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto user = find_user(context.storage().accounts(), options.who);
  if (!user) return std::unexpected(user.error());
  return context.operators().set_role(context.who(), *user, options.role);
}

Done remove_operator(const Config& config, const std::string& who) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto user = find_user(context.storage().accounts(), who);
  if (!user) return std::unexpected(user.error());
  const auto removed = context.operators().remove(context.who(), *user);
  if (!removed) return std::unexpected(removed.error());
  return {};
}

Done set_operator_totp(const Config& config, const OperatorTotp& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto user = find_user(context.storage().accounts(), options.who);
  if (!user) return std::unexpected(user.error());
  if (options.remove) return context.operators().remove_second_factor(context.who(), *user);
  const identity::KeyRing keys(key_path(config.data.dir));
  services::accounts::SecondFactor factor(context.storage().second_factors(), keys);
  const auto uri = context.operators().renew_second_factor(context.who(), *user, factor);
  if (!uri) return std::unexpected(uri.error());
  fmt::print("{}\n", *uri);
  return {};
}

}  // namespace stampede::app

#include <fmt/format.h>

#include <boost/json.hpp>
#include <string>

#include "app/commands/accounts/account_commands.h"
#include "app/commands/command_context.h"
#include "app/terminal/table.h"

namespace stampede::app {
namespace {

std::string text_of(const std::optional<Instant>& time, const char* none) {
  return time ? format_rfc3339(*time) : none;
}

boost::json::value json_of(const std::optional<Instant>& time) {
  if (!time) return nullptr;
  return boost::json::string(format_rfc3339(*time));
}

}  // namespace

Done create_token(const Config& config, const TokenCreate& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto issued = context.tokens().create(
      context.who(),
      {.name = options.name, .scopes = options.scopes, .expires_at = options.expires_at});
  if (!issued) return std::unexpected(issued.error());
  fmt::print("{}\n", issued->text);
  fmt::print(stderr, "stampede: token {}; nothing tells it again\n", issued->token.id.value);
  return {};
}

Done list_tokens(const Config& config, bool json) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  boost::json::array array;
  Table table({"id", "name", "scopes", "created", "expires", "revoked"});
  for (const ApiToken& token : context.tokens().list()) {
    boost::json::array scopes;
    for (const ApiScope scope : token.scopes) scopes.emplace_back(to_string(scope));
    if (json) {
      array.push_back(boost::json::object{{"id", token.id.value},
                                          {"name", token.name},
                                          {"scopes", std::move(scopes)},
                                          {"created_at", format_rfc3339(token.created_at)},
                                          {"expires_at", json_of(token.expires_at)},
                                          {"revoked_at", json_of(token.revoked_at)}});
    } else {
      table.add({std::to_string(token.id.value), token.name, names_of(token.scopes),
                 format_rfc3339(token.created_at), text_of(token.expires_at, "never"),
                 text_of(token.revoked_at, "no")});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done revoke_token(const Config& config, ApiTokenId id) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto revoked = context.tokens().revoke(context.who(), id);
  if (!revoked) return std::unexpected(revoked.error());
  if (revoked->before) fmt::print(stderr, "stampede: it had been revoked already\n");
  return {};
}

}  // namespace stampede::app

#include "app/command_line/command_line.h"

// The commands about the people who use the console, and the programs that use the API.
namespace stampede::app {

CLI::Option& CommandLine::add_role_option(CLI::App& command, bool buyer,
                                          std::function<void(UserRole)> take,
                                          const std::string& what) {
  const std::string roles =
      buyer ? "buyer, viewer, operator or owner" : "viewer, operator or owner";
  return *command
              .add_option_function<std::string>(
                  "--role",
                  [buyer, roles, take = std::move(take)](const std::string& text) {
                    const auto role = user_role_named(text);
                    if (!role || (!buyer && !is_of_console(*role))) refuse("--role", text, roles);
                    take(*role);
                  },
                  fmt::format("{}: {}", what, roles))
              ->type_name("ROLE");
}

void CommandLine::add_operator() {
  CLI::App& group_of = group(app_, "operator", "the console's users, and what each may do");
  CLI::App& add =
      command(group_of, "add", "add somebody; prints a generated password, once",
              [this](const auto& loaded) { return app::add_user(loaded.config, operator_add_); });
  add.add_option("name", operator_add_.name, std::string(kUserNameForm))->required();
  add_role_option(
      add, false, [this](UserRole role) { operator_add_.role = role; },
      "a viewer looks, an operator runs sales, an owner decides also who may not buy")
      .required();
  add.add_flag("--password-stdin", operator_add_.password_from_stdin,
               "read the password from standard input instead");
  add_json(add, operator_add_.json);

  CLI::App& list =
      command(group_of, "list", "list them in order of id",
              [this](const auto& loaded) { return list_operators(loaded.config, json_); });
  add_json(list, json_);

  CLI::App& role = command(
      group_of, "role", "give somebody another role; every session of theirs ends",
      [this](const auto& loaded) { return set_operator_role(loaded.config, operator_role_); });
  role.add_option("name", operator_role_.who, "a name or an id")->required();
  add_role_option(
      role, false, [this](UserRole chosen) { operator_role_.role = chosen; }, "the new one")
      .required();

  CLI::App& remove = command(
      group_of, "remove", "take the console from somebody; the name stays theirs",
      [this](const auto& loaded) { return remove_operator(loaded.config, operator_role_.who); });
  remove.add_option("name", operator_role_.who, "a name or an id")->required();

  CLI::App& totp = command(
      group_of, "totp",
      "give somebody a second factor: prints, once, the URI that an authenticator reads",
      [this](const auto& loaded) { return set_operator_totp(loaded.config, operator_totp_); });
  totp.add_option("name", operator_totp_.who, "a name or an id")->required();
  totp.add_flag("--remove", operator_totp_.remove, "take it away instead: the password is enough");
}

void CommandLine::add_token() {
  CLI::App& group_of = group(app_, "token", "secrets that programs show to the API");
  CLI::App& create =
      command(group_of, "create", "make a token; prints it, once",
              [this](const auto& loaded) { return create_token(loaded.config, token_create_); });
  create.add_option("name", token_create_.name, "what it is for, at most 60 bytes")->required();
  create
      .add_option_function<std::vector<std::string>>(
          "--scope",
          [this](const std::vector<std::string>& names) {
            for (const std::string& name : names) {
              const auto scope = api_scope_named(name);
              if (!scope) refuse("--scope", name, "orders:read, orders:write or webhooks");
              token_create_.scopes.push_back(*scope);
            }
          },
          "what the program may do: orders:read, orders:write, webhooks; once for each")
      ->type_name("SCOPE")
      ->required();
  add_time(create, "--expires", "when it is good no more (never)",
           [this](Instant at) { token_create_.expires_at = at; });

  CLI::App& list =
      command(group_of, "list", "list them in order of id",
              [this](const auto& loaded) { return list_tokens(loaded.config, json_); });
  add_json(list, json_);

  CLI::App& revoke =
      command(group_of, "revoke", "make a token good no more; cannot be undone",
              [this](const auto& loaded) { return revoke_token(loaded.config, token_); });
  add_number(revoke, "token", token_.value, "its id").required();
}

}  // namespace stampede::app

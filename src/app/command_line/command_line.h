#pragma once

#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <functional>
#include <limits>
#include <optional>
#include <string>
#include <string_view>

#include "app/commands/accounts/account_commands.h"
#include "app/commands/catalog/catalog_commands.h"
#include "app/commands/commands.h"
#include "app/commands/webhooks/webhook_commands.h"
#include "app/config/role_config.h"

// Included by cli*.cc only: CLI11 is heavy.
namespace stampede::app {

/// Exit code of what ends the same however often it is started, until somebody changes what it is
/// started with. deploy/systemd/ does not restart after it.
inline constexpr int kNotToBeRetried = 2;

/// What the command line chose to do, with the configuration it runs on; answers the exit code.
using Action = std::function<int(const LoadedConfig&)>;

inline int exit_code(int code) { return code; }
/// The role's own, or says why it did not start: to be started with something else.
int exit_code(const std::expected<int, std::string>& ran);
/// Says what was refused.
int exit_code(const Done& done);
int exit_code(const ConfigErrors& errors);

/// Ends the parse: `text` of `option` is not what was expected.
[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         std::string_view expected);

/// The command line as a tree of commands. Each puts its Action into action_ when it is chosen;
/// options live in this object, which outlives the parse.
class CommandLine {
 public:
  explicit CommandLine(const char* version);

  CLI::App& app() { return app_; }
  const ConfigSources& sources() const { return sources_; }
  const Action& action() const { return action_; }

 private:
  void add_roles();
  CLI::App& add_role(RoleName role, const std::string& what, int (*run)(const Config&));
  void add_product();
  void add_product_change(CLI::App& product);
  void add_product_picture(CLI::App& product);
  void add_sale();
  void add_sale_create(CLI::App& sale);
  void add_sale_change(CLI::App& sale);
  void add_order();
  static void add_payment_reference(CLI::App& command, std::string& target);
  void add_user();
  void add_user_ban(CLI::App& user);
  void add_operator();
  /// Takes a role of the console, or also `buyer`.
  CLI::Option& add_role_option(CLI::App& command, bool buyer, std::function<void(UserRole)> take,
                               const std::string& what);
  void add_token();
  void add_webhook();
  void add_webhook_change(CLI::App& group_of, const std::string& name, const std::string& what,
                          Done (*change)(const Config&, WebhookId));
  void add_webhook_replay(CLI::App& group_of);
  void add_mint();
  void add_audit();
  void add_backup();
  void add_pages();
  void add_demo_checkout();
  void add_keys_and_config();

  /// `run` takes the configuration and answers an exit code or Done.
  template <class Run>
  CLI::App& command(CLI::App& parent, const std::string& name, const std::string& what, Run run);
  CLI::App& group(CLI::App& parent, const std::string& name, const std::string& what);
  void add_config_flags(CLI::App& command, bool everywhere);
  void add_json(CLI::App& command, bool& json) {
    command.add_flag("--json", json, "print JSON for programs");
  }
  void add_key(CLI::App& command, std::optional<IdempotencyKey>& key);
  template <class Number>
  CLI::Option& add_number(CLI::App& command, const std::string& name, Number& target,
                          const std::string& what, Number least = 0);
  /// The same, given to `take`.
  template <class Number>
  CLI::Option& add_number(CLI::App& command, const std::string& name,
                          std::function<void(Number)> take, const std::string& what,
                          Number least = 0);
  CLI::Option& add_time(CLI::App& command, const std::string& name, const std::string& what,
                        std::function<void(Instant)> take);

  const Instant now_ = read_clocks().wall;
  CLI::App app_{
      "Sells a limited stock to a crowd that arrives all at once, and never one too many."};
  ConfigSources sources_;
  Action action_;

  bool json_ = false;
  std::optional<RoleName> role_;  // that `config check` is for
  ProductAdd product_;
  ProductChange product_change_;
  PictureAdd picture_add_;
  PictureId picture_;
  Sale sale_;
  SaleChange sale_change_;
  MoreStock more_stock_;
  OrderCancel order_cancel_;
  OrderPay order_pay_;
  std::string refunded_;  // a payment's reference
  UserAdd user_add_;
  UserList user_list_;
  UserBan user_ban_;
  UserPassword user_password_;
  UserAdd operator_add_;
  OperatorRole operator_role_;
  OperatorTotp operator_totp_;
  TokenCreate token_create_;
  ApiTokenId token_;
  WebhookAdd webhook_add_;
  WebhookId webhook_;
  WebhookReplay webhook_replay_;
  WebhookLog webhook_log_;
  Mint mint_;
  AuditOptions audit_;
  std::filesystem::path backup_to_;
  Restore restore_;
  PagesOptions pages_;
  std::string demo_checkout_at_ = "127.0.0.1:8089";
};

template <class Run>
CLI::App& CommandLine::command(CLI::App& parent, const std::string& name, const std::string& what,
                               Run run) {
  CLI::App& added = *parent.add_subcommand(name, what);
  added.fallthrough();  // --data and --config may stand anywhere
  added.callback([this, run] {
    action_ = [run](const LoadedConfig& loaded) { return exit_code(run(loaded)); };
  });
  return added;
}

template <class Number>
CLI::Option& CommandLine::add_number(CLI::App& command, const std::string& name, Number& target,
                                     const std::string& what, Number least) {
  return add_number<Number>(
      command, name, [&target](Number number) { target = number; }, what, least);
}

template <class Number>
CLI::Option& CommandLine::add_number(CLI::App& command, const std::string& name,
                                     std::function<void(Number)> take, const std::string& what,
                                     Number least) {
  // CLI11 would read 010 as eight.
  return *command
              .add_option_function<std::string>(
                  name,
                  [name, take = std::move(take), least](const std::string& text) {
                    const auto number = parse_number<Number>(text);
                    if (!number || *number < least) {
                      refuse(name, text,
                             fmt::format("a whole number from {} to {}", least,
                                         std::numeric_limits<Number>::max()));
                    }
                    take(*number);
                  },
                  what)
              ->type_name("N");
}

}  // namespace stampede::app

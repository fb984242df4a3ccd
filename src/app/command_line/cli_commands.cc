#include <system_error>

#include "app/command_line/command_line.h"
#include "app/config/data_dir.h"
#include "app/config/role_config.h"
#include "app/fronts/ca_file.h"
#include "app/fronts/external_challenge.h"
#include "app/process/listener_tls.h"
#include "app/roles/cluster.h"
#include "app/roles/demo_checkout.h"
#include "app/roles/serve.h"
#include "identity/key_file.h"
#include "model/user.h"
#include "queue/rabbitmq/options.h"
#include "repositories/storage_error.h"

// Every command, its options and their words.
namespace stampede::app {
namespace {

/// Whether the broker refused the configured user, password or virtual host, which trying again
/// cannot mend.
bool refuses_credentials(const queue::rabbitmq::BrokerError& error) {
  using Kind = queue::rabbitmq::BrokerError::Kind;
  return error.kind() == Kind::kCredentials || error.kind() == Kind::kVhost;
}

/// Runs a role. Keys and a data directory that it may not use count as configuration, and so do
/// users, passwords and names that the database or the broker refuses.
int run_configured(int (*run)(const Config&), const Config& config) {
  try {
    return run(config);
  } catch (const DataDirBusy&) {
    throw;
  } catch (const DataDirError& error) {
    return exit_code(ConfigErrors{error.what()});
  } catch (const identity::KeyFileError& error) {
    if (error.error() != 0 && !is_lasting(error.error())) throw;
    return exit_code(ConfigErrors{error.what()});
  } catch (const repositories::StorageError& error) {
    if (error.kind() != repositories::StorageError::Kind::kDenied) throw;
    return exit_code(ConfigErrors{error.what()});
  } catch (const queue::rabbitmq::BrokerError& error) {
    if (!refuses_credentials(error)) throw;
    return exit_code(ConfigErrors{error.what()});
  } catch (const std::system_error& error) {
    if (error.code() != std::errc::permission_denied) throw;  // such as a port below 1024
    return exit_code(ConfigErrors{error.what()});
  }
}

/// Why the files that the configuration names cannot be used.
ConfigErrors file_errors(const Config& config) {
  ConfigErrors errors = certificate_errors(config);
  for (std::string& error : external_challenge_errors(config)) errors.push_back(std::move(error));
  for (std::string& error : ca_file_errors("webhooks.ca_file", config.webhooks.ca_file)) {
    errors.push_back(std::move(error));
  }
  return errors;
}

/// As config_for(), and the files that it names can be used.
std::expected<LoadedConfig, ConfigErrors> checked_for(RoleName role, const LoadedConfig& loaded) {
  auto own = config_for(role, loaded);
  if (!own) return own;
  ConfigErrors errors = file_errors(own->config);
  if (!errors.empty()) return std::unexpected(std::move(errors));
  return own;
}

}  // namespace

CLI::App& CommandLine::add_role(RoleName role, const std::string& what, int (*run)(const Config&)) {
  CLI::App& added =
      command(app_, std::string{to_string(role)}, what, [role, run](const auto& loaded) {
        const auto own = checked_for(role, loaded);
        return own ? run_configured(run, own->config) : exit_code(own.error());
      });
  add_config_flags(added, false);
  return added;
}

void CommandLine::add_roles() {
  CLI::App& serve =
      add_role(RoleName::kServe, "run the shop: all of it in this process", run_serve);
  add_role(RoleName::kWeb, "of a cluster: shop pages, accounts, captchas, orders", run_web);
  add_role(RoleName::kValidate, "of a cluster: decides purchases and publishes them", run_validate);
  add_role(RoleName::kQuantity, "of a cluster: quantity control, grants stock to validators",
           run_quantity);
  add_role(RoleName::kConsume, "of a cluster: writes purchases as orders", run_consume);
  add_role(RoleName::kAdmin, "of a cluster: the operations console, metrics of all roles",
           run_admin);

  std::string keys = "Configuration, by file, environment variable or flag, with its defaults:\n";
  for (const ConfigKey& key : config_keys()) {
    keys += fmt::format("  {} = {}\n      {}\n      {}, {}\n", key.name, key.default_value,
                        key.description, key.variable, key.expected);
  }
  serve.footer(keys);
}

void CommandLine::add_user() {
  CLI::App& user = group(app_, "user", "buyers");
  CLI::App& add =
      command(user, "add", "add a user; prints a generated password, once",
              [this](const auto& loaded) { return app::add_user(loaded.config, user_add_); });
  add.add_option("name", user_add_.name, std::string(kUserNameForm))->required();
  add.add_flag_callback(
      "--operator", [this] { user_add_.role = UserRole::kOwner; },
      "may use the console, and not the shop: as `operator add --role owner`");
  add.add_flag("--password-stdin", user_add_.password_from_stdin,
               "read the password from standard input instead");
  add_json(add, user_add_.json);

  CLI::App& list = command(user, "list", "list users in order of id", [this](const auto& loaded) {
    return list_users(loaded.config, user_list_);
  });
  add_number(list, "--limit", user_list_.limit, "at most so many (100)", std::int64_t{1});
  add_number(list, "--after", user_list_.after.value, "only ids above this one");
  add_role_option(
      list, true, [this](UserRole role) { user_list_.role = role; }, "only users of this role");
  add_json(list, user_list_.json);

  add_user_ban(user);
  CLI::App& password = command(
      user, "password", "give a user a new password; every session of theirs ends",
      [this](const auto& loaded) { return set_user_password(loaded.config, user_password_); });
  password.add_option("user", user_password_.who, "a name or an id")->required();
  password.add_flag("--password-stdin", user_password_.password_from_stdin,
                    "read the password from standard input instead of printing a new one");
}

void CommandLine::add_user_ban(CLI::App& user) {
  CLI::App& ban = command(user, "ban", "a user may not buy any more", [this](const auto& loaded) {
    return ban_user(loaded.config, user_ban_);
  });
  ban.add_option("user", user_ban_.who, "a name or an id")->required();
  ban.add_option("--reason", user_ban_.reason, "why, for other operators");
  ban.add_option_function<std::string>(
         "--for",
         [this](const std::string& text) {
           user_ban_.duration = parse_duration(text);
           if (!user_ban_.duration) refuse("--for", text, kDurationShape);
         },
         fmt::format("for how long (for good): {}", kDurationShape))
      ->type_name("TIME");
  CLI::App& unban = command(user, "unban", "a user may buy again", [this](const auto& loaded) {
    return unban_user(loaded.config, user_ban_.who);
  });
  unban.add_option("user", user_ban_.who, "a name or an id")->required();
}

void CommandLine::add_keys_and_config() {
  CLI::App& keys = group(app_, "keys", "the secret keys behind sessions and captchas");
  command(keys, "create", "make the key file that all roles of a cluster get a copy of",
          [](const auto& loaded) { return create_keys(loaded.config); });
  command(keys, "rotate", "seal with a fresh key; what the last one sealed still opens",
          [](const auto& loaded) { return rotate_keys(loaded.config); });
  CLI::App& config = group(app_, "config", "the configuration");
  CLI::App& check = command(
      config, "check", "check everything and show each value and where it comes from",
      [this](const auto& loaded) {
        if (!role_) {
          const ConfigErrors errors = file_errors(loaded.config);
          return errors.empty() ? exit_code(check_config(loaded, json_)) : exit_code(errors);
        }
        const auto own = checked_for(*role_, loaded);
        return own ? exit_code(check_config(*own, json_)) : exit_code(own.error());
      });
  add_config_flags(check, false);
  check
      .add_option_function<std::string>(
          "--role",
          [this](const std::string& text) {
            role_ = role_named(text);
            if (!role_) refuse("--role", text, "serve, web, validate, quantity, consume or admin");
          },
          "as this role would start with it")
      ->type_name("ROLE");
  add_json(check, json_);
}

void CommandLine::add_mint() {
  CLI::App& mint =
      command(app_, "mint", "for load tests: make buyers, print `uid sign [pass]` a line",
              [this](const auto& loaded) { return app::mint(loaded.config, mint_); });
  mint.add_option_function<std::string>(
          "--users",
          [this](const std::string& text) {
            const auto users = parse_user_range(text);
            if (!users) refuse("--users", text, kUserRangeShape);
            mint_.users = *users;
          },
          fmt::format("which: {}", kUserRangeShape))
      ->type_name("A-B")
      ->required();
  CLI::Option& product =
      add_number(mint, "--product", mint_.product.value, "with a captcha pass for this product");
  CLI::Option* key = mint.add_option_function<std::string>(
      "--key",
      [this](const std::string& text) {
        mint_.key = IdempotencyKey::parse(text);
        if (!mint_.key) refuse("--key", text, "16 to 64 characters of A-Z a-z 0-9 - _");
      },
      "and for this idempotency key");
  CLI::Option* prefix = mint.add_option_function<std::string>(
      "--key-prefix",
      [this](const std::string& text) {
        if (!IdempotencyKey::parse(text + std::string(kMintDigits, '0'))) {
          refuse("--key-prefix", text,
                 fmt::format("at most {} characters of A-Z a-z 0-9 - _", kLongestKeyPrefix));
        }
        mint_.key_prefix = text;
      },
      fmt::format("or for a key of each buyer: this and the id in {} digits", kMintDigits));
  mint.add_flag(
      "--node", mint_.with_node,
      "of a cluster: with the validator that owns the buyer, as the cookie `node` names it");
  key->needs(&product)->excludes(prefix);
  prefix->needs(&product);
  mint.parse_complete_callback([&product, key, prefix] {
    if (product.count() > 0 && key->count() + prefix->count() == 0) {
      throw CLI::RequiredError("With --product, --key or --key-prefix");
    }
  });
}

void CommandLine::add_audit() {
  CLI::App& audit =
      command(app_, "audit", "check every sale's units and orders; exit 1 on a breach",
              [this](const auto& loaded) { return app::audit(loaded.config, audit_); });
  add_number(audit, "--sale", audit_.sale.value, "only this sale");
  CLI::Option* answers =
      audit
          .add_option("--answers", audit_.answers,
                      "every answer that clients saw, one JSON object a line: compare them too")
          ->type_name("FILE");
  CLI::Option& demand =
      add_number(audit, "--demand", audit_.demand, "how many purchases the clients wanted in all");
  answers->needs(&demand);
  demand.needs(answers);
  add_json(audit, audit_.json);
}

void CommandLine::add_backup() {
  CLI::App& backup =
      command(app_, "backup", "copy the whole shop, also while it sells, and check the copy",
              [this](const auto& loaded) { return app::backup(loaded.config, backup_to_); });
  backup.add_option("to", backup_to_, "a folder that is empty or not there")->required();
  CLI::App& restore =
      command(app_, "restore", "make a data directory of a backup, and check it",
              [this](const auto& loaded) { return app::restore(loaded.config, restore_); });
  restore.add_option("from", restore_.from, "a folder that `stampede backup` made")->required();
  restore.add_flag("--without-log", restore_.without_log,
                   "from a folder whose stampede.db-wal is lost: takes what is left, and the "
                   "orders that were only there are gone");
}

void CommandLine::add_pages() {
  CLI::App& pages =
      command(app_, "pages", "write every static page, picture and asset, for a CDN",
              [this](const auto& loaded) { return write_pages(loaded.config, pages_); });
  pages.add_option("--out", pages_.out, "a new or empty folder, or one that was written before")
      ->type_name("DIR")
      ->required();
  pages.add_flag("--prune", pages_.prune,
                 "remove what an earlier run wrote and this one does not; pages that a CDN still "
                 "has may name it");
}

void CommandLine::add_demo_checkout() {
  CLI::App& checkout = command(
      app_, "demo-checkout",
      "for trying a shop out on one machine: a checkout whose buttons pay without money",
      [this](const auto& loaded) { return run_demo_checkout(loaded.config, demo_checkout_at_); });
  checkout
      .add_option("--listen", demo_checkout_at_,
                  "where buyers' browsers on this machine reach it (127.0.0.1:8089)")
      ->type_name("ADDRESS:PORT");
}

}  // namespace stampede::app

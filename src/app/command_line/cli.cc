#include "app/command_line/cli.h"

#include <sys/resource.h>

#include <cerrno>
#include <system_error>

#include "app/command_line/command_line.h"
#include "app/config/data_dir.h"
#include "app/config/data_owner.h"
#include "model/text/plain_text.h"

namespace stampede::app {

int exit_code(const Done& done) {
  if (done) return 0;
  fmt::print(stderr, "stampede: {}\n", visible(done.error(), "\n"));
  return 1;
}

int exit_code(const std::expected<int, std::string>& ran) {
  return ran ? *ran : exit_code(ConfigErrors{ran.error()});
}

int exit_code(const ConfigErrors& errors) {
  for (const std::string& error : errors) fmt::print(stderr, "stampede: {}\n", visible(error));
  return kNotToBeRetried;
}

[[noreturn]] void refuse(const std::string& option, const std::string& text,
                         std::string_view expected) {
  throw CLI::ValidationError(option, fmt::format("{} is not {}", in_quotes(text), expected));
}

CommandLine::CommandLine(const char* version) {
  app_.name("stampede");
  app_.set_version_flag("--version", fmt::format("stampede {}", version));
  app_.add_option_function<std::string>(
          "--config", [this](const std::string& file) { sources_.file = file; },
          "a TOML file with the configuration")
      ->type_name("FILE");
  app_.require_subcommand(0, 1);
  add_config_flags(app_, true);
  app_.footer("Every command takes --data or --config. `stampede COMMAND --help` says more.");
  add_roles();
  add_product();
  add_sale();
  add_order();
  add_user();
  add_operator();
  add_token();
  add_webhook();
  add_keys_and_config();
  add_mint();
  add_audit();
  add_backup();
  add_pages();
  add_demo_checkout();
  app_.callback([this] {
    if (!action_) throw CLI::RequiredError("A command");
  });
}

CLI::App& CommandLine::group(CLI::App& parent, const std::string& name, const std::string& what) {
  CLI::App& added = *parent.add_subcommand(name, what);
  added.fallthrough();
  added.require_subcommand(0, 1);  // none is refused below, in our words
  added.callback([this, name] {
    if (!action_) throw CLI::RequiredError(fmt::format("A command after `{}`", name));
  });
  return added;
}

/// The flags of the configuration: --data for every command, the others where they matter.
void CommandLine::add_config_flags(CLI::App& command, bool everywhere) {
  for (const ConfigKey& key : config_keys()) {
    if (key.flag.empty() || (key.flag == "--data") != everywhere) continue;
    command
        .add_option_function<std::string>(
            key.flag,
            [this, name = key.name](const std::string& text) {
              sources_.flags.emplace_back(name, text);
            },
            fmt::format("{} ({})", key.description, key.variable))
        ->type_name(everywhere ? "DIR" : "VALUE");
  }
}

void CommandLine::add_key(CLI::App& command, std::optional<IdempotencyKey>& key) {
  command
      .add_option_function<std::string>(
          "--idempotency-key",
          [&key](const std::string& text) {
            key = IdempotencyKey::parse(text);
            if (!key) refuse("--idempotency-key", text, "16 to 64 characters of A-Z a-z 0-9 - _");
          },
          "however often it is asked for with this key, it is done once")
      ->type_name("KEY");
}

CLI::Option& CommandLine::add_time(CLI::App& command, const std::string& name,
                                   const std::string& what, std::function<void(Instant)> take) {
  return *command
              .add_option_function<std::string>(
                  name,
                  [this, name, take = std::move(take)](const std::string& text) {
                    const auto time = parse_time(text, now_);
                    if (!time) refuse(name, text, kTimeShape);
                    take(*time);
                  },
                  fmt::format("{}: {}", what, kTimeShape))
              ->type_name("TIME");
}

/// What every argument may have at most; descriptions have lines.
bool arguments_are_text(int argc, char** argv) {
  for (int i = 1; i < argc; ++i) {
    const auto found = find_control(argv[i], "\t\n\r");
    if (!found) continue;
    fmt::print(stderr,
               "stampede: argument {}, \"{}\", has {}; expected text without control "
               "characters\n",
               i, visible(argv[i]), describe(*found));
    return false;
  }
  return true;
}

/// A core file would hold the keys, and every password that was being checked. The unit says so too
/// (deploy/systemd/); this holds for whoever starts the program another way. Not PR_SET_DUMPABLE,
/// which takes /proc/self away from an account that is not root.
void leave_no_core() {
  const rlimit none{0, 0};
  if (setrlimit(RLIMIT_CORE, &none) != 0) {
    throw std::system_error(errno, std::generic_category(), "the limit of core files");
  }
}

int run_cli(int argc, char** argv, const char* version) {
  leave_no_core();
  if (!arguments_are_text(argc, argv)) return kNotToBeRetried;
  CommandLine line(version);
  try {
    line.app().parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    if (error.get_exit_code() == 0) return line.app().exit(error);  // --help, --version
    fmt::print(stderr, "stampede: {}; `stampede --help` says more\n", visible(error.what()));
    return kNotToBeRetried;
  }
  ConfigSources sources = line.sources();
  sources.environment = process_environment();
  const auto loaded = load_config(sources);
  if (!loaded) return exit_code(loaded.error());
  try {
    act_as_owner(loaded->config.data.dir);
  } catch (const DataDirError& error) {
    return exit_code(ConfigErrors{error.what()});
  }
  return line.action()(*loaded);
}

}  // namespace stampede::app

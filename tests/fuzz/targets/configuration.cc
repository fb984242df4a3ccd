// The configuration (app/config/config.h): from a file, the environment and flags. What is accepted
// and shown is accepted again as the same, by a file and by the environment.
#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <string>

#include "app/config/config.h"
#include "app/config/role_config.h"
#include "model/text/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "tests/fuzz/memory_file.h"

namespace stampede::fuzz {
namespace {

using Loaded = std::expected<app::LoadedConfig, app::ConfigErrors>;

Loaded load_file(std::string_view text) {
  const MemoryFile file(text);
  return app::load_config({.file = file.path(), .environment = {}, .flags = {}});
}

void check_errors(const app::ConfigErrors& errors) {
  require(!errors.empty(), "a refusal has a reason");
  for (const std::string& error : errors) require(!error.empty(), "a reason has words");
}

bool is_hidden(const app::Setting& setting) { return setting.value == "\"(hidden)\""; }

/// TOML with every setting as it was shown, but for those that `first` hides, which has the same
/// ones in the same order: a secret that was given is hidden, and none is shown as "".
std::string document_of(const app::LoadedConfig& loaded, const app::LoadedConfig& first) {
  require(loaded.settings.size() == first.settings.size(), "every setting is shown");
  std::string text;
  for (std::size_t i = 0; i < loaded.settings.size(); ++i) {
    const app::Setting& setting = loaded.settings[i];
    if (!is_hidden(first.settings[i])) text += fmt::format("{} = {}\n", setting.key, setting.value);
  }
  return text;
}

void check_shown(const app::LoadedConfig& loaded) {
  const std::string shown = document_of(loaded, loaded);
  require(shown.find('\0') == shown.npos, "no value has a NUL");
  if (!is_utf8(shown))
    return;  // a path from a variable may be any bytes, and TOML has no word for it
  const Loaded again = load_file(shown);
  require(again.has_value(), "what is shown is a configuration");
  require(document_of(*again, loaded) == shown, "and the same one");
}

void check_roles(const app::LoadedConfig& loaded) {
  for (const char* name : {"serve", "web", "validate", "quantity", "consume", "admin"}) {
    const auto role = app::role_named(name);
    require(role && app::to_string(*role) == name, "a role is what it is called");
    const auto config = app::config_for(*role, loaded);
    if (!config) {
      check_errors(config.error());
      continue;
    }
    require(!config->config.http.console.empty(), "a role that starts has a console");
    require(config->config.http.listen.empty() ||
                config->config.http.listen != config->config.http.console ||
                config->config.http.listen.ends_with(":0"),
            "two listeners have two addresses");
  }
}

bool check(const Loaded& loaded) {
  if (!loaded) {
    check_errors(loaded.error());
    return false;
  }
  check_shown(*loaded);
  check_roles(*loaded);
  return true;
}

/// Takes a first line that names a key. Other first lines stand for keys too: those that the corpus
/// does not have are found by their length.
app::ConfigKey key_of(std::string_view& bytes) {
  const auto line = bytes.substr(0, bytes.find('\n'));
  bytes.remove_prefix(std::min(line.size() + 1, bytes.size()));
  const auto keys = app::config_keys();
  for (const auto& key : keys) {
    if (key.name == line) return key;
  }
  return keys[line.size() % keys.size()];
}

}  // namespace

bool accepts(std::string_view bytes) {
  Choices choices(bytes);
  if (choices.below(2) == 0) return check(load_file(bytes));
  const auto key = key_of(bytes);
  if (bytes.find('\0') != bytes.npos) return false;  // no variable and no flag has one
  const std::string text(bytes);
  const Loaded variable =
      app::load_config({.file = {}, .environment = {key.variable + "=" + text}, .flags = {}});
  const Loaded flag =
      app::load_config({.file = {}, .environment = {}, .flags = {{key.name, text}}});
  require(variable.has_value() == flag.has_value(), "flag and variable take the same texts");
  return check(variable);
}

}  // namespace stampede::fuzz

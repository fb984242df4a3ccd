#include "app/config/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <toml++/toml.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>
#include <map>
#include <sstream>

#include "app/config/keys.h"
#include "model/text/plain_text.h"
#include "services/admission/token_bucket.h"

namespace stampede::app {
namespace {

constexpr std::size_t kLargestFile = 1 << 20;

std::string section_of(std::string_view name) {
  return std::string{name.substr(0, name.find('.'))};
}
std::string member_of(std::string_view name) {
  return std::string{name.substr(name.find('.') + 1)};
}

const Key* find_key(std::string_view name) {
  const auto keys = all_keys();
  const auto found = std::ranges::find(keys, name, &Key::name);
  return found == keys.end() ? nullptr : &*found;
}

/// The members of a section, for messages; empty if there is no such section.
std::vector<std::string> members_of(std::string_view section) {
  std::vector<std::string> members;
  for (const Key& key : all_keys()) {
    if (section_of(key.name) == section) members.push_back(member_of(key.name));
  }
  return members;
}

std::string sections() {
  std::vector<std::string> names;
  for (const Key& key : all_keys()) {
    const std::string name = fmt::format("[{}]", section_of(key.name));
    if (std::ranges::find(names, name) == names.end()) names.push_back(name);
  }
  return fmt::format("{}", fmt::join(names, ", "));
}

/// nullopt for what no key can be: a table, a date, a truth value, a list of other than texts.
std::optional<Value> value_of(const toml::node& node) {
  if (const auto* number = node.as_integer()) return number->get();
  if (const auto* number = node.as_floating_point()) return number->get();
  if (const auto* text = node.as_string()) return text->get();
  const auto* array = node.as_array();
  if (!array) return std::nullopt;
  std::vector<std::string> texts;
  for (const toml::node& item : *array) {
    const auto* text = item.as_string();
    if (!text) return std::nullopt;
    texts.push_back(text->get());
  }
  return texts;
}

/// What no text of a configuration has, described; nullopt if this has none.
std::optional<std::string> control_in(const Value& value) {
  std::vector<std::string> texts;
  if (const auto* text = std::get_if<std::string>(&value)) texts = {*text};
  if (const auto* list = std::get_if<std::vector<std::string>>(&value)) texts = *list;
  for (const std::string& text : texts) {
    if (const auto found = find_control(text)) return describe(*found);
  }
  return std::nullopt;
}

std::string written(const toml::node& node) {
  std::ostringstream text;
  node.visit([&](const auto& value) { text << value; });
  return text.str();
}

/// Collects settings from all sources and the errors among them.
class Loader {
 public:
  void read_file(const std::filesystem::path& path);
  void read_environment(const std::vector<std::string>& environment);
  void read_flags(const std::vector<std::pair<std::string, std::string>>& flags);
  std::expected<LoadedConfig, ConfigErrors> finish();

 private:
  void read_document(const toml::table& document, const std::string& file);
  void read_section(const std::string& section, const toml::table& table, const std::string& file);
  void check_private(const toml::table& document, const std::filesystem::path& path);
  void set_text(const Key& key, std::string_view text, std::string origin);
  void check_listeners();
  void check_bucket(const std::string& name, double rate, double burst);
  const std::string& origin_of(std::string_view key) const;
  template <class... Args>
  void error(fmt::format_string<Args...> format, Args&&... args) {
    errors_.push_back(fmt::format(format, std::forward<Args>(args)...));
  }

  Config config_;
  std::map<std::string_view, std::string> origins_;
  ConfigErrors errors_;
};

std::string place(const std::string& file, const toml::source_region& region) {
  return fmt::format("{}:{}", file, region.begin.line);
}

void Loader::read_file(const std::filesystem::path& path) {
  const std::string file = path.string();
  std::error_code failure;
  if (std::filesystem::is_directory(path, failure)) {
    return error("{}: is a directory; expected a TOML file", file);
  }
  std::ifstream stream(path, std::ios::binary);
  if (!stream) return error("{}: cannot be read: {}", file, std::strerror(errno));
  std::string text(kLargestFile + 1, '\0');
  stream.read(text.data(), static_cast<std::streamsize>(text.size()));
  if (stream.bad()) return error("{}: cannot be read: {}", file, std::strerror(errno));
  text.resize(static_cast<std::size_t>(stream.gcount()));
  if (text.size() > kLargestFile) {
    return error("{}: is larger than {} bytes; expected a TOML file", file, kLargestFile);
  }
  try {
    const toml::table document = toml::parse(text, file);
    read_document(document, file);
    check_private(document, path);
  } catch (const toml::parse_error& problem) {
    error("{}: is not valid TOML: {}", place(file, problem.source()), problem.description());
  }
}

void Loader::read_document(const toml::table& document, const std::string& file) {
  for (const auto& [key, node] : document) {
    const std::string name{key.str()};
    if (members_of(name).empty()) {
      error("{}: unknown {} ({}); expected the sections {}", name,
            node.is_table() ? "section" : "key", place(file, key.source()), sections());
    } else if (const auto* table = node.as_table()) {
      read_section(name, *table, file);
    } else {
      error("{}: {} ({}) is not a section; expected [{}] with {}", name, written(node),
            place(file, key.source()), name, fmt::join(members_of(name), ", "));
    }
  }
}

void Loader::read_section(const std::string& section, const toml::table& table,
                          const std::string& file) {
  for (const auto& [member, node] : table) {
    const std::string name = fmt::format("{}.{}", section, member.str());
    const std::string origin = place(file, member.source());
    const Key* key = find_key(name);
    if (!key) {
      error("{}: unknown key ({}); expected in [{}]: {}", name, origin, section,
            fmt::join(members_of(section), ", "));
      continue;
    }
    const auto value = value_of(node);
    if (const auto control = value ? control_in(*value) : std::nullopt) {
      error("{}: the value ({}) has {}; expected {}", name, origin, *control, key->expected());
    } else if (!value || !assign(*key, *value, config_)) {
      error("{}: {} ({}) is not {}", name, key->secret ? "the value" : written(node), origin,
            key->expected());
    }
    origins_[key->name] = origin;
  }
}

/// A file that holds a secret is its owner's alone.
void Loader::check_private(const toml::table& document, const std::filesystem::path& path) {
  namespace fs = std::filesystem;
  const auto holds = [&](const Key& key) {
    return key.secret && !document.at_path(key.name).value_or(std::string{}).empty();
  };
  const auto secret = std::ranges::find_if(all_keys(), holds);
  if (secret == all_keys().end()) return;
  constexpr fs::perms kOthers = fs::perms::group_all | fs::perms::others_all;
  const fs::perms mode = fs::status(path).permissions();
  if ((mode & kOthers) == fs::perms::none) return;
  error("{}: holds {} and has mode {:04o}; expected mode 0600: its owner's alone", path.string(),
        secret->name, static_cast<unsigned>(mode));
}

void Loader::read_environment(const std::vector<std::string>& environment) {
  for (const std::string& entry : environment) {
    if (!entry.starts_with("STAMPEDE_")) continue;
    const std::string variable = entry.substr(0, entry.find('='));
    const auto keys = all_keys();
    const auto key = std::ranges::find(keys, variable, &Key::variable);
    if (key == keys.end()) {
      error("{}: unknown key (environment); expected a variable like {}", variable,
            keys.front().variable());
      continue;
    }
    const std::size_t value = std::min(variable.size() + 1, entry.size());
    set_text(*key, std::string_view{entry}.substr(value), "environment " + variable);
  }
}

void Loader::read_flags(const std::vector<std::pair<std::string, std::string>>& flags) {
  for (const auto& [name, text] : flags) {
    if (const Key* key = find_key(name)) {
      set_text(*key, text, fmt::format("flag {}", key->flag));
    } else {
      error("{}: unknown key (flag)", name);
    }
  }
}

void Loader::set_text(const Key& key, std::string_view text, std::string origin) {
  if (const auto control = control_in(std::string(text))) {
    error("{}: the value ({}) has {}; expected {}", key.name, origin, *control, key.expected());
  } else if (!assign_text(key, text, config_)) {
    const std::string value = key.secret ? "the value" : in_quotes(text);
    error("{}: {} ({}) is not {}", key.name, value, origin, key.expected());
  }
  origins_[key.name] = std::move(origin);
}

void Loader::check_listeners() {
  const Config::Http& http = config_.http;
  if (!http.listen.empty() && http.listen == http.console && !http.listen.ends_with(":0")) {
    error("http.console: {} ({}) is http.listen too; expected an address of its own",
          in_quotes(http.console), origin_of("http.console"));
  }
}

/// admission.`name`_rate and _burst: what TokenBucket can count.
void Loader::check_bucket(const std::string& name, double rate, double burst) {
  using Size = services::admission::TokenBucket::Size;
  if (rate == 0) return;
  const std::string rate_key = "admission." + name + "_rate";
  const std::string burst_key = "admission." + name + "_burst";
  if (rate < Size::kLeastRate) {
    error("{}: {} ({}) is not 0 or at least {}", rate_key, rate, origin_of(rate_key),
          Size::kLeastRate);
  } else if (burst / rate > Size::kMostSecondsToFill) {
    error("{}: {} ({}) takes {:.0f} s to fill at {} {}; expected at most {:.0f} s", burst_key,
          burst, origin_of(burst_key), burst / rate, rate_key, rate, Size::kMostSecondsToFill);
  }
}

const std::string& Loader::origin_of(std::string_view key) const {
  static const std::string kDefault = "default";
  const auto origin = origins_.find(key);
  return origin == origins_.end() ? kDefault : origin->second;
}

std::expected<LoadedConfig, ConfigErrors> Loader::finish() {
  check_listeners();
  const Config::Admission& admission = config_.admission;
  check_bucket("check", admission.check_rate, admission.check_burst);
  check_bucket("product", admission.product_rate, admission.product_burst);
  if (!errors_.empty()) return std::unexpected(std::move(errors_));
  LoadedConfig loaded;
  for (const Key& key : all_keys()) {
    loaded.settings.push_back({std::string{key.name}, show(key, config_), origin_of(key.name)});
  }
  loaded.config = std::move(config_);
  return loaded;
}

}  // namespace

std::expected<LoadedConfig, ConfigErrors> load_config(const ConfigSources& sources) {
  Loader loader;
  if (sources.file) loader.read_file(*sources.file);
  loader.read_environment(sources.environment);
  loader.read_flags(sources.flags);
  return loader.finish();
}

std::vector<ConfigKey> config_keys() {
  std::vector<ConfigKey> keys;
  for (const Key& key : all_keys()) {
    keys.push_back({std::string{key.name}, key.variable(), std::string{key.flag}, key.expected(),
                    show(key, {}), std::string{key.description}});
  }
  return keys;
}

std::vector<std::string> process_environment() {
  std::vector<std::string> environment;
  for (char** entry = environ; *entry; ++entry) environment.emplace_back(*entry);
  return environment;
}

}  // namespace stampede::app

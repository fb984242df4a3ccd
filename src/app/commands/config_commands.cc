#include <fmt/format.h>

#include <boost/json.hpp>
#include <filesystem>
#include <system_error>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"
#include "app/config/data_dir.h"
#include "app/terminal/table.h"
#include "identity/key_ring.h"

namespace stampede::app {

Done check_config(const LoadedConfig& loaded, bool json) {
  // A shop that has keys must be able to read them: this throws what `serve` would.
  const std::filesystem::path keys = key_path(loaded.config.data.dir);
  std::error_code unreachable;
  if (std::filesystem::exists(keys, unreachable) || unreachable) const identity::KeyRing ring(keys);

  boost::json::array array;
  Table table({"key", "value", "from"});
  for (const Setting& setting : loaded.settings) {
    if (json) {
      array.push_back(boost::json::object{
          {"key", setting.key}, {"value", setting.value}, {"from", setting.origin}});
    } else {
      table.add({setting.key, setting.value, setting.origin});
    }
  }
  fmt::print("{}", json ? boost::json::serialize(array) + "\n" : table.text());
  return {};
}

Done create_keys(const Config& config) {
  const std::filesystem::path keys = key_path(config.data.dir);
  std::error_code unreachable;
  if (std::filesystem::exists(keys, unreachable)) {
    return std::unexpected(
        fmt::format("{} is there already; `stampede keys rotate` puts a fresh key "
                    "first",
                    keys.string()));
  }
  prepare_keys(config.data.dir);
  fmt::print("{}\n", keys.string());
  return {};
}

Done rotate_keys(const Config& config) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  context.keys().rotate(context.who());
  return {};
}

}  // namespace stampede::app

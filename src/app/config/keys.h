#pragma once

#include <cstdint>
#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "app/config/config.h"

namespace stampede::app {

/// Where a key's value lives in a Config; its type is the key's type.
using Slot = std::variant<double*, std::int64_t*, std::string*, std::vector<std::string>*,
                          std::filesystem::path*>;

/// One key. The list of them is all that the file, the environment, the flags, the help and
/// `config check` know about configuration.
struct Key {
  std::string_view name;       // "section.member"
  std::string_view flag = {};  // "--listen", or empty
  std::string_view description;
  Slot (*slot)(Config&);
  double min = 0;  // of numbers, and of the length of lists; both ends included
  double max = 0;
  std::string_view shape = {};  // of texts and lists: what each must look like
  bool (*valid)(std::string_view) = nullptr;
  bool secret = false;       // never shown
  bool or_one_text = false;  // of lists: one text alone is a list of one

  std::string variable() const;  // "STAMPEDE_SECTION_MEMBER"
  std::string expected() const;
};

std::span<const Key> all_keys();

/// A value as a configuration file has it.
using Value = std::variant<std::int64_t, double, std::string, std::vector<std::string>>;

/// False, and `config` untouched, if `value` is not what the key expects.
bool assign(const Key& key, const Value& value, Config& config);
/// The same for text of an environment variable or a flag; lists are separated by commas.
bool assign_text(const Key& key, std::string_view text, Config& config);
/// The key's value, as TOML writes it; "(hidden)" for a secret that is set.
std::string show(const Key& key, const Config& config);

}  // namespace stampede::app

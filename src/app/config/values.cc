#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <optional>

#include "app/config/keys.h"
#include "app/config/parse_number.h"

// How the value of a key gets into a Config, and out of it.
namespace stampede::app {
namespace {

bool in_range(const Key& key, double number) { return number >= key.min && number <= key.max; }

struct Assign {
  const Key& key;

  bool operator()(double* slot, double number) const {
    if (!in_range(key, number)) return false;
    *slot = number == 0 ? 0 : number;  // and not -0
    return true;
  }
  bool operator()(double* slot, std::int64_t number) const {
    return (*this)(slot, static_cast<double>(number));
  }
  bool operator()(std::int64_t* slot, std::int64_t number) const {
    if (!in_range(key, static_cast<double>(number))) return false;
    *slot = number;
    return true;
  }
  bool operator()(std::string* slot, const std::string& text) const {
    if (!key.valid(text)) return false;
    *slot = text;
    return true;
  }
  bool operator()(std::filesystem::path* slot, const std::string& text) const {
    if (!key.valid(text)) return false;
    *slot = text;
    return true;
  }
  bool operator()(std::vector<std::string>* slot, const std::vector<std::string>& texts) const {
    if (!in_range(key, static_cast<double>(texts.size()))) return false;
    if (!std::ranges::all_of(texts, key.valid)) return false;
    *slot = texts;
    return true;
  }
  bool operator()(std::vector<std::string>* slot, const std::string& text) const {
    return key.or_one_text && (*this)(slot, std::vector{text});
  }
  // Any other pair is a wrong type.
  template <class Target, class Other>
  bool operator()(Target*, const Other&) const {
    return false;
  }
};

std::vector<std::string> split_list(std::string_view text) {
  std::vector<std::string> items;
  while (!text.empty()) {
    const auto comma = std::min(text.find(','), text.size());
    std::string_view item = text.substr(0, comma);
    while (item.starts_with(' ')) item.remove_prefix(1);
    while (item.ends_with(' ')) item.remove_suffix(1);
    items.emplace_back(item);
    text.remove_prefix(std::min(comma + 1, text.size()));
  }
  return items;
}

/// Text as a value of the slot's type.
struct FromText {
  std::string_view text;

  std::optional<Value> operator()(double*) const { return parse_number<double>(text); }
  std::optional<Value> operator()(std::int64_t*) const { return parse_number<std::int64_t>(text); }
  std::optional<Value> operator()(std::string*) const { return std::string{text}; }
  std::optional<Value> operator()(std::filesystem::path*) const { return std::string{text}; }
  std::optional<Value> operator()(std::vector<std::string>*) const { return split_list(text); }
};

/// A basic string of TOML.
std::string toml_text(std::string_view text) {
  std::string written = "\"";
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (c == '"' || c == '\\') {
      written += '\\';
      written += c;
    } else if (byte < 0x20 || byte == 0x7f) {
      written += fmt::format("\\u{:04x}", byte);
    } else {
      written += c;
    }
  }
  return written + '"';
}

struct Show {
  std::string operator()(const double* number) const { return fmt::format("{}", *number); }
  std::string operator()(const std::int64_t* number) const { return fmt::format("{}", *number); }
  std::string operator()(const std::string* text) const { return toml_text(*text); }
  std::string operator()(const std::filesystem::path* path) const {
    return toml_text(path->string());
  }
  std::string operator()(const std::vector<std::string>* texts) const {
    std::vector<std::string> items;
    for (const std::string& text : *texts) items.push_back(toml_text(text));
    return fmt::format("[{}]", fmt::join(items, ", "));
  }
};

}  // namespace

bool assign(const Key& key, const Value& value, Config& config) {
  return std::visit(Assign{key}, key.slot(config), value);
}

bool assign_text(const Key& key, std::string_view text, Config& config) {
  const auto value = std::visit(FromText{text}, key.slot(config));
  return value && assign(key, *value, config);
}

std::string show(const Key& key, const Config& config) {
  Config copy = config;  // slots are of changeable configurations
  std::string shown = std::visit(Show{}, key.slot(copy));
  if (key.secret && shown != "\"\"") return "\"(hidden)\"";
  return shown;
}

}  // namespace stampede::app

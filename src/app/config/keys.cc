#include "app/config/keys.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cctype>
#include <cmath>
#include <optional>

#include "app/config/parse_number.h"

namespace stampede::app {
namespace {

bool is_address(std::string_view text) {
  in6_addr bytes;
  const std::string copy{text};
  return inet_pton(AF_INET, copy.c_str(), &bytes) == 1 ||
         inet_pton(AF_INET6, copy.c_str(), &bytes) == 1;
}

bool is_port(std::string_view text) {
  const auto port = parse_number<std::uint16_t>(text);
  return port.has_value();
}

/// "127.0.0.1:8082" or "[::1]:8082".
bool is_endpoint(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || !is_port(text.substr(colon + 1))) return false;
  std::string_view host = text.substr(0, colon);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  if (bracketed) host = host.substr(1, host.size() - 2);
  return is_address(host) && bracketed == (host.find(':') != std::string_view::npos);
}

/// Scheme, host and port, as browsers send `Origin` (RFC 6454); or empty.
bool is_origin(std::string_view text) {
  if (text.empty()) return true;
  const std::string_view scheme = text.starts_with("https://") ? "https://" : "http://";
  if (!text.starts_with(scheme)) return false;
  text.remove_prefix(scheme.size());
  std::string_view host = text;
  const auto colon = text.rfind(':');
  if (colon != std::string_view::npos && !text.ends_with(']')) {
    if (!is_port(text.substr(colon + 1))) return false;
    host = text.substr(0, colon);
  }
  if (host.starts_with('[') && host.ends_with(']'))
    return is_address(host.substr(1, host.size() - 2));
  return !host.empty() && std::ranges::all_of(host, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' || c == '.';
  });
}

bool is_path(std::string_view text) { return !text.empty() && text.find('\0') == text.npos; }

constexpr std::string_view kEndpoint = "an IPv4 or [IPv6] address and a port, like 127.0.0.1:8082";

constexpr Key kKeys[] = {
    {.name = "admission.check_rate",
     .description = "purchases let through to the stock per second; 0: all",
     .slot = [](Config& c) -> Slot { return &c.admission.check_rate; },
     .max = 1e9},
    {.name = "admission.check_burst",
     .description = "purchases let through at once after a quiet time",
     .slot = [](Config& c) -> Slot { return &c.admission.check_burst; },
     .min = 1,
     .max = 1e9},
    {.name = "admission.product_rate",
     .description = "product pages served per second; 0: all",
     .slot = [](Config& c) -> Slot { return &c.admission.product_rate; },
     .max = 1e9},
    {.name = "admission.product_burst",
     .description = "product pages served at once after a quiet time",
     .slot = [](Config& c) -> Slot { return &c.admission.product_burst; },
     .min = 1,
     .max = 1e9},
    {.name = "admission.interval_seconds",
     .description = "one attempt per buyer in this time; 0: any number",
     .slot = [](Config& c) -> Slot { return &c.admission.interval_seconds; },
     .max = 86'400},
    {.name = "http.listen",
     .flag = "--listen",
     .description = "where the shop listens; port 0: a free one",
     .slot = [](Config& c) -> Slot { return &c.http.listen; },
     .shape = kEndpoint,
     .valid = is_endpoint},
    {.name = "http.console",
     .flag = "--console",
     .description = "where the operations console listens",
     .slot = [](Config& c) -> Slot { return &c.http.console; },
     .shape = kEndpoint,
     .valid = is_endpoint},
    {.name = "http.threads",
     .flag = "--threads",
     .description = "threads of the shop; 0: one per hardware thread",
     .slot = [](Config& c) -> Slot { return &c.http.threads; },
     .max = 1024},
    {.name = "http.origin",
     .flag = "--origin",
     .description = "the shop's public origin; empty: the request's own Host",
     .slot = [](Config& c) -> Slot { return &c.http.origin; },
     .shape = "empty, or a scheme and a host in small letters, like https://shop.example",
     .valid = is_origin},
    {.name = "http.connections_per_address",
     .description = "connections one address may hold",
     .slot = [](Config& c) -> Slot { return &c.http.connections_per_address; },
     .min = 1,
     .max = 1'000'000},
    {.name = "http.trusted_proxies",
     .description = "proxies in front, whose X-Forwarded-For is believed",
     .slot = [](Config& c) -> Slot { return &c.http.trusted_proxies; },
     .shape = "IPv4 or IPv6 addresses",
     .valid = is_address},
    {.name = "data.dir",
     .flag = "--data",
     .description = "the directory of the database and the keys",
     .slot = [](Config& c) -> Slot { return &c.data.dir; },
     .shape = "the path of a directory",
     .valid = is_path},
};

bool in_range(const Key& key, double number) { return number >= key.min && number <= key.max; }

struct Assign {
  const Key& key;

  bool operator()(double* slot, double number) const {
    if (!in_range(key, number)) return false;
    *slot = number;
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
    if (!std::ranges::all_of(texts, key.valid)) return false;
    *slot = texts;
    return true;
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

struct Show {
  std::string operator()(const double* number) const { return fmt::format("{}", *number); }
  std::string operator()(const std::int64_t* number) const { return fmt::format("{}", *number); }
  std::string operator()(const std::string* text) const { return fmt::format("{:?}", *text); }
  std::string operator()(const std::filesystem::path* path) const {
    return fmt::format("{:?}", path->string());
  }
  std::string operator()(const std::vector<std::string>* texts) const {
    std::vector<std::string> quoted;
    for (const std::string& text : *texts) quoted.push_back(fmt::format("{:?}", text));
    return fmt::format("[{}]", fmt::join(quoted, ", "));
  }
};

}  // namespace

std::string Key::variable() const {
  std::string variable = fmt::format("STAMPEDE_{}", name);
  for (char& c : variable) {
    c = c == '.' ? '_' : static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  }
  return variable;
}

std::string Key::expected() const {
  Config any;
  const Slot type = slot(any);
  if (std::holds_alternative<double*>(type)) {
    return fmt::format("a number from {:.0f} to {:.0f}", min, max);
  }
  if (std::holds_alternative<std::int64_t*>(type)) {
    return fmt::format("a whole number from {:.0f} to {:.0f}", min, max);
  }
  if (std::holds_alternative<std::vector<std::string>*>(type)) {
    return fmt::format("a list of {}", shape);
  }
  return std::string{shape};
}

std::span<const Key> all_keys() { return kKeys; }

bool assign(const Key& key, const Value& value, Config& config) {
  return std::visit(Assign{key}, key.slot(config), value);
}

bool assign_text(const Key& key, std::string_view text, Config& config) {
  const auto value = std::visit(FromText{text}, key.slot(config));
  return value && assign(key, *value, config);
}

std::string show(const Key& key, const Config& config) {
  Config copy = config;  // slots are of changeable configurations
  return std::visit(Show{}, key.slot(copy));
}

}  // namespace stampede::app

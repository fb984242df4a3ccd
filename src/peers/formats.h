#pragma once

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string_view>

namespace stampede::peers {

// Texts of a message that must be of a certain form.

inline bool is_node(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

template <std::size_t size>
bool is_hexadecimal(std::string_view text) {
  return text.size() == size && std::ranges::all_of(text, [](char c) {
           return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f');
         });
}

/// Whom http::Upstream can ask.
inline bool is_address(std::string_view text) {
  const auto colon = text.rfind(':');
  if (colon == std::string_view::npos || colon == 0 || text.size() > 300) return false;
  const std::string_view host = text.substr(0, colon);
  const std::string_view port = text.substr(colon + 1);
  const bool bracketed = host.size() > 2 && host.front() == '[' && host.back() == ']';
  std::uint16_t number = 0;
  const auto [end, error] = std::from_chars(port.begin(), port.end(), number);
  const auto strange = [](char c) { return c <= ' ' || c == '/' || c == '@' || c > '~'; };
  return error == std::errc{} && end == port.end() && number != 0 &&
         bracketed == (host.find(':') != std::string_view::npos) &&
         std::ranges::none_of(host, strange);
}

/// Member::holder().
inline bool is_holder(std::string_view text) {
  const auto slash = text.find('/');
  return slash != std::string_view::npos && is_node(text.substr(0, slash)) &&
         is_hexadecimal<16>(text.substr(slash + 1));
}

}  // namespace stampede::peers

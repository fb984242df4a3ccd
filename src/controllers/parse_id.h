#pragma once

#include <charconv>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stampede::controllers {

/// An id as it stands in addresses: decimal digits, from 1, without a leading zero, so that
/// everything has one address. nullopt for anything else.
template <class Id>
std::optional<Id> parse_id(std::string_view text) {
  if (text.empty() || text.front() < '1' || text.front() > '9') return std::nullopt;
  std::int64_t value = 0;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), value);
  if (error != std::errc{} || stopped != text.end()) return std::nullopt;
  return Id{value};
}

}  // namespace stampede::controllers

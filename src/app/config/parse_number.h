#pragma once

#include <charconv>
#include <optional>
#include <string_view>
#include <system_error>

namespace stampede::app {

/// The whole of `text` as a decimal number; nullopt for anything else and for what does not fit.
template <class Number>
std::optional<Number> parse_number(std::string_view text) {
  Number number{};
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc{} || end != text.data() + text.size()) return std::nullopt;
  return number;
}

}  // namespace stampede::app

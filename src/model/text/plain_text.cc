#include "model/text/plain_text.h"

#include <fmt/format.h>

#include <array>
#include <charconv>
#include <utility>

#include "model/text/utf8.h"

namespace stampede {
namespace {

/// Those that have a name of their own; all others are of the category Cc.
constexpr std::array<std::pair<char32_t, std::string_view>, 14> kNamed{{
    {0x061C, "Arabic letter mark"},
    {0x200E, "left-to-right mark"},
    {0x200F, "right-to-left mark"},
    {0x2028, "line separator"},
    {0x2029, "paragraph separator"},
    {0x202A, "left-to-right embedding"},
    {0x202B, "right-to-left embedding"},
    {0x202C, "pop directional formatting"},
    {0x202D, "left-to-right override"},
    {0x202E, "right-to-left override"},
    {0x2066, "left-to-right isolate"},
    {0x2067, "right-to-left isolate"},
    {0x2068, "first strong isolate"},
    {0x2069, "pop directional isolate"},
}};

constexpr std::string_view kControl = "control character";

/// Empty for a character that does not steer.
std::string_view name_of(char32_t point) {
  if (point < 0x20 || (point >= 0x7F && point < 0xA0)) return kControl;
  if (point < kNamed.front().first || point > kNamed.back().first) return {};
  for (const auto& [named, name] : kNamed) {
    if (named == point) return name;
  }
  return {};
}

/// The first character of `text`, which is not empty: its code point and bytes. One byte and no
/// code point, if it is not UTF-8.
struct Character {
  std::optional<char32_t> point;
  std::size_t size = 1;
};

Character first_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  if (byte(0) < 0x80) return {byte(0), 1};
  const std::size_t size = byte(0) < 0xE0 ? 2 : byte(0) < 0xF0 ? 3 : 4;
  const auto sequence = text.substr(0, size);
  if (sequence.size() < size || !is_utf8(sequence)) return {};
  // The first byte of n has n ones, a zero and the highest bits; each other one six bits.
  char32_t point = byte(0) & (0x7FU >> size);
  for (std::size_t i = 1; i < size; ++i) point = (point << 6) | (byte(i) & 0x3FU);
  return {point, size};
}

bool is_allowed(char32_t point, std::string_view allowed) {
  return point < 0x80 && allowed.find(static_cast<char>(point)) != std::string_view::npos;
}

std::string hexadecimal(unsigned number) {
  std::array<char, 8> digits{};
  const auto end = std::to_chars(digits.begin(), digits.end(), number, 16).ptr;
  return {digits.begin(), end};
}

std::string escape_of(char32_t point) {
  switch (point) {
    case '\n':
      return "\\n";
    case '\r':
      return "\\r";
    case '\t':
      return "\\t";
    default:
      return "\\u{" + hexadecimal(point) + "}";
  }
}

}  // namespace

std::optional<ControlCharacter> find_control(std::string_view text, std::string_view allowed) {
  for (std::size_t at = 0; at < text.size();) {
    const Character next = first_of(text.substr(at));
    if (next.point && !name_of(*next.point).empty() && !is_allowed(*next.point, allowed)) {
      return ControlCharacter{at, *next.point};
    }
    at += next.size;
  }
  return std::nullopt;
}

std::string describe(const ControlCharacter& found) {
  std::string digits = hexadecimal(found.code_point);
  for (char& digit : digits) {
    if (digit >= 'a') digit = static_cast<char>(digit - 'a' + 'A');
  }
  digits.insert(0, digits.size() < 4 ? 4 - digits.size() : 0, '0');
  std::string text = "U+" + digits + " (";
  text += name_of(found.code_point);
  return text + ") at byte " + std::to_string(found.at);
}

std::string visible(std::string_view text, std::string_view allowed) {
  std::string shown;
  shown.reserve(text.size());
  for (std::size_t at = 0; at < text.size();) {
    const Character next = first_of(text.substr(at));
    if (!next.point) {
      shown += "\\x{" + hexadecimal(static_cast<unsigned char>(text[at])) + "}";
    } else if (!name_of(*next.point).empty() && !is_allowed(*next.point, allowed)) {
      shown += escape_of(*next.point);
    } else {
      shown += text.substr(at, next.size);
    }
    at += next.size;
  }
  return shown;
}

std::optional<std::string> problem_of(std::string_view text, std::size_t longest,
                                      std::string_view allowed) {
  if (text.size() > longest) {
    return fmt::format("{} bytes long; expected at most {}", text.size(), longest);
  }
  if (!is_utf8(text)) return fmt::format("\"{}\" is not valid UTF-8", visible(text));
  if (const auto found = find_control(text, allowed)) {
    return fmt::format("\"{}\" has {}; expected text without control characters",
                       visible(text, allowed), describe(*found));
  }
  return std::nullopt;
}

std::string in_quotes(std::string_view text) {
  std::string escaped;
  for (const char c : text) {
    if (c == '"' || c == '\\') escaped += '\\';
    escaped += c;
  }
  return '"' + visible(escaped) + '"';
}

}  // namespace stampede

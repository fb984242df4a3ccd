#include "identity/base64url.h"

#include <array>
#include <cstdint>

namespace stampede::identity {
namespace {

constexpr std::string_view kAlphabet =
    "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
constexpr std::uint8_t kNone = 0xFF;

constexpr auto kValues = [] {
  std::array<std::uint8_t, 256> values;
  values.fill(kNone);
  for (std::size_t i = 0; i < kAlphabet.size(); ++i) {
    values[static_cast<unsigned char>(kAlphabet[i])] = static_cast<std::uint8_t>(i);
  }
  return values;
}();

}  // namespace

std::string encode_base64url(std::span<const unsigned char> bytes) {
  std::string text;
  text.reserve((bytes.size() * 4 + 2) / 3);
  std::uint32_t bits = 0;
  int count = 0;
  for (const unsigned char byte : bytes) {
    bits = bits << 8 | byte;
    for (count += 8; count >= 6; count -= 6) text += kAlphabet[bits >> (count - 6) & 0x3F];
  }
  if (count > 0) text += kAlphabet[bits << (6 - count) & 0x3F];
  return text;
}

std::optional<std::size_t> decode_base64url(std::string_view text, std::span<unsigned char> out) {
  const std::size_t leftover = text.size() % 4;
  const std::size_t size = text.size() / 4 * 3 + (leftover == 0 ? 0 : leftover - 1);
  if (leftover == 1 || size > out.size()) return std::nullopt;

  const auto value = [&](std::size_t i) { return kValues[static_cast<unsigned char>(text[i])]; };
  unsigned seen = 0;  // a bit above the sixth shows that a character was none of ours
  std::size_t written = 0;
  for (std::size_t i = 0; i + 4 <= text.size(); i += 4) {
    const std::uint32_t a = value(i), b = value(i + 1), c = value(i + 2), d = value(i + 3);
    seen |= a | b | c | d;
    out[written++] = static_cast<unsigned char>(a << 2 | b >> 4);
    out[written++] = static_cast<unsigned char>(b << 4 | c >> 2);
    out[written++] = static_cast<unsigned char>(c << 6 | d);
  }
  if (leftover > 0) {
    const std::size_t i = text.size() - leftover;
    const std::uint32_t a = value(i), b = value(i + 1), c = leftover == 3 ? value(i + 2) : 0;
    seen |= a | b | c;
    out[written++] = static_cast<unsigned char>(a << 2 | b >> 4);
    if (leftover == 3) out[written++] = static_cast<unsigned char>(b << 4 | c >> 2);
    if ((leftover == 2 ? b & 0x0F : c & 0x03) != 0) return std::nullopt;
  }
  if (seen > 0x3F) return std::nullopt;
  return written;
}

}  // namespace stampede::identity

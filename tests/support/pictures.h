#pragma once

#include <cstdint>
#include <string>
#include <string_view>

/// The beginnings of pictures, as files have them: enough to know what they are, not to draw them.
namespace stampede::test_support {

/// `value` in `size` bytes, the highest first.
inline std::string high_first(std::uint32_t value, int size) {
  std::string bytes;
  for (int i = size; i-- > 0;) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}
/// The lowest first.
inline std::string low_first(std::uint32_t value, int size) {
  std::string bytes;
  for (int i = 0; i < size; ++i) bytes += static_cast<char>(value >> (8 * i));
  return bytes;
}

inline std::string png(std::uint32_t width, std::uint32_t height) {
  using namespace std::string_literals;
  return "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"s + high_first(width, 4) + high_first(height, 4) +
         "\x08\x02\0\0\0"s;
}

/// A segment of a JPEG file.
inline std::string segment(char marker, const std::string& data) {
  return std::string{'\xff', marker} + high_first(static_cast<std::uint32_t>(data.size()) + 2, 2) +
         data;
}
/// With the frame of that kind behind a thumbnail, which has a frame of its own.
inline std::string jpeg(std::uint32_t width, std::uint32_t height, char frame = '\xc0') {
  const auto start = [](std::uint32_t wide, std::uint32_t high, char kind) {
    return segment(kind, "\x08" + high_first(high, 2) + high_first(wide, 2) + "\x01\x01\x11" +
                             std::string(1, '\0'));
  };
  return "\xff\xd8" + segment('\xe1', "Exif" + start(16, 12, '\xc0')) + "\xff" +
         segment('\xc4', std::string(20, '\x01')) + start(width, height, frame);
}

/// A WebP file with one chunk.
inline std::string webp(std::string_view chunk, std::string data) {
  data.resize(data.size() < 10 ? 10 : data.size());
  const std::string body =
      "WEBP" + std::string(chunk) + low_first(static_cast<std::uint32_t>(data.size()), 4) + data;
  return "RIFF" + low_first(static_cast<std::uint32_t>(body.size()), 4) + body;
}
inline std::string webp_lossy(std::uint32_t width, std::uint32_t height) {
  return webp("VP8 ", "\x30\x01\x02\x9d\x01\x2a" + low_first(width, 2) + low_first(height, 2));
}
inline std::string webp_lossless(std::uint32_t width, std::uint32_t height) {
  return webp("VP8L", "\x2f" + low_first((width - 1) | ((height - 1) << 14), 4));
}
inline std::string webp_extended(std::uint32_t width, std::uint32_t height) {
  return webp("VP8X", low_first(0x10, 4) + low_first(width - 1, 3) + low_first(height - 1, 3));
}

}  // namespace stampede::test_support

#include "services/catalog/picture_header.h"

#include <algorithm>
#include <cstddef>

namespace stampede::services::catalog {
namespace {

using namespace std::string_view_literals;

/// A number of up to four bytes at `at`; the caller has checked that they are there.
std::uint32_t big_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (const char byte : bytes.substr(at, size)) {
    value = (value << 8) | static_cast<unsigned char>(byte);
  }
  return value;
}
std::uint32_t little_endian(std::string_view bytes, std::size_t at, std::size_t size) {
  std::uint32_t value = 0;
  for (std::size_t i = size; i-- > 0;) {
    value = (value << 8) | static_cast<unsigned char>(bytes[at + i]);
  }
  return value;
}

PictureHeader header(PictureFormat format, std::uint32_t width, std::uint32_t height) {
  constexpr std::uint32_t kBeyondAnyRule = 1U << 30;
  return {format, static_cast<std::int32_t>(std::min(width, kBeyondAnyRule)),
          static_cast<std::int32_t>(std::min(height, kBeyondAnyRule))};
}

/// The signature, then a chunk IHDR of 13 bytes that begins with width and height.
std::optional<PictureHeader> read_png(std::string_view content) {
  constexpr auto kBeginning = "\x89PNG\r\n\x1a\n\0\0\0\x0dIHDR"sv;
  if (!content.starts_with(kBeginning) || content.size() < kBeginning.size() + 8) {
    return std::nullopt;
  }
  return header(PictureFormat::kPng, big_endian(content, 16, 4), big_endian(content, 20, 4));
}

/// SOF0 to SOF15 without DHT, JPG and DAC, which stand among them.
bool starts_a_frame(unsigned char marker) {
  return marker >= 0xC0 && marker <= 0xCF && marker != 0xC4 && marker != 0xC8 && marker != 0xCC;
}

/// Markers, each with a segment behind it, until the one that begins the frame: its length, the
/// bits of a sample, height, width.
std::optional<PictureHeader> read_jpeg(std::string_view content) {
  if (!content.starts_with("\xff\xd8\xff"sv)) return std::nullopt;
  for (std::size_t at = 2; at + 4 <= content.size();) {
    if (content[at] != '\xff') return std::nullopt;
    const auto marker = static_cast<unsigned char>(content[at + 1]);
    if (marker == 0xFF) {  // fill
      ++at;
      continue;
    }
    const std::size_t length = big_endian(content, at + 2, 2);
    // A scan or the end before any frame, or a marker without a segment where one must be.
    if (marker < 0xC0 || (marker >= 0xD0 && marker <= 0xDA) || length < 2) return std::nullopt;
    if (starts_a_frame(marker)) {
      if (length < 8 || at + 9 > content.size()) return std::nullopt;
      return header(PictureFormat::kJpeg, big_endian(content, at + 7, 2),
                    big_endian(content, at + 5, 2));
    }
    at += 2 + length;
  }
  return std::nullopt;
}

/// A RIFF file whose first chunk is VP8 (lossy), VP8L (lossless) or VP8X (with more behind it).
std::optional<PictureHeader> read_webp(std::string_view content) {
  constexpr std::size_t kChunkData = 20;
  if (!content.starts_with("RIFF"sv) || content.size() < kChunkData + 10 ||
      content.substr(8, 4) != "WEBP"sv || little_endian(content, 4, 4) > content.size() - 8) {
    return std::nullopt;
  }
  const auto chunk = content.substr(12, 4);
  const auto data = content.substr(kChunkData);
  if (chunk == "VP8X"sv) {
    return header(PictureFormat::kWebp, little_endian(data, 4, 3) + 1,
                  little_endian(data, 7, 3) + 1);
  }
  if (chunk == "VP8L"sv && data[0] == '\x2f') {
    const std::uint32_t bits = little_endian(data, 1, 4);
    return header(PictureFormat::kWebp, (bits & 0x3FFF) + 1, ((bits >> 14) & 0x3FFF) + 1);
  }
  if (chunk == "VP8 "sv && data.substr(3, 3) == "\x9d\x01\x2a"sv) {
    return header(PictureFormat::kWebp, little_endian(data, 6, 2) & 0x3FFF,
                  little_endian(data, 8, 2) & 0x3FFF);
  }
  return std::nullopt;
}

}  // namespace

std::optional<PictureHeader> read_picture_header(std::string_view content) {
  if (const auto png = read_png(content)) return png;
  if (const auto jpeg = read_jpeg(content)) return jpeg;
  return read_webp(content);
}

}  // namespace stampede::services::catalog

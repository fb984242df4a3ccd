#include "pictures/orientation.h"

#include <cstdint>
#include <cstring>
#include <optional>
#include <utility>

namespace stampede::pictures {
namespace {

using namespace std::string_view_literals;

constexpr int kUpright = 1;

/// Numbers in the byte order of their file. Nothing is read behind the end: nullopt.
struct Reader {
  std::string_view bytes;
  bool low_first = false;

  std::optional<std::uint32_t> number(std::size_t at, std::size_t size) const {
    if (at > bytes.size() || bytes.size() - at < size) return std::nullopt;
    std::uint32_t value = 0;
    for (std::size_t i = 0; i < size; ++i) {
      const auto byte = static_cast<unsigned char>(bytes[low_first ? at + size - 1 - i : at + i]);
      value = (value << 8) | byte;
    }
    return value;
  }
};

/// The TIFF header, then the entries of the first directory, of 12 bytes each: tag, type, count,
/// value (TIFF 6.0, section 2).
int orientation_in(std::string_view tiff) {
  constexpr std::uint32_t kOrientation = 0x0112;
  constexpr std::uint32_t kShort = 3;
  const bool low_first = tiff.starts_with("II*\0"sv);
  if (!low_first && !tiff.starts_with("MM\0*"sv)) return kUpright;
  const Reader reader{tiff, low_first};
  const std::size_t directory = reader.number(4, 4).value_or(0);
  const std::size_t entries = reader.number(directory, 2).value_or(0);
  for (std::size_t i = 0; i < entries; ++i) {
    const std::size_t entry = directory + 2 + i * 12;
    const auto tag = reader.number(entry, 2);
    if (!tag) break;
    if (*tag != kOrientation) continue;
    const auto value = reader.number(entry + 8, 2).value_or(kUpright);
    const bool known = reader.number(entry + 2, 2) == kShort && value >= 1 && value <= 8;
    return known ? static_cast<int>(value) : kUpright;
  }
  return kUpright;
}

/// The segment APP1 that begins with "Exif": before the first scan.
std::string_view exif_of_jpeg(std::string_view content) {
  constexpr auto kExif = "Exif\0\0"sv;
  const Reader reader{content};
  for (std::size_t at = 2;;) {
    const auto marker = reader.number(at, 2);
    const auto length = reader.number(at + 2, 2);
    if (!marker || !length || (*marker >> 8) != 0xFF || *marker == 0xFFDA || *length < 2) return {};
    const auto data = content.substr(at + 4).substr(0, *length - 2);
    if (*marker == 0xFFE1 && data.starts_with(kExif)) return data.substr(kExif.size());
    at += 2 + *length;
  }
}

/// A file of chunks, each with its length: before its name (PNG) or behind (RIFF).
struct Chunks {
  std::size_t begin;
  std::string_view exif;  // the name of the chunk that has it
  bool length_first;
  std::size_t behind;  // bytes of the check sum behind the data
};

std::string_view exif_in(const Chunks& chunks, std::string_view content) {
  const Reader reader{content, !chunks.length_first};
  for (std::size_t at = chunks.begin;;) {
    const auto length = reader.number(chunks.length_first ? at : at + 4, 4);
    if (!length || content.size() < at + 8) return {};
    const auto name = content.substr(chunks.length_first ? at + 4 : at, 4);
    if (name == chunks.exif) return content.substr(at + 8).substr(0, *length);
    const std::size_t padding = chunks.length_first ? 0 : *length % 2;
    at += 8 + std::size_t{*length} + padding + chunks.behind;
  }
}

}  // namespace

int orientation_of(std::string_view content, PictureFormat format) {
  switch (format) {
    case PictureFormat::kJpeg:
      return orientation_in(exif_of_jpeg(content));
    case PictureFormat::kPng:
      return orientation_in(exif_in({8, "eXIf", true, 4}, content));
    case PictureFormat::kWebp: {
      const auto exif = exif_in({12, "EXIF", false, 0}, content);
      constexpr auto kAsInJpeg = "Exif\0\0"sv;  // some programs write it here too
      return orientation_in(exif.starts_with(kAsInJpeg) ? exif.substr(kAsInJpeg.size()) : exif);
    }
  }
  return kUpright;
}

Bitmap upright(Bitmap bitmap, int orientation) {
  if (orientation <= kUpright || orientation > 8) return bitmap;
  // Where the point of each place of the new one stands in the old one.
  const bool swapped = orientation >= 5;
  const bool from_right =
      orientation == 2 || orientation == 3 || orientation == 7 || orientation == 8;
  const bool from_below =
      orientation == 3 || orientation == 4 || orientation == 6 || orientation == 7;
  Bitmap turned(swapped ? bitmap.height : bitmap.width, swapped ? bitmap.width : bitmap.height);
  for (std::int32_t y = 0; y < turned.height; ++y) {
    for (std::int32_t x = 0; x < turned.width; ++x) {
      std::int32_t from_x = swapped ? y : x;
      std::int32_t from_y = swapped ? x : y;
      if (from_right) from_x = bitmap.width - 1 - from_x;
      if (from_below) from_y = bitmap.height - 1 - from_y;
      const auto offset = [](const Bitmap& of, std::int32_t column, std::int32_t row) {
        return static_cast<std::size_t>(row) * of.stride() +
               static_cast<std::size_t>(column) * Bitmap::kBytesPerPoint;
      };
      std::memcpy(&turned.points[offset(turned, x, y)],
                  &bitmap.points[offset(bitmap, from_x, from_y)], Bitmap::kBytesPerPoint);
    }
  }
  return turned;
}

}  // namespace stampede::pictures

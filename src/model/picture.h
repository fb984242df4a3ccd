#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.h"

namespace stampede {

using PictureId = Id<struct PictureTag>;

enum class PictureFormat { kPng, kJpeg, kWebp };
inline constexpr std::array kPictureFormats{PictureFormat::kPng, PictureFormat::kJpeg,
                                            PictureFormat::kWebp};

/// What a picture's name ends with.
constexpr std::string_view ending_of(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return ".png";
    case PictureFormat::kJpeg:
      return ".jpg";
    case PictureFormat::kWebp:
      return ".webp";
  }
  return "";
}

constexpr std::string_view media_type_of(PictureFormat format) {
  switch (format) {
    case PictureFormat::kPng:
      return "image/png";
    case PictureFormat::kJpeg:
      return "image/jpeg";
    case PictureFormat::kWebp:
      return "image/webp";
  }
  return "";
}

/// A picture of a product, without its bytes.
struct Picture {
  PictureId id;
  /// The first 32 hexadecimal digits of the content's SHA-256 and the format's ending: /pictures/
  /// and this is an address whose content never changes.
  std::string name;
  std::int32_t width = 0;   // pixels
  std::int32_t height = 0;  // pixels
  std::size_t bytes = 0;
  std::string alt;  // what it shows, in words: at most 200 bytes of valid UTF-8

  friend bool operator==(const Picture&, const Picture&) = default;
};

}  // namespace stampede

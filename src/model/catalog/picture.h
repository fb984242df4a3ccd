#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

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

/// One file of a picture, without its bytes.
struct PictureFile {
  /// The first 32 hexadecimal digits of the content's SHA-256 and the format's ending: /pictures/
  /// and this is an address whose content never changes.
  std::string name;
  std::int32_t width = 0;   // pixels
  std::int32_t height = 0;  // pixels
  std::size_t bytes = 0;

  friend bool operator==(const PictureFile&, const PictureFile&) = default;
};

/// A picture of a product.
struct Picture {
  PictureId id;
  std::string name;  // these as of a PictureFile: what every browser can show
  std::int32_t width = 0;
  std::int32_t height = 0;
  std::size_t bytes = 0;
  std::string alt;  // what it shows, in words: at most 200 bytes of valid UTF-8
  /// The same in other sizes and formats; none for one that was stored before there were any.
  std::vector<PictureFile> versions = {};

  friend bool operator==(const Picture&, const Picture&) = default;
};

}  // namespace stampede

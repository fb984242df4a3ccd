#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "model/catalog/picture.h"

namespace stampede::services::catalog {

struct PictureHeader {
  PictureFormat format = PictureFormat::kPng;
  std::int32_t width = 0;   // pixels, 0 to 2^30
  std::int32_t height = 0;  // pixels, 0 to 2^30
};

/// What a file says of itself at its beginning, whatever it is called: PNG, JPEG (JFIF, Exif) or
/// WebP. nullopt for anything else, and for one that is cut off before its size is known.
std::optional<PictureHeader> read_picture_header(std::string_view content);

}  // namespace stampede::services::catalog

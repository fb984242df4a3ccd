#pragma once

#include <string>

#include "pictures/bitmap.h"

namespace stampede::pictures {

/// A JPEG file (progressive, 4:2:0, quality 82) without any metadata; what is transparent is white.
std::string encode_jpeg(const Bitmap& bitmap);
/// A WebP file (lossy, quality 80) without any metadata; transparency is kept.
std::string encode_webp(const Bitmap& bitmap);

}  // namespace stampede::pictures

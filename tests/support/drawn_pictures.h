#pragma once

#include <png.h>

#include <cstdint>
#include <stdexcept>
#include <string>

#include "pictures/bitmap.h"
#include "pictures/encode.h"

/// Whole pictures, to be decoded.
namespace stampede::test_support {

/// Red grows to the right and green downwards, on half of all blue.
inline pictures::Bitmap drawn(std::int32_t width, std::int32_t height) {
  pictures::Bitmap bitmap(width, height);
  std::size_t at = 0;
  for (std::int32_t y = 0; y < height; ++y) {
    for (std::int32_t x = 0; x < width; ++x, at += pictures::Bitmap::kBytesPerPoint) {
      bitmap.points[at] = 128;
      bitmap.points[at + 1] = static_cast<std::uint8_t>(255 * y / height);
      bitmap.points[at + 2] = static_cast<std::uint8_t>(255 * x / width);
      bitmap.points[at + 3] = 255;
    }
  }
  return bitmap;
}

/// The bitmap's points as they are, so it is to be opaque or black.
inline std::string png_of(const pictures::Bitmap& bitmap) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  image.width = static_cast<png_uint_32>(bitmap.width);
  image.height = static_cast<png_uint_32>(bitmap.height);
  image.format = PNG_FORMAT_BGRA;
  image.flags = PNG_IMAGE_FLAG_FAST;
  png_alloc_size_t size = 0;
  std::string bytes(PNG_IMAGE_PNG_SIZE_MAX(image), '\0');
  size = bytes.size();
  if (png_image_write_to_memory(&image, bytes.data(), &size, 0, bitmap.points.data(), 0, nullptr) ==
      0) {
    throw std::runtime_error(std::string("no PNG: ") + image.message);
  }
  bytes.resize(size);
  return bytes;
}

inline std::string drawn_png(std::int32_t width, std::int32_t height) {
  return png_of(drawn(width, height));
}
inline std::string drawn_jpeg(std::int32_t width, std::int32_t height) {
  return pictures::encode_jpeg(drawn(width, height));
}
inline std::string drawn_webp(std::int32_t width, std::int32_t height) {
  return pictures::encode_webp(drawn(width, height));
}

}  // namespace stampede::test_support

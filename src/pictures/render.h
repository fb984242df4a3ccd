#pragma once

#include <array>
#include <cstdint>
#include <expected>
#include <string>
#include <string_view>
#include <vector>

#include "model/catalog/picture.h"
#include "pictures/decode.h"

namespace stampede::pictures {

/// The longer side of each size, in pixels: a phone, a phone with a fine screen, a large screen.
inline constexpr std::array<std::int32_t, 3> kSizes{1600, 960, 480};

struct Encoded {
  PictureFormat format = PictureFormat::kJpeg;
  std::int32_t width = 0;   // pixels
  std::int32_t height = 0;  // pixels
  std::string bytes;
};

/// Decodes an uploaded file and encodes it anew, upright, in each of kSizes that it fills (a
/// smaller picture in its own size instead), as JPEG and as WebP: largest first, JPEG first.
/// Nothing of the file is in the result but what its points look like: no metadata, no second file
/// behind the first. The same file gives the same bytes, as long as the libraries are the same. A
/// picture with another colour profile than sRGB is taken for sRGB.
///
/// `format` is what the content claims to be. Errors are sentences that name what was wrong and
/// what was expected. Thread-safe; takes up to some seconds of one processor and 400 MB of memory.
std::expected<std::vector<Encoded>, std::string> render(std::string_view content,
                                                        PictureFormat format);

}  // namespace stampede::pictures

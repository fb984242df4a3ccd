#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "model/catalog/picture.h"
#include "pictures/bitmap.h"

namespace stampede::pictures {

/// Width times height of a picture: a file of some kilobytes may claim any size, and each point of
/// it costs up to 12 bytes of memory while it is decoded.
inline constexpr std::int64_t kMostPoints = 25'000'000;

/// A sentence about a picture with more points than that, or with none.
std::optional<std::string> too_large(std::int64_t width, std::int64_t height);

/// Decodes what a stranger may have made, by libjpeg-turbo, libpng or libwebp. Nothing is reserved
/// for the points before their number was compared with kMostPoints. A JPEG or WebP file much
/// larger than `enough` points, counted along its longer side, may come out smaller, but not below
/// that. Orientation is not applied. Errors are sentences that name what was wrong and what was
/// expected.
std::expected<Bitmap, std::string> decode(std::string_view content, PictureFormat format,
                                          std::int32_t enough);

}  // namespace stampede::pictures

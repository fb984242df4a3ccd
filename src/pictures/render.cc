#include "pictures/render.h"

#include <utility>

#include "pictures/encode.h"
#include "pictures/orientation.h"
#include "pictures/scale.h"

namespace stampede::pictures {

std::expected<std::vector<Encoded>, std::string> render(std::string_view content,
                                                        PictureFormat format) {
  auto decoded = decode(content, format, kSizes.front());
  if (!decoded) return std::unexpected(std::move(decoded.error()));
  // Small first, and then turned: turning goes through memory against its order.
  Bitmap bitmap = upright(fit(*decoded, kSizes.front()), orientation_of(content, format));
  decoded->points = {};

  std::vector<Encoded> files;
  for (const std::int32_t size : kSizes) {
    Bitmap fitting = fit(bitmap, size);
    const bool made = !files.empty() && files.back().width == fitting.width &&
                      files.back().height == fitting.height;
    if (made) continue;  // it is smaller than this size
    const auto add = [&](PictureFormat as, std::string bytes) {
      files.push_back({as, fitting.width, fitting.height, std::move(bytes)});
    };
    add(PictureFormat::kJpeg, encode_jpeg(fitting));
    add(PictureFormat::kWebp, encode_webp(fitting));
    bitmap = std::move(fitting);
  }
  return files;
}

}  // namespace stampede::pictures

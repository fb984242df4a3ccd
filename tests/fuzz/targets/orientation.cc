// How a camera was held, as an uploaded picture says it (pictures/orientation.h): the first byte
// chooses the format. Accepted: it says that the picture is not upright.
#include "pictures/orientation.h"

#include <array>
#include <string>

#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {

bool accepts(std::string_view bytes) {
  constexpr std::array kFormats{PictureFormat::kJpeg, PictureFormat::kPng, PictureFormat::kWebp};
  const PictureFormat format = kFormats.at(Choices(bytes).below(kFormats.size()));
  const int orientation = pictures::orientation_of(bytes, format);
  require(orientation >= 1 && orientation <= 8, "an orientation of 1 to 8");
  pictures::Bitmap bitmap(2, 3);
  for (std::size_t i = 0; i < bitmap.points.size(); ++i) {
    bitmap.points[i] = static_cast<std::uint8_t>(i);
  }
  const pictures::Bitmap turned = pictures::upright(bitmap, orientation);
  require(turned.points.size() == bitmap.points.size(), "no point is lost");
  require((turned.width == 3) == (orientation >= 5), "5 to 8 swap the sides");
  return orientation != 1;
}

}  // namespace stampede::fuzz

#pragma once

#include <string_view>

#include "model/catalog/picture.h"
#include "pictures/bitmap.h"

namespace stampede::pictures {

/// How a camera was held, by the Exif tag 0x0112 (CIPA DC-008, 4.6.4): 1 to 8; 1 means upright,
/// also where nothing is said or what is said makes no sense.
int orientation_of(std::string_view content, PictureFormat format);

/// The bitmap turned and mirrored so that it is upright.
Bitmap upright(Bitmap bitmap, int orientation);

}  // namespace stampede::pictures

#pragma once

#include <cstdint>

#include "pictures/bitmap.h"

namespace stampede::pictures {

/// Made smaller so that neither side has more than `longest` points, with the same proportions and
/// at least one point each way. One that fits stays as it is.
Bitmap fit(const Bitmap& bitmap, std::int32_t longest);

}  // namespace stampede::pictures

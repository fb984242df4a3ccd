#include "pictures/scale.h"

#include <cairo.h>

#include <algorithm>
#include <memory>
#include <new>
#include <stdexcept>

namespace stampede::pictures {
namespace {

using Surface = std::unique_ptr<cairo_surface_t, void (*)(cairo_surface_t*)>;

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__,
              "Cairo's points are numbers of 32 bits, whose lowest byte is blue");

/// Draws into and from the bitmap's own memory, which outlives it.
Surface surface_of(Bitmap& bitmap) {
  Surface surface(
      cairo_image_surface_create_for_data(bitmap.points.data(), CAIRO_FORMAT_ARGB32, bitmap.width,
                                          bitmap.height, static_cast<int>(bitmap.stride())),
      cairo_surface_destroy);
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) throw std::bad_alloc();
  return surface;
}

}  // namespace

Bitmap fit(const Bitmap& bitmap, std::int32_t longest) {
  const std::int32_t longer = std::max(bitmap.width, bitmap.height);
  if (longer <= longest) return bitmap;
  const auto scaled = [&](std::int32_t side) {
    const std::int64_t rounded = (std::int64_t{side} * longest + longer / 2) / longer;
    return static_cast<std::int32_t>(std::max<std::int64_t>(1, rounded));
  };
  Bitmap small(scaled(bitmap.width), scaled(bitmap.height));
  // Cairo only reads from the source, but has no type to say so.
  const Surface source = surface_of(const_cast<Bitmap&>(bitmap));
  const Surface target = surface_of(small);
  const std::unique_ptr<cairo_t, void (*)(cairo_t*)> drawing(cairo_create(target.get()),
                                                             cairo_destroy);
  cairo_scale(drawing.get(), static_cast<double>(small.width) / bitmap.width,
              static_cast<double>(small.height) / bitmap.height);
  cairo_set_source_surface(drawing.get(), source.get(), 0, 0);
  cairo_pattern_t* const pattern = cairo_get_source(drawing.get());
  cairo_pattern_set_filter(pattern, CAIRO_FILTER_GOOD);
  cairo_pattern_set_extend(pattern, CAIRO_EXTEND_PAD);  // else the edge is half transparent
  cairo_set_operator(drawing.get(), CAIRO_OPERATOR_SOURCE);
  cairo_paint(drawing.get());
  cairo_surface_flush(target.get());
  if (cairo_status(drawing.get()) != CAIRO_STATUS_SUCCESS) {
    throw std::runtime_error(std::string("a picture cannot be made smaller: ") +
                             cairo_status_to_string(cairo_status(drawing.get())));
  }
  return small;
}

}  // namespace stampede::pictures

#include "pictures/encode.h"

#include <turbojpeg.h>
#include <webp/encode.h>

#include <algorithm>
#include <cstdint>
#include <memory>
#include <new>
#include <stdexcept>

namespace stampede::pictures {
namespace {

/// On white.
Bitmap flattened(const Bitmap& bitmap) {
  Bitmap flat = bitmap;
  for (std::size_t at = 0; at < flat.points.size(); at += Bitmap::kBytesPerPoint) {
    const int white = 255 - flat.points[at + 3];
    for (std::size_t i = at; i < at + 3; ++i) {
      flat.points[i] = static_cast<std::uint8_t>(std::min(255, flat.points[i] + white));
    }
  }
  return flat;
}

/// The colours as they were before they were multiplied by the opacity.
Bitmap divided(const Bitmap& bitmap) {
  Bitmap plain = bitmap;
  for (std::size_t at = 0; at < plain.points.size(); at += Bitmap::kBytesPerPoint) {
    const unsigned opacity = plain.points[at + 3];
    if (opacity == 0 || opacity == 255) continue;
    for (std::size_t i = at; i < at + 3; ++i) {
      const unsigned colour = (plain.points[i] * 255U + opacity / 2) / opacity;
      plain.points[i] = static_cast<std::uint8_t>(std::min(255U, colour));
    }
  }
  return plain;
}

}  // namespace

std::string encode_jpeg(const Bitmap& bitmap) {
  constexpr int kQuality = 82;
  const Bitmap flat = flattened(bitmap);
  const std::unique_ptr<void, int (*)(tjhandle)> encoder(tjInitCompress(), tjDestroy);
  if (!encoder) throw std::bad_alloc();
  unsigned char* bytes = nullptr;
  unsigned long size = 0;
  const int failed =
      tjCompress2(encoder.get(), flat.points.data(), flat.width, 0, flat.height, TJPF_BGRX, &bytes,
                  &size, TJSAMP_420, kQuality, TJFLAG_PROGRESSIVE | TJFLAG_ACCURATEDCT);
  const std::unique_ptr<unsigned char, void (*)(unsigned char*)> owner(bytes, tjFree);
  if (failed != 0) {
    throw std::runtime_error(std::string("libjpeg-turbo cannot encode a picture: ") +
                             tjGetErrorStr2(encoder.get()));
  }
  return {reinterpret_cast<const char*>(bytes), size};
}

std::string encode_webp(const Bitmap& bitmap) {
  constexpr float kQuality = 80;
  const Bitmap plain = divided(bitmap);
  std::uint8_t* bytes = nullptr;
  const std::size_t size = WebPEncodeBGRA(plain.points.data(), plain.width, plain.height,
                                          static_cast<int>(plain.stride()), kQuality, &bytes);
  const std::unique_ptr<std::uint8_t, void (*)(void*)> owner(bytes, WebPFree);
  if (size == 0) throw std::runtime_error("libwebp cannot encode a picture");
  return {reinterpret_cast<const char*>(bytes), size};
}

}  // namespace stampede::pictures

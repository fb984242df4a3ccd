// Writes captchas as the shop draws them, for bench/captcha:
//   captcha_pictures set COUNT SEED FILE     COUNT pictures, of 260 x 130 points of red, green and
//                                            blue bytes each, into FILE, and what they say, a line
//                                            each, to standard output
//   captcha_pictures sheet COUNT SEED FILE   a PNG of COUNT pictures, three in a row, and likewise
//   captcha_pictures rate COUNT SEED         how many are drawn a second
#include <cairo.h>

#include <chrono>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <fstream>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>

#include "captcha/captcha.h"

namespace {

using Surface =
    std::unique_ptr<cairo_surface_t,
                    decltype([](cairo_surface_t* surface) { cairo_surface_destroy(surface); })>;
using Context =
    std::unique_ptr<cairo_t, decltype([](cairo_t* context) { cairo_destroy(context); })>;

constexpr int kWidth = 260;  // pixels
constexpr int kHeight = 130;
constexpr int kInARow = 3;
constexpr int kZoom = 2;  // of a sheet: as screens with two points a pixel show it

Surface decode(const std::string& png) {
  std::string_view rest(png);
  Surface surface(cairo_image_surface_create_from_png_stream(
      [](void* from, unsigned char* to, unsigned size) {
        auto& bytes = *static_cast<std::string_view*>(from);
        if (bytes.size() < size) return CAIRO_STATUS_READ_ERROR;
        std::memcpy(to, bytes.data(), size);
        bytes.remove_prefix(size);
        return CAIRO_STATUS_SUCCESS;
      },
      &rest));
  if (cairo_surface_status(surface.get()) != CAIRO_STATUS_SUCCESS) {
    throw std::runtime_error("a picture that was drawn cannot be read");
  }
  return surface;
}

void write_set(std::uint64_t count, std::uint64_t seed, const char* path) {
  std::ofstream file(path, std::ios::binary);
  for (std::uint64_t i = 0; i < count; ++i) {
    const stampede::captcha::Image image = stampede::captcha::draw(seed + i);
    const Surface surface = decode(*image.png);
    const unsigned char* data = cairo_image_surface_get_data(surface.get());
    const int stride = cairo_image_surface_get_stride(surface.get());
    for (int y = 0; y < kHeight; ++y) {
      for (int x = 0; x < kWidth; ++x) {
        const unsigned char* pixel = data + y * stride + 4 * x;  // blue, green, red
        for (const int colour : {2, 1, 0}) file.put(static_cast<char>(pixel[colour]));
      }
    }
    std::puts(image.answer.c_str());
  }
  if (!file.flush()) throw std::runtime_error(std::string("cannot write ") + path);
}

void write_sheet(std::uint64_t count, std::uint64_t seed, const char* path) {
  constexpr int kGap = 8;  // pixels
  const int rows = (static_cast<int>(count) + kInARow - 1) / kInARow;
  const Surface sheet(cairo_image_surface_create(
      CAIRO_FORMAT_RGB24, kZoom * kInARow * (kWidth + kGap), kZoom * rows * (kHeight + kGap)));
  const Context context(cairo_create(sheet.get()));
  cairo_scale(context.get(), kZoom, kZoom);
  for (std::uint64_t i = 0; i < count; ++i) {
    const stampede::captcha::Image image = stampede::captcha::draw(seed + i);
    const Surface picture = decode(*image.png);
    const int at = static_cast<int>(i);
    cairo_set_source_surface(context.get(), picture.get(), at % kInARow * (kWidth + kGap),
                             at / kInARow * (kHeight + kGap));
    cairo_paint(context.get());
    std::puts(image.answer.c_str());
  }
  if (cairo_surface_write_to_png(sheet.get(), path) != CAIRO_STATUS_SUCCESS) {
    throw std::runtime_error(std::string("cannot write ") + path);
  }
}

void print_rate(std::uint64_t count, std::uint64_t seed) {
  const auto begin = std::chrono::steady_clock::now();
  std::size_t bytes = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    bytes += stampede::captcha::draw(seed + i).png->size();
  }
  const std::chrono::duration<double> time = std::chrono::steady_clock::now() - begin;
  std::printf("%.0f pictures a second, %zu bytes each\n", static_cast<double>(count) / time.count(),
              bytes / count);
}

}  // namespace

int main(int count, char** words) {
  const std::string_view what = count > 3 ? words[1] : "";
  if (what.empty() || (what != "rate" && count != 5)) {
    std::fputs("usage: captcha_pictures set|sheet COUNT SEED FILE, or rate COUNT SEED\n", stderr);
    return 2;
  }
  const std::uint64_t pictures = std::strtoull(words[2], nullptr, 10);
  const std::uint64_t seed = std::strtoull(words[3], nullptr, 10);
  if (what == "set") write_set(pictures, seed, words[4]);
  if (what == "sheet") write_sheet(pictures, seed, words[4]);
  if (what == "rate") print_rate(pictures, seed);
  return 0;
}

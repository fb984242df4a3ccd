#include "pictures/decode.h"

#include <fmt/format.h>
#include <png.h>
#include <turbojpeg.h>
#include <webp/decode.h>

#include <algorithm>
#include <memory>

namespace stampede::pictures {
namespace {

using Result = std::expected<Bitmap, std::string>;

std::unexpected<std::string> refused(std::string_view format, std::string_view why) {
  return std::unexpected(fmt::format(
      "picture: this {} file cannot be decoded ({}); expected a whole picture", format, why));
}

const unsigned char* bytes_of(std::string_view content) {
  return reinterpret_cast<const unsigned char*>(content.data());
}

/// A progressive file is decoded once for each of its scans, and a scan may be some bytes long.
/// 0xFF 0xDA stands nowhere but at the begin of a scan (ITU-T T.81, B.1.1), also of a thumbnail's.
bool has_too_many_scans(std::string_view content) {
  constexpr int kMostScans = 64;
  int scans = 0;
  for (auto at = content.find("\xff\xda"); at != std::string_view::npos;
       at = content.find("\xff\xda", at + 2)) {
    if (++scans > kMostScans) return true;
  }
  return false;
}

/// The smallest of the sizes that the decoder can make at once, not below `enough`.
tjscalingfactor scaling_for(int longer, std::int32_t enough) {
  tjscalingfactor best{1, 1};
  for (const int divisor : {2, 4, 8}) {
    const tjscalingfactor factor{1, divisor};
    if (TJSCALED(longer, factor) >= enough) best = factor;
  }
  return best;
}

Result decode_jpeg(std::string_view content, std::int32_t enough) {
  const std::unique_ptr<void, int (*)(tjhandle)> decoder(tjInitDecompress(), tjDestroy);
  if (!decoder) throw std::bad_alloc();
  const auto size = static_cast<unsigned long>(content.size());
  int width = 0;
  int height = 0;
  int sampling = 0;
  int colours = 0;
  if (tjDecompressHeader3(decoder.get(), bytes_of(content), size, &width, &height, &sampling,
                          &colours) != 0) {
    return refused("JPEG", tjGetErrorStr2(decoder.get()));
  }
  if (auto problem = too_large(width, height)) return std::unexpected(*std::move(problem));
  if (colours == TJCS_CMYK || colours == TJCS_YCCK) {
    return std::unexpected(
        "picture: this JPEG file has the colours of print (CMYK); expected RGB or grey");
  }
  if (has_too_many_scans(content)) return refused("JPEG", "it has more than 64 scans");
  const auto factor = scaling_for(std::max(width, height), enough);
  Bitmap bitmap(TJSCALED(width, factor), TJSCALED(height, factor));
  if (tjDecompress2(decoder.get(), bytes_of(content), size, bitmap.points.data(), bitmap.width, 0,
                    bitmap.height, TJPF_BGRA, TJFLAG_LIMITSCANS | TJFLAG_STOPONWARNING) != 0) {
    return refused("JPEG", tjGetErrorStr2(decoder.get()));
  }
  return bitmap;
}

/// Multiplies by the opacity, rounded.
void premultiply(Bitmap& bitmap) {
  for (std::size_t at = 0; at < bitmap.points.size(); at += Bitmap::kBytesPerPoint) {
    const unsigned opacity = bitmap.points[at + 3];
    for (std::size_t i = at; i < at + 3; ++i) {
      bitmap.points[i] = static_cast<std::uint8_t>((bitmap.points[i] * opacity + 127) / 255);
    }
  }
}

Result decode_png(std::string_view content) {
  png_image image{};
  image.version = PNG_IMAGE_VERSION;
  const std::unique_ptr<png_image, void (*)(png_image*)> owner(&image, png_image_free);
  if (png_image_begin_read_from_memory(&image, content.data(), content.size()) == 0) {
    return refused("PNG", image.message);
  }
  if (auto problem = too_large(image.width, image.height)) {
    return std::unexpected(*std::move(problem));
  }
  image.format = PNG_FORMAT_BGRA;
  Bitmap bitmap(static_cast<std::int32_t>(image.width), static_cast<std::int32_t>(image.height));
  if (png_image_finish_read(&image, nullptr, bitmap.points.data(), 0, nullptr) == 0) {
    return refused("PNG", image.message);
  }
  premultiply(bitmap);
  return bitmap;
}

std::string_view words_of(VP8StatusCode status) {
  switch (status) {
    case VP8_STATUS_BITSTREAM_ERROR:
      return "its data are broken";
    case VP8_STATUS_NOT_ENOUGH_DATA:
      return "it is cut off";
    case VP8_STATUS_UNSUPPORTED_FEATURE:
      return "it needs a feature that libwebp does not have";
    case VP8_STATUS_OUT_OF_MEMORY:
      return "there is not enough memory for it";
    default:
      return "libwebp does not say why";
  }
}

Result decode_webp(std::string_view content, std::int32_t enough) {
  WebPDecoderConfig config;
  if (WebPInitDecoderConfig(&config) == 0) return refused("WebP", "libwebp is another version");
  const auto known = WebPGetFeatures(bytes_of(content), content.size(), &config.input);
  if (known != VP8_STATUS_OK) return refused("WebP", words_of(known));
  const auto& input = config.input;
  if (auto problem = too_large(input.width, input.height)) {
    return std::unexpected(*std::move(problem));
  }
  if (input.has_animation != 0) {
    return std::unexpected("picture: this WebP file moves; expected a picture that stands still");
  }
  const int longer = std::max(input.width, input.height);
  Bitmap bitmap(input.width, input.height);
  if (longer > enough) {
    const auto scaled = [&](int side) { return std::max(1, side * enough / longer); };
    bitmap = Bitmap(scaled(input.width), scaled(input.height));
    config.options.use_scaling = 1;
    config.options.scaled_width = bitmap.width;
    config.options.scaled_height = bitmap.height;
  }
  config.output.colorspace = MODE_bgrA;
  config.output.is_external_memory = 1;
  config.output.u.RGBA = {.rgba = bitmap.points.data(),
                          .stride = static_cast<int>(bitmap.stride()),
                          .size = bitmap.points.size()};
  const auto decoded = WebPDecode(bytes_of(content), content.size(), &config);
  WebPFreeDecBuffer(&config.output);
  if (decoded != VP8_STATUS_OK) return refused("WebP", words_of(decoded));
  return bitmap;
}

}  // namespace

std::optional<std::string> too_large(std::int64_t width, std::int64_t height) {
  if (width >= 1 && height >= 1 && width * height <= kMostPoints) return std::nullopt;
  return fmt::format(
      "picture: {} x {} pixels, which is {} in all; expected at most {} (5000 x 5000)", width,
      height, width * height, kMostPoints);
}

Result decode(std::string_view content, PictureFormat format, std::int32_t enough) {
  switch (format) {
    case PictureFormat::kPng:
      return decode_png(content);
    case PictureFormat::kJpeg:
      return decode_jpeg(content, enough);
    case PictureFormat::kWebp:
      return decode_webp(content, enough);
  }
  return refused("", "its format is unknown");
}

}  // namespace stampede::pictures

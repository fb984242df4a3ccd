// The beginning of a picture that an operator uploads (services/catalog/picture_header.h): what is
// read depends on the beginning alone, and only on bytes that are there.
#include "services/catalog/picture_header.h"

#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

std::string_view signature_of(PictureFormat format) {
  using namespace std::string_view_literals;
  switch (format) {
    case PictureFormat::kPng:
      return "\x89PNG\r\n\x1a\n"sv;
    case PictureFormat::kJpeg:
      return "\xff\xd8\xff"sv;
    case PictureFormat::kWebp:
      return "RIFF"sv;
  }
  return "";
}

}  // namespace

bool accepts(std::string_view bytes) {
  const auto header = services::catalog::read_picture_header(bytes);
  if (!header) return false;
  require(header->width >= 0 && header->width <= 1 << 30, "a width of 0 to 2^30");
  require(header->height >= 0 && header->height <= 1 << 30, "a height of 0 to 2^30");
  require(bytes.starts_with(signature_of(header->format)), "the format's signature is there");
  const auto longer = services::catalog::read_picture_header(std::string(bytes) + "\xff\xd8\xff");
  require(longer && longer->format == header->format && longer->width == header->width &&
              longer->height == header->height,
          "what follows changes nothing");
  return true;
}

}  // namespace stampede::fuzz

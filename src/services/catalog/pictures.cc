#include "services/catalog/pictures.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>

#include "services/catalog/picture_header.h"
#include "services/catalog/text_rules.h"

namespace stampede::services::catalog {
namespace {

constexpr std::size_t kNameDigits = 32;

std::string name_of(std::string_view content, PictureFormat format) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
  crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(content.data()),
                     content.size());
  std::array<char, kNameDigits + 1> digits{};
  sodium_bin2hex(digits.data(), digits.size(), hash.data(), kNameDigits / 2);
  return std::string(digits.data()) + std::string(ending_of(format));
}

std::expected<Picture, std::string> picture_of(std::string_view alt, std::string_view content) {
  if (content.empty() || content.size() > Pictures::kMostBytes) {
    return std::unexpected(fmt::format("picture: {} bytes long; expected 1 to {}", content.size(),
                                       Pictures::kMostBytes));
  }
  const auto header = read_picture_header(content);
  if (!header) {
    return std::unexpected("picture: its content is neither PNG, JPEG nor WebP; expected one");
  }
  const auto fits = [](std::int32_t pixels) {
    return pixels >= 1 && pixels <= Pictures::kMostPixels;
  };
  if (!fits(header->width) || !fits(header->height)) {
    return std::unexpected(fmt::format("picture: {} x {} pixels; expected 1 to {} each way",
                                       header->width, header->height, Pictures::kMostPixels));
  }
  if (auto problem = check_text("alt", alt, Pictures::kLongestAlt, "")) {
    return std::unexpected(*std::move(problem));
  }
  return Picture{.id = {},
                 .name = name_of(content, header->format),
                 .width = header->width,
                 .height = header->height,
                 .bytes = content.size(),
                 .alt = std::string(alt)};
}

}  // namespace

std::expected<Picture, std::string> Pictures::add(ProductId product, std::string_view alt,
                                                  std::string_view content, Instant now) {
  auto picture = picture_of(alt, content);
  if (!picture) return picture;
  const auto id = repository_->add(product, *picture, content, kMostOfAProduct, now);
  if (id) {
    picture->id = *id;
    return picture;
  }
  switch (id.error()) {
    case repositories::AddPictureError::kUnknownProduct:
      return std::unexpected(
          fmt::format("product: there is no product {}; expected the id of one", product.value));
    case repositories::AddPictureError::kTooMany:
      return std::unexpected(fmt::format(
          "picture: product {} has {} already; expected at most as many, so remove one first",
          product.value, kMostOfAProduct));
    case repositories::AddPictureError::kThereAlready:
      break;
  }
  return std::unexpected(fmt::format(
      "picture: product {} has this very picture already; expected another", product.value));
}

std::optional<PictureFormat> format_of_name(std::string_view name) {
  if (name.find_first_not_of("0123456789abcdef") != kNameDigits) return std::nullopt;
  const auto found = std::ranges::find(kPictureFormats, name.substr(kNameDigits), ending_of);
  if (found == kPictureFormats.end()) return std::nullopt;
  return *found;
}

}  // namespace stampede::services::catalog

#include "services/catalog/pictures.h"

#include <fmt/format.h>
#include <sodium.h>

#include <algorithm>
#include <array>
#include <utility>
#include <vector>

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

/// The format of a content that may be decoded.
std::expected<PictureFormat, std::string> check(std::string_view alt, std::string_view content) {
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
  if (auto problem = pictures::too_large(header->width, header->height)) {
    return std::unexpected(*std::move(problem));
  }
  if (auto problem = check_text("alt", alt, Pictures::kLongestAlt, "")) {
    return std::unexpected(*std::move(problem));
  }
  return header->format;
}

/// `files` is not empty; the first is what every browser can show.
Picture picture_of(std::string_view alt, const std::vector<pictures::Encoded>& files) {
  Picture picture{.alt = std::string(alt)};
  for (const pictures::Encoded& file : files) {
    picture.versions.push_back(
        {name_of(file.bytes, file.format), file.width, file.height, file.bytes.size()});
  }
  const PictureFile first = picture.versions.front();
  picture.versions.erase(picture.versions.begin());
  picture.name = first.name;
  picture.width = first.width;
  picture.height = first.height;
  picture.bytes = first.bytes;
  return picture;
}

}  // namespace

std::expected<Picture, std::string> Pictures::add(ProductId product, std::string_view alt,
                                                  std::string_view content, Instant now) {
  const auto format = check(alt, content);
  if (!format) return std::unexpected(format.error());
  std::vector<pictures::Encoded> files;
  {
    const concurrency::MutexLock lock(rendering_);
    auto rendered = render_(content, *format);
    if (!rendered) return std::unexpected(std::move(rendered.error()));
    files = *std::move(rendered);
  }
  Picture picture = picture_of(alt, files);
  std::vector<std::string> contents;
  for (pictures::Encoded& file : files) contents.push_back(std::move(file.bytes));
  const auto id = repository_->add(product, picture, contents, kMostOfAProduct, now);
  if (id) {
    picture.id = *id;
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

#pragma once

#include <cstddef>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "model/catalog/picture.h"
#include "pictures/render.h"
#include "repositories/catalog/pictures.h"

namespace stampede::services::catalog {

/// The pictures of products, with their rules. Thread-safe; calls block. Errors are sentences that
/// name what was wrong and what was expected.
class Pictures {
 public:
  static constexpr std::size_t kMostBytes = 5'000'000;
  static constexpr std::int32_t kMostPixels = 10'000;  // wide and high
  static constexpr std::size_t kMostOfAProduct = 8;
  static constexpr std::size_t kLongestAlt = 200;  // bytes

  /// pictures::render(), or the same in a process of its own.
  using Render = std::function<std::expected<std::vector<pictures::Encoded>, std::string>(
      std::string_view content, PictureFormat format)>;

  explicit Pictures(repositories::Pictures& repository, Render render = pictures::render)
      : repository_(&repository), render_(std::move(render)) {}

  /// PNG, JPEG or WebP, by what the content is and not by what it is called. It is decoded and
  /// encoded anew (pictures/render.h): nobody is sent what was uploaded. `alt` says what it shows
  /// to those who do not see it; it may be empty.
  std::expected<Picture, std::string> add(ProductId product, std::string_view alt,
                                          std::string_view content, Instant now);
  /// False if that product has no such picture.
  bool remove(ProductId product, PictureId picture) {
    return repository_->remove(product, picture);
  }
  /// The bytes of the picture or version of that name; nullopt for an unknown one.
  std::optional<std::string> content(std::string_view name) { return repository_->content(name); }

 private:
  repositories::Pictures* repository_;
  const Render render_;
  concurrency::Mutex rendering_;  // one at a time, because one alone may need 400 MB
};

/// The format that a well-formed picture's name tells; nullopt for what is no picture's name.
std::optional<PictureFormat> format_of_name(std::string_view name);

}  // namespace stampede::services::catalog

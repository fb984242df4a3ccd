#pragma once

#include <cstddef>
#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "model/catalog/picture.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::repositories {

enum class AddPictureError { kUnknownProduct, kTooMany, kThereAlready };

/// Pictures of products and their bytes; Catalog lists them. Thread-safe; calls block.
class Pictures {
 public:
  virtual ~Pictures() = default;

  /// Ignores picture.id. A product has each picture once and at most `most` of them. `contents`: of
  /// the picture itself, and then of each of its versions in their order.
  virtual std::expected<PictureId, AddPictureError> add(ProductId product, const Picture& picture,
                                                        std::span<const std::string> contents,
                                                        std::size_t most, Instant now) = 0;
  /// False if that product has no such picture.
  virtual bool remove(ProductId product, PictureId picture) = 0;
  /// The bytes of the picture or version of that name; nullopt for an unknown one.
  virtual std::optional<std::string> content(std::string_view name) = 0;
};

}  // namespace stampede::repositories

#pragma once

#include "repositories/catalog/pictures.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Pictures in SQL, as repositories/catalog/pictures.h says. Thread-safe; database outlives it.
class SqlPictures final : public Pictures {
 public:
  explicit SqlPictures(Database& database) : database_(database) {}

  std::expected<PictureId, AddPictureError> add(ProductId product, const Picture& picture,
                                                std::span<const std::string> contents,
                                                std::size_t most, Instant now) override;
  bool remove(ProductId product, PictureId picture) override;
  std::optional<std::string> content(std::string_view name) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

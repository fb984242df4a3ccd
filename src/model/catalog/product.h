#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/picture.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede {

/// What a merchant says of a product.
struct ProductDetails {
  std::string name;              // 1 to 200 bytes of valid UTF-8
  std::string description = {};  // at most 10,000 bytes of valid UTF-8
  /// What it costs elsewhere, 0 to 1,000,000,000,000; none: not said.
  std::optional<std::int64_t> list_price_cents = std::nullopt;
};

struct Product {
  ProductId id;
  std::string name;  // these as in ProductDetails
  std::string description;
  Instant created_at;
  std::optional<std::int64_t> list_price_cents = std::nullopt;
  std::vector<Picture> pictures = {};  // in the order they were added

  friend bool operator==(const Product&, const Product&) = default;
};

}  // namespace stampede

#pragma once

#include <functional>
#include <optional>
#include <vector>

#include "model/ids.h"
#include "model/time.h"
#include "services/purchase/checkout.h"

namespace stampede::controllers {

/// Where controllers read the state of the current sales from memory; never blocks. In `serve` it
/// is the checkout's, in `web` that of the sales read from the database. Both functions are
/// thread-safe.
struct CurrentSales {
  /// The current sale of a product: the one that is on, else the next, else the last.
  std::function<std::optional<services::purchase::SaleView>(ProductId, Now)> of_product;
  /// The current sale of each product that has one.
  std::function<std::vector<services::purchase::SaleView>(Now)> all;
};

}  // namespace stampede::controllers

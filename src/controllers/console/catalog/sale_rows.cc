#include "controllers/console/catalog/sale_rows.h"

namespace stampede::controllers {

views::ConsoleSaleRow row_of(const services::catalog::SaleLine& line, Instant now) {
  return {.sale = line.units.sale,
          .product_name = line.product_name,
          .status = line.units.status(now),
          .sold = line.units.sold,
          .failed = line.units.failed};
}

}  // namespace stampede::controllers

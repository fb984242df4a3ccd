#pragma once

#include "services/catalog/sale_overview.h"
#include "views/console/catalog_pages.h"

namespace stampede::controllers {

/// What the pages show of what the rules know.
views::ConsoleSaleRow row_of(const services::catalog::SaleLine& line, Instant now);

}  // namespace stampede::controllers

#pragma once

#include "services/live/sale_sampler.h"
#include "views/console/live_pages.h"

namespace stampede::controllers {

/// What the pages show of what the rules know.
views::UnitsTable table_of(const repositories::PositionByHolder& units);
/// All but the heading, the units and when it was made.
views::ReportPage report_of(const services::live::SaleStatistics& statistics);

}  // namespace stampede::controllers

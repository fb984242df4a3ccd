#include "controllers/console/live/live_view.h"

#include <string>

namespace stampede::controllers {

using services::live::Peak;
using services::live::quantile;

views::UnitsTable table_of(const repositories::PositionByHolder& units) {
  return {.position = units, .leased_by_node = units.leased_by_node};
}

views::ReportPage report_of(const services::live::SaleStatistics& statistics) {
  const auto peak = [](const Peak& seen) {
    return views::ReportPage::Peak{seen.per_second, seen.at};
  };
  views::ReportPage page;
  page.sold_out_at = statistics.sold_out_at;
  page.attempts = peak(statistics.attempts);
  page.sold = peak(statistics.sold);
  page.most_queued = statistics.most_queued;
  for (std::size_t kind = 0; kind < CheckCounts::kKinds; ++kind) {
    const auto count = statistics.counted.answers[kind];
    if (count > 0) page.answers.push_back({std::string(CheckCounts::kind_name(kind)), count});
  }
  page.p50 = quantile(statistics.counted.waits, 0.50);
  page.p95 = quantile(statistics.counted.waits, 0.95);
  page.p99 = quantile(statistics.counted.waits, 0.99);
  for (const auto& sample : statistics.history.samples())
    page.course.push_back({sample.at, sample.units.sold});
  return page;
}

}  // namespace stampede::controllers

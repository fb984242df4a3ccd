#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "model/catalog/sale_position.h"
#include "model/stock_lease.h"
#include "model/time.h"
#include "views/console/pages.h"

namespace stampede::views {

/// Where every unit of a sale is: its position, and the leased units by node.
struct UnitsTable {
  SalePosition position;
  std::vector<LeasedByNode> leased_by_node;
};

/// What the live view and the report both say of the sale.
struct SaleHeading {
  Sale sale;
  std::string product_name;
  SaleStatus status = SaleStatus::kUpcoming;
};

/// A running sale; its script asks for what changes.
struct LivePage {
  SaleHeading heading;
  UnitsTable units;
};

/// A sale's report, to be printed.
struct ReportPage {
  struct Peak {
    double per_second = 0;
    Instant at;
  };
  struct Answer {
    std::string kind;  // the slug
    std::int64_t count = 0;
  };
  struct Point {
    Instant at;
    std::int64_t sold = 0;
  };
  SaleHeading heading;
  UnitsTable units;
  Instant made_at;
  std::optional<Instant> sold_out_at;
  Peak attempts, sold;  // 0 per second: there are no samples
  std::int64_t most_queued = 0;
  std::vector<Answer> answers;                // kinds that were given at least once
  std::optional<std::int64_t> p50, p95, p99;  // microseconds; none: nobody waited
  std::vector<Point> course;                  // in order of time
};

/// The live view of a sale and its report. Values are escaped. Thread-safe; `pages` outlives it.
class ConsoleLivePages {
 public:
  explicit ConsoleLivePages(const ConsolePages& pages) : templates_(&pages.templates()) {}

  std::string live(const LivePage& page) const;
  std::string report(const ReportPage& page) const;

 private:
  const PageTemplates* templates_;
};

}  // namespace stampede::views

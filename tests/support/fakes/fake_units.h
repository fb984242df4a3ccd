#pragma once

#include <map>
#include <optional>
#include <span>
#include <stdexcept>
#include <vector>

#include "repositories/catalog/samples.h"
#include "repositories/catalog/units.h"

namespace stampede::test_support {

/// The units and samples of a test: what it puts there. For one thread at a time.
class FakeUnits final : public repositories::UnitCounts, public repositories::Samples {
 public:
  std::optional<repositories::PositionByHolder> units(SaleId sale) override {
    const auto found = of_sale.find(sale);
    return found == of_sale.end() ? std::nullopt : std::optional(found->second);
  }
  std::vector<repositories::PositionByHolder> recent_units(Instant ended_after) override {
    if (broken) throw std::runtime_error("disk gone");
    std::vector<repositories::PositionByHolder> recent;
    for (const auto& [id, units] : of_sale) {
      if (!units.sale.ended(ended_after)) recent.push_back(units);
    }
    return recent;
  }
  void append(std::span<const repositories::StoredSample> samples) override {
    if (full) throw std::runtime_error("disk full");
    stored.insert(stored.end(), samples.begin(), samples.end());
  }
  std::vector<repositories::StoredSample> of(SaleId sale, Instant after,
                                             std::size_t most) override {
    std::vector<repositories::StoredSample> found;
    for (const auto& each : stored) {
      if (each.sale == sale && each.at > after && found.size() < most) found.push_back(each);
    }
    return found;
  }

  /// Ten units, all unleased.
  repositories::PositionByHolder& add(SaleId id, Instant starts_at) {
    auto& units = of_sale[id];
    units.sale = {.id = id, .quantity = 10, .unleased = 10, .starts_at = starts_at};
    return units;
  }
  /// The leased units by node; the unsold ones are no longer unleased.
  void hold(SaleId id, std::vector<LeasedByNode> leased) {
    auto& units = of_sale.at(id);
    units.leased = 0;
    for (const auto& each : leased) units.leased += each.unsold();
    units.leased_by_node = std::move(leased);
  }
  void sell(SaleId id, std::int64_t units) {
    of_sale.at(id).sale.unleased -= units;
    of_sale.at(id).sold += units;
  }

  std::map<SaleId, repositories::PositionByHolder> of_sale;
  std::vector<repositories::StoredSample> stored;
  bool broken = false;
  bool full = false;
};

}  // namespace stampede::test_support

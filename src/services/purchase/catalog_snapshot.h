#pragma once

#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <span>
#include <vector>

#include "services/purchase/sale_units.h"

namespace stampede::services::purchase {

/// A sale as this process runs it: its terms, and its units.
struct CatalogSale {
  Sale sale;
  std::shared_ptr<SaleUnits> units;

  SaleStatus status(Now now) const { return status_of(sale, units->sold_out(now.tick), now.wall); }
  /// It was over kRetention ago: its purchases are no longer kept.
  bool forgotten(Instant now) const { return is_over(sale, units->settled_at(), now - kRetention); }
  /// A key of the sale that is unknown here may have been known: its buyers are forgotten, or were
  /// never loaded.
  bool keys_forgotten(Instant now) const {
    return units->keys_forgotten() || forgotten(now + kLoadersAhead);
  }

 private:
  /// How far the clock of a process that leaves out the orders of old sales may be ahead of this
  /// one's.
  static constexpr std::chrono::minutes kLoadersAhead{1};
};

/// What is told of changes of a sale's stock.
using ListenerOf = std::function<stock::Stock::Listener(SaleId)>;

/// All sales at one moment. Their terms never change here: a reload makes the next snapshot. Their
/// units do, and all snapshots share them.
class CatalogSnapshot {
 public:
  CatalogSnapshot() = default;
  /// Keeps the units of sales that `previous` has, and makes those of new ones.
  CatalogSnapshot(std::span<const Sale> sales, const CatalogSnapshot& previous,
                  const ListenerOf& listener_of);

  const CatalogSale* find(SaleId sale) const;
  /// The one that is on, else the next, else the last; null for a product without a sale.
  const CatalogSale* current(ProductId product, Instant now) const;

  /// Tells each sale whether an earlier one of its product is not concluded. Prepared here, when
  /// sales or stock change, so that an attempt reads one flag.
  void mark_followers() const;

  /// In order of id.
  std::span<const CatalogSale> all() const { return sales_; }
  /// Products that have a sale, in order of id.
  std::vector<ProductId> products() const;

 private:
  std::vector<CatalogSale> sales_;
  boost::unordered_flat_map<SaleId, std::size_t> by_id_;
  boost::unordered_flat_map<ProductId, std::vector<std::size_t>> by_product_;  // by start
};

}  // namespace stampede::services::purchase

#pragma once

#include <atomic>
#include <boost/unordered/unordered_flat_map.hpp>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "model/retention.h"
#include "model/sale_position.h"
#include "services/stock/stock.h"

namespace stampede::services::purchase {

/// The part of a sale that changes while it sells; shared by every reload of the sale.
class Shelf {
 public:
  explicit Shelf(stock::Stock::Listener listener) : units(std::move(listener)) {}

  stock::Stock units;

  /// "Sold out" is said only for 2 s after the snapshot that showed it was asked for (I7).
  static constexpr std::chrono::seconds kSoldOutLasts{2};
  bool sold_out(Tick now) const { return now < sold_out_until_.load(std::memory_order_relaxed); }
  void note_sold_out(bool sold_out, Tick asked) {
    sold_out_until_.store(sold_out ? asked + kSoldOutLasts : Tick::min(),
                          std::memory_order_relaxed);
  }

  /// The sale is over, no purchase of it is under way any more, and all its orders are known here.
  bool concluded() const { return concluded_.load(std::memory_order_relaxed); }
  void note_concluded(bool concluded) { concluded_.store(concluded, std::memory_order_relaxed); }
  /// An earlier sale of the same product is not concluded: a key that is unknown here may belong to
  /// a purchase of that sale.
  bool earlier_open() const { return earlier_open_.load(std::memory_order_relaxed); }
  void note_earlier_open(bool open) { earlier_open_.store(open, std::memory_order_relaxed); }
  /// Since when nothing of the sale is left and all its leases are closed; none: it may still sell.
  std::optional<Instant> settled_at() const {
    const Instant at = settled_at_.load(std::memory_order_relaxed);
    return at == kNotSettled ? std::nullopt : std::optional(at);
  }
  void note_settled(std::optional<Instant> at) {
    settled_at_.store(at.value_or(kNotSettled), std::memory_order_relaxed);
  }

 private:
  static constexpr Instant kNotSettled = Instant::max();

  std::atomic<Instant> settled_at_{kNotSettled};
  std::atomic<Tick> sold_out_until_{Tick::min()};
  std::atomic<bool> concluded_{false};
  std::atomic<bool> earlier_open_{false};
};

/// A sale as this process runs it.
struct LiveSale {
  Sale sale;
  std::shared_ptr<Shelf> shelf;

  SaleStatus status(Now now) const { return status_of(sale, shelf->sold_out(now.tick), now.wall); }
  /// Over for so long that nobody asks about its purchases any more (kRetention).
  bool forgotten(Instant now) const {
    const Instant over_before = now - kRetention;
    const auto settled_at = shelf->settled_at();
    return sale.ended(over_before) || (settled_at && *settled_at <= over_before);
  }
};

/// Who hears of a sale's stock.
using ListenerOf = std::function<stock::Stock::Listener(SaleId)>;

/// All sales at one moment. Immutable: a reload makes the next one.
class SaleBook {
 public:
  SaleBook() = default;
  /// Keeps the shelves of sales that `previous` has, and makes those of new ones.
  SaleBook(std::span<const Sale> sales, const SaleBook& previous, const ListenerOf& listener_of);

  const LiveSale* find(SaleId sale) const;
  /// The one that is on, else the next, else the last; null for a product without a sale.
  const LiveSale* current(ProductId product, Instant now) const;

  /// Tells each sale whether an earlier one of its product is not concluded. Prepared here, when
  /// sales or stock change, so that an attempt reads one flag.
  void mark_followers() const;

  /// In order of id.
  std::span<const LiveSale> all() const { return sales_; }
  /// Products that have a sale, in order of id.
  std::vector<ProductId> products() const;

 private:
  std::vector<LiveSale> sales_;
  boost::unordered_flat_map<SaleId, std::size_t> by_id_;
  boost::unordered_flat_map<ProductId, std::vector<std::size_t>> by_product_;  // by start
};

}  // namespace stampede::services::purchase

#pragma once

#include <atomic>
#include <chrono>
#include <optional>
#include <utility>

#include "model/catalog/sale_position.h"
#include "model/retention.h"
#include "services/stock/stock.h"

namespace stampede::services::purchase {

/// The part of a sale that changes while it sells: what this process may sell of it, and what is
/// known of the rest. Every snapshot of the catalog shares it. Thread-safe.
class SaleUnits {
 public:
  explicit SaleUnits(stock::Stock::Listener listener) : stock(std::move(listener)) {}

  stock::Stock stock;

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
  /// Buyers of the sale were forgotten. For good: if units are added to it later, they stay so.
  bool keys_forgotten() const { return keys_forgotten_.load(std::memory_order_relaxed); }
  void note_keys_forgotten() { keys_forgotten_.store(true, std::memory_order_relaxed); }

 private:
  static constexpr Instant kNotSettled = Instant::max();

  std::atomic<Instant> settled_at_{kNotSettled};
  std::atomic<Tick> sold_out_until_{Tick::min()};
  std::atomic<bool> concluded_{false};
  std::atomic<bool> earlier_open_{false};
  std::atomic<bool> keys_forgotten_{false};
};

}  // namespace stampede::services::purchase

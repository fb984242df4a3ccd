#pragma once

#include <memory>
#include <optional>
#include <span>
#include <vector>

#include "concurrency/mutex.h"
#include "model/catalog/sale.h"
#include "services/purchase/catalog_snapshot.h"

namespace stampede::services::purchase {

/// What a product's page is told of its current sale.
struct SaleView {
  Sale sale;
  SaleStatus status = SaleStatus::kUpcoming;
};

/// The sales that this process knows, the units that it may sell of them, and what buyers are told
/// of them. Thread-safe.
class SaleCatalog {
 public:
  /// Where nothing is sold from it.
  SaleCatalog() : SaleCatalog([](SaleId) { return stock::Stock::Listener{}; }) {}
  explicit SaleCatalog(ListenerOf listener_of) : listener_of_(std::move(listener_of)) {}

  /// The sales as the database has them; answers the new snapshot. Throws std::out_of_range for a
  /// sale id that is not 1 to 2^32-1.
  std::shared_ptr<const CatalogSnapshot> load(std::span<const Sale> sales);
  std::shared_ptr<const CatalogSnapshot> snapshot() const { return snapshot_.copy(); }

  /// Units to sell, until `deadline` if there is one. False, and nothing added, for a sale that is
  /// unknown here or has ended.
  bool add_lease(SaleId sale, LeaseId lease, std::int64_t units, Now now,
                 std::optional<Tick> deadline = std::nullopt);
  /// Gives that lease's units in memory up. Nothing for one that is not here.
  void fence(SaleId sale, LeaseId lease);
  /// Sales that have ended give up their units in memory. To be called a few times a second.
  void close_ended(Instant now);
  /// Gives up all units in memory, for a shutdown.
  void stop_selling();
  /// Units in memory, of all sales.
  std::int64_t available() const;

  /// What one snapshot of the database, asked for at `asked`, says of a sale: whether it is sold
  /// out, which holds for 2 s from then (I7), and since when it is settled. If that is for so long
  /// that its buyers are not loaded any more, its keys are forgotten for good.
  void note_position(const SalePosition& position, Now asked);
  /// Until the next snapshot no sale counts as sold out.
  void doubt_sold_out();
  /// Of these sales, which are a snapshot() of before, the orders of all but `loaded`, which are in
  /// order, are not loaded: a key of the others that is unknown here may have bought.
  static void note_not_loaded(const CatalogSnapshot& sales, std::span<const SaleId> loaded);
  /// One snapshot of the database, asked for at `asked`, has units in leases of these sales that
  /// are neither sold nor returned, and every order committed before it is settled in this process.
  /// Every other sale that was over by `asked` is concluded.
  void note_leased(std::span<const SaleId> leased, Instant asked);

  /// The current sale of a product: the one that is on, else the next, else the last.
  std::optional<SaleView> view(ProductId product, Now now) const;
  /// The current sale of each product that has one, in order of product.
  std::vector<SaleView> views(Now now) const;

 private:
  const ListenerOf listener_of_;
  concurrency::Guarded<std::shared_ptr<const CatalogSnapshot>> snapshot_{
      std::make_shared<const CatalogSnapshot>()};
};

}  // namespace stampede::services::purchase

#pragma once

#include "repositories/leasing/leases.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Leases in SQL, as repositories/leasing/leases.h says. Thread-safe; database outlives it.
class SqlLeases final : public Leases {
 public:
  explicit SqlLeases(Database& database) : database_(database) {}

  std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) override;
  std::expected<StockLease, NoGrant> grant(const Term& term, const LeaseRequest& request,
                                           std::int64_t units, Instant now) override;
  void continue_behind(const Term& term, LeaseId lease, Instant now) override;
  LeaseId newest_lease() override;
  void fence(LeaseId lease) override;
  void fence(const Term& term, LeaseId lease) override;
  std::vector<StockLease> not_closed() override;
  std::vector<SalePosition> stock(Instant ended_after) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

#pragma once

#include <optional>
#include <vector>

#include "repositories/leasing/leases.h"

namespace stampede::test_support {

/// The leases of another object, for tests that change what one of its calls does.
class ChangedLeases : public repositories::Leases {
 public:
  explicit ChangedLeases(repositories::Leases& leases) : leases_(&leases) {}

  std::optional<LeaseId> grant(SaleId sale, std::int64_t units, Instant now) override {
    return leases_->grant(sale, units, now);
  }
  std::expected<StockLease, repositories::NoGrant> grant(const repositories::Term& term,
                                                         const repositories::LeaseRequest& request,
                                                         std::int64_t units, Instant now) override {
    return leases_->grant(term, request, units, now);
  }
  void continue_behind(const repositories::Term& term, LeaseId lease, Instant now) override {
    leases_->continue_behind(term, lease, now);
  }
  LeaseId newest_lease() override { return leases_->newest_lease(); }
  void fence(LeaseId lease) override { leases_->fence(lease); }
  void fence(const repositories::Term& term, LeaseId lease) override {
    leases_->fence(term, lease);
  }
  std::vector<StockLease> not_closed() override { return leases_->not_closed(); }
  std::vector<SalePosition> stock(Instant ended_after) override {
    return leases_->stock(ended_after);
  }

 private:
  repositories::Leases* leases_;
};

}  // namespace stampede::test_support

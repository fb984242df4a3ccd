#pragma once

#include "repositories/audit.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// What the audit reads, in SQL, as repositories/audit.h says. Thread-safe; database outlives it.
class SqlAudit final : public Audit {
 public:
  explicit SqlAudit(Database& database) : database_(database) {}

  std::vector<AuditedSale> audited_sales() override;
  void for_each_order(SaleId sale, const std::function<void(const Order&)>& visit) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

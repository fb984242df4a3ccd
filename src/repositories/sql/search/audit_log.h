#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/time.h"
#include "repositories/audit.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// The audit log in SQL, as repositories/audit.h says. Thread-safe; database outlives it.
class SqlAuditLog final : public AuditLog {
 public:
  explicit SqlAuditLog(Database& database) : database_(database) {}

  void append(std::string_view actor, std::string_view action, std::string_view subject,
              Instant now) override;
  std::vector<Entry> list(std::int64_t before, std::size_t limit) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

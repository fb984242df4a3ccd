#pragma once

#include <cstddef>
#include <string>
#include <vector>

#include "model/time.h"
#include "repositories/audit.h"
#include "repositories/sql/database.h"

namespace stampede::repositories::sql {

class SqlAuditLog final : public AuditLog {
 public:
  struct Entry {
    std::string actor;
    std::string action;
    std::string subject;
    Instant at;
  };

  explicit SqlAuditLog(Database& database) : database_(database) {}

  void append(std::string_view actor, std::string_view action, std::string_view subject,
              Instant now) override;
  /// Newest first, at most `limit`.
  std::vector<Entry> list(std::size_t limit);

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

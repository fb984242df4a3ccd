#pragma once

#include "repositories/leasing/members.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// The ring and its members in SQL, as repositories/leasing/members.h says. Thread-safe; database
/// outlives it.
class SqlMembers final : public Members {
 public:
  explicit SqlMembers(Database& database) : database_(database) {}

  RingState ring() override;
  RingState replace(const Term& term, const RingChange& change, Instant now) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

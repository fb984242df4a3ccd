#pragma once

#include "repositories/orders/quarantine.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Quarantine in SQL, as repositories/orders/quarantine.h says. Thread-safe; database outlives it.
class SqlQuarantine final : public Quarantine {
 public:
  explicit SqlQuarantine(Database& database) : database_(database) {}

  void put(std::int32_t shard, std::string_view body, std::string_view reason,
           Instant now) override;
  std::int64_t count() override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

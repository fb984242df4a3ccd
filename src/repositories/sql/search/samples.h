#pragma once

#include "repositories/catalog/samples.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Samples in SQL, as repositories/catalog/samples.h says. Thread-safe; database outlives it.
class SqlSamples final : public Samples {
 public:
  explicit SqlSamples(Database& database) : database_(database) {}

  void append(std::span<const StoredSample> samples) override;
  std::vector<StoredSample> of(SaleId sale, Instant after, std::size_t most) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

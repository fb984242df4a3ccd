#pragma once

#include "repositories/accounts/second_factors.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Second factors in SQL, as repositories/accounts/second_factors.h says. Thread-safe; database
/// outlives it.
class SqlSecondFactors final : public SecondFactors {
 public:
  explicit SqlSecondFactors(Database& database) : database_(database) {}

  std::optional<Stored> find(UserId user) override;
  bool add(UserId user, std::string_view secret, std::int64_t step, Instant now) override;
  void put(UserId user, std::string_view secret, Instant now) override;
  bool remove(UserId user, Instant now) override;
  bool accept(UserId user, std::int64_t step, std::string_view before,
              std::string_view secret) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

#pragma once

#include "repositories/accounts/buyer_search.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// Finds buyers in SQL, as repositories/accounts/buyer_search.h says. Thread-safe; database
/// outlives it.
class SqlBuyerSearch final : public BuyerSearch {
 public:
  explicit SqlBuyerSearch(Database& database) : database_(database) {}

  std::vector<User> named(std::string_view prefix, std::string_view after,
                          std::size_t limit) override;
  std::optional<BlacklistEntry> blacklisted(UserId user, Instant now) override;
  std::vector<BlacklistedBuyer> blacklist(UserId after, std::size_t limit, Instant now) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

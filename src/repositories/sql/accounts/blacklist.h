#pragma once

#include "repositories/accounts/blacklist.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// The blacklist in SQL, as repositories/accounts/blacklist.h says. Thread-safe; database outlives
/// it.
class SqlBlacklist final : public Blacklist {
 public:
  explicit SqlBlacklist(Database& database) : database_(database) {}

  void put(std::span<const BlacklistEntry> entries) override;
  bool remove(UserId user) override;
  HeldBans list(Instant now) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

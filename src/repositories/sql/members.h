#pragma once

#include "repositories/members.h"
#include "repositories/sql/database.h"

namespace stampede::repositories::sql {

class SqlMembers final : public Members {
 public:
  explicit SqlMembers(Database& database) : database_(database) {}

  RingState ring() override;
  RingState replace(std::int64_t epoch, std::span<const Member> members, Instant now) override;

 private:
  Database& database_;
};

}  // namespace stampede::repositories::sql

#pragma once

#include "repositories/leasing/leadership.h"
#include "repositories/sql/connection/database.h"

namespace stampede::repositories::sql {

/// The leader's row in SQL, as repositories/leasing/leadership.h says. Thread-safe; database
/// outlives it.
class SqlLeadership final : public Leadership {
 public:
  explicit SqlLeadership(Database& database) : database_(database) {}

  std::optional<TakenTerm> take(const std::string& holder, std::int64_t above,
                                std::chrono::milliseconds life) override;
  std::optional<Renewal> renew(const Term& term, std::chrono::milliseconds life) override;
  void resign(const Term& term) override;
  void note_standby_asked() override;
  std::optional<Instant> standing(const Term& term) override;

 private:
  Database& database_;
};

/// The last statement of every transaction in the leader's name: locks the leader's row, shared,
/// until the commit, and throws NoLongerLeader unless `term` stands. A process that takes the lead
/// waits for it, and it waits for a take alone; as the last lock it is held for no other wait.
void require_leader(soci::session& session, const Dialect& dialect, const Term& term);

/// 128 bits that nobody else draws, as 32 hexadecimal digits.
std::string draw_nonce();

}  // namespace stampede::repositories::sql

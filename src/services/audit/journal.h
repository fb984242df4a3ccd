#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/time.h"
#include "model/user.h"
#include "repositories/accounts/accounts.h"
#include "repositories/audit.h"

namespace stampede::services::audit {

/// The operator who makes a change, as the audit log names them, and the time.
struct Operator {
  std::string name;  // "cli:alice", "console:olga"
  Now now;
};

/// What each operator changed. Thread-safe; calls block and throw repositories::StorageError.
class Journal {
 public:
  using Entry = repositories::AuditLog::Entry;

  Journal(repositories::AuditLog& log, repositories::Accounts& accounts)
      : log_(&log), accounts_(&accounts) {}

  /// The operator who is logged in at the console as that user.
  Operator at_console(UserId user, Now now) const;
  /// After the change: record(who, "sale end", "sale 3"). A subject that is too long is cut.
  void record(const Operator& who, std::string_view action, std::string_view subject);
  /// Newest first, at most `limit`, ids below `before` (0: from the newest on).
  std::vector<Entry> list(std::int64_t before, std::size_t limit) {
    return log_->list(before, limit);
  }

 private:
  repositories::AuditLog* log_;
  repositories::Accounts* accounts_;
};

}  // namespace stampede::services::audit

#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "model/ids.h"
#include "model/time.h"
#include "repositories/accounts.h"
#include "repositories/audit.h"

namespace stampede::services::audit {

/// Who changed what at the console, in the words of the command line. Thread-safe; calls block and
/// throw repositories::StorageError.
class Journal {
 public:
  using Entry = repositories::AuditLog::Entry;

  Journal(repositories::AuditLog& log, repositories::Accounts& accounts)
      : log_(&log), accounts_(&accounts) {}

  /// After the change: record(operator, "sale end", "sale 3", now). A subject that is too long is
  /// cut.
  void record(UserId actor, std::string_view action, std::string_view subject, Now now);
  /// Newest first, at most `limit`, ids below `before` (0: from the newest on).
  std::vector<Entry> list(std::int64_t before, std::size_t limit) {
    return log_->list(before, limit);
  }

 private:
  repositories::AuditLog* log_;
  repositories::Accounts* accounts_;
};

}  // namespace stampede::services::audit

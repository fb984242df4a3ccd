#include "services/audit/journal.h"

#include <fmt/format.h>

#include "model/text/utf8.h"

namespace stampede::services::audit {

Operator Journal::at_console(UserId user, Now now) const {
  const auto found = accounts_->find(user);
  return {.name = fmt::format("console:{}", found ? found->name : std::to_string(user.value)),
          .now = now};
}

void Journal::record(const Operator& who, std::string_view action, std::string_view subject) {
  log_->append(who.name, action, first_characters(subject, repositories::AuditLog::kLongestSubject),
               who.now.wall);
}

}  // namespace stampede::services::audit

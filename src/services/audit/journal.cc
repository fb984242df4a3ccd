#include "services/audit/journal.h"

#include <fmt/format.h>

#include <string>

#include "model/utf8.h"

namespace stampede::services::audit {

void Journal::record(UserId actor, std::string_view action, std::string_view subject, Now now) {
  const auto user = accounts_->find(actor);
  const std::string who =
      fmt::format("console:{}", user ? user->name : std::to_string(actor.value));
  log_->append(who, action, first_characters(subject, repositories::AuditLog::kLongestSubject),
               now.wall);
}

}  // namespace stampede::services::audit

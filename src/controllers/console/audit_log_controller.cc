#include "controllers/console/audit_log_controller.h"

#include <utility>

#include "controllers/page_response.h"
#include "controllers/parse_id.h"

namespace stampede::controllers {
namespace {

using EntryId = Id<struct AuditLogTag>;

}  // namespace

void AuditLogController::add_routes(http::Router& router, OperatorGuard& guard) {
  guard.get(router, "/audit-log",
            [this](const http::Request& request, const auto&, Now) { return log(request); });
}

http::Response AuditLogController::log(const http::Request& request) {
  EntryId before;
  if (const auto text = request.query_parameter("before")) {
    before = parse_id<EntryId>(*text).value_or(EntryId{});
    if (!before) {
      return page(400,
                  services_.console.message(
                      {"No such page", "“before” is to be an entry’s id: digits only, from 1."}));
    }
  }
  auto entries = services_.journal.list(before.value, kPerPage + 1);
  views::AuditLogPage shown_page;
  if (entries.size() > kPerPage) {
    entries.pop_back();
    shown_page.older_than = entries.back().id;
  }
  for (auto& entry : entries) {
    shown_page.rows.push_back(
        {std::move(entry.actor), std::move(entry.action), std::move(entry.subject), entry.at});
  }
  return page(200, services_.pages.log(shown_page));
}

}  // namespace stampede::controllers

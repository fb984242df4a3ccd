#include "views/console/audit_pages.h"

#include "views/console/values.h"

namespace stampede::views {

using kainjow::mustache::data;

std::string ConsoleAuditPages::log(const AuditLogPage& page) const {
  data rows{data::type::list};
  for (const AuditLogRow& row : page.rows) {
    data values;
    values.set("actor", row.actor);
    values.set("action", row.action);
    values.set("subject", row.subject);
    put_time(values, "at", row.at);
    rows.push_back(values);
  }
  data values;
  values.set("rows", rows);
  values.set("found", data{!page.rows.empty()});
  values.set("older", section(page.older_than == 0 ? "" : std::to_string(page.older_than)));
  return templates_->render("audit_log", "Audit log", values);
}

}  // namespace stampede::views

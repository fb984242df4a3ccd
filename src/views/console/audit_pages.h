#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "model/time.h"
#include "views/console/pages.h"

namespace stampede::views {

/// One change by an operator.
struct AuditLogRow {
  std::string actor;
  std::string action;
  std::string subject;
  Instant at;
};

struct AuditLogPage {
  std::vector<AuditLogRow> rows;  // newest first
  std::int64_t older_than = 0;    // where the next page begins; 0: this is the last
};

/// The audit log in the console. Values are escaped. Thread-safe; `console` outlives it.
class ConsoleAuditPages {
 public:
  explicit ConsoleAuditPages(const ConsolePages& console) : templates_(&console.templates()) {}

  std::string log(const AuditLogPage& page) const;

 private:
  const PageTemplates* templates_;
};

}  // namespace stampede::views

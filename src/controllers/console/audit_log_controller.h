#pragma once

#include "controllers/console/operator_guard.h"
#include "http/server/handlers/router.h"
#include "services/audit/journal.h"
#include "views/console/audit_pages.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// GET /audit-log of the console: what each operator changed, here and by the command line.
/// Thread-safe; the services outlive it.
class AuditLogController {
 public:
  struct Services {
    services::audit::Journal& journal;
    const views::ConsoleAuditPages& pages;
    const views::ConsolePages& console;
  };
  static constexpr std::size_t kPerPage = 100;

  explicit AuditLogController(const Services& services) : services_(services) {}

  /// The controller and the guard must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  http::Response log(const http::Request& request);

  Services services_;
};

}  // namespace stampede::controllers

#include "app/backup/audited_copy.h"

#include "repositories/sql/repositories.h"
#include "services/audit/sale_audit.h"

namespace stampede::app {

BackupManifest::AuditedCopy audit_copy(const repositories::sql::SqliteOptions& file) {
  repositories::sql::Database database(file);
  BackupManifest::AuditedCopy audited;
  for (const auto& sale : repositories::sql::Repositories(database).audit().audited_sales()) {
    ++audited.sales;
    audited.orders += sale.active + sale.failed;
    audited.clean = audited.clean && services::audit::audit_sale(sale).clean();
  }
  return audited;
}

}  // namespace stampede::app

#include "app/backup/backup_books.h"

#include "repositories/sql/repositories.h"
#include "services/audit/ledger_audit.h"

namespace stampede::app {

BackupFacts::Books books_of(const repositories::sql::SqliteOptions& file) {
  repositories::sql::Database database(file);
  BackupFacts::Books books;
  for (const auto& ledger : repositories::sql::Repositories(database).audit().ledgers()) {
    ++books.sales;
    books.orders += ledger.live + ledger.failed;
    books.clean = books.clean && services::audit::audit_ledger(ledger).clean();
  }
  return books;
}

}  // namespace stampede::app

#pragma once

#include "app/backup/backup_facts.h"
#include "repositories/sql/connection/database.h"

namespace stampede::app {

/// What the audit reads in that database, every sale and every order. Throws
/// repositories::StorageError.
BackupFacts::Books books_of(const repositories::sql::SqliteOptions& file);

}  // namespace stampede::app

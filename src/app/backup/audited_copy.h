#pragma once

#include "app/backup/backup_manifest.h"
#include "repositories/sql/connection/database.h"

namespace stampede::app {

/// What the audit reads in that database, every sale and every order. Throws
/// repositories::StorageError.
BackupManifest::AuditedCopy audit_copy(const repositories::sql::SqliteOptions& file);

}  // namespace stampede::app

#pragma once

#include <memory>
#include <string_view>

#include "repositories/changes.h"
#include "repositories/storage_error.h"

namespace soci {
class session;
class soci_error;
}  // namespace soci

namespace stampede::repositories::sql {

struct SqliteOptions;

enum class Access { kRead, kWrite };

/// All that differs from one database to another; every other line of SQL is the same for both.
/// Thread-safe, as long as each session is used by one thread at a time.
class Dialect {
 public:
  virtual ~Dialect() = default;

  virtual std::unique_ptr<soci::session> connect(Access access) = 0;
  /// Watches from a connection of its own.
  virtual std::unique_ptr<Changes> watch() = 0;

  /// A read transaction sees one snapshot; a write transaction reads what is committed last.
  virtual void begin(soci::session& session, Access access) = 0;
  /// Also where the error that led here has ended the transaction already.
  virtual void rollback(soci::session& session) noexcept = 0;
  /// Runs the statements of a migration; INTEGER PRIMARY KEY is an id that counts up by itself.
  virtual void run_script(soci::session& session, std::string_view sql) = 0;

  /// What a SELECT ends with to lock its rows.
  virtual std::string_view for_update() const = 0;

  /// What went wrong on `session` just now. `committing`: the statement that failed was COMMIT.
  virtual StorageError error(soci::session& session, const soci::soci_error& error,
                             bool committing) = 0;
  /// True if what went wrong on `session` just now is a row that is there already.
  virtual bool is_duplicate(soci::session& session) = 0;
};

std::unique_ptr<Dialect> make_sqlite_dialect(const SqliteOptions& options);

}  // namespace stampede::repositories::sql

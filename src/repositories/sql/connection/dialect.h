#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "repositories/changes.h"
#include "repositories/sql/connection/order_batch.h"
#include "repositories/storage_error.h"

namespace soci {
class session;
class soci_error;
}  // namespace soci

namespace stampede::repositories::sql {

struct SqliteOptions;
struct MariadbOptions;

enum class Access { kRead, kWrite };

/// What went wrong on a session.
struct Failure {
  StorageError error;
  bool connection_lost = false;  // the session is of no more use, not even to roll back
};

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

  /// While it lives no other process changes the schema. Null where write transactions see to that.
  virtual std::unique_ptr<soci::session> guard_schema() = 0;
  /// Runs the statements of a migration. INTEGER PRIMARY KEY of the name id counts up by itself.
  /// Where the schema is no part of the transaction, it may be run again after half of it was done.
  virtual void run_script(soci::session& session, std::string_view sql) = 0;

  /// What follows a table's name in FROM so that it is read by that index; empty where the database
  /// chooses it by itself.
  virtual std::string by_index(std::string_view index) const = 0;
  /// What a SELECT ends with to lock its rows.
  virtual std::string_view for_update() const = 0;
  /// The same for locks that others may share.
  virtual std::string_view for_share() const = 0;
  /// An expression: the database's own time at the beginning of the statement, in milliseconds
  /// since 1970.
  virtual std::string_view milliseconds_now() const = 0;
  /// Of the session of a write transaction, which outlives it.
  virtual std::unique_ptr<OrderBatch> order_batch(soci::session& session) = 0;

  /// What went wrong on `session` just now. `committing`: the statement that failed was COMMIT.
  virtual Failure failure(soci::session& session, const soci::soci_error& error,
                          bool committing) = 0;
  /// True if what went wrong on `session` just now is a row that is there already.
  virtual bool is_duplicate(soci::session& session) = 0;
};

std::unique_ptr<Dialect> make_sqlite_dialect(const SqliteOptions& options);
std::unique_ptr<Dialect> make_mariadb_dialect(const MariadbOptions& options);

}  // namespace stampede::repositories::sql

#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>

#include <algorithm>
#include <filesystem>
#include <optional>
#include <thread>

#include "repositories/sql/connection/database.h"
#include "repositories/sql/connection/dialect.h"
#include "repositories/sql/connection/rows.h"
#include "repositories/sql/sqlite/fair_write_lock.h"
#include "repositories/sql/sqlite/sqlite_use.h"

namespace stampede::repositories::sql {
namespace {

using Kind = StorageError::Kind;

// A checkpoint writes each page of the log into the database file once, however often it is in the
// log: with 64 MB between checkpoints that saves much writing. A small disk has room for less.
constexpr std::int64_t kMostLogBytes = 64 << 20;
constexpr std::int64_t kLeastLogBytes = 1 << 20;
constexpr std::int64_t kLogShareOfFreeSpace = 16;
constexpr int kWriterCacheKib = 65'536;
constexpr int kReaderCacheKib = 8'192;

sqlite_api::sqlite3* handle_of(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

struct Result {
  int code = SQLITE_ERROR;
  std::string words;
};

/// SOCI keeps only the lower eight bits of the code, and puts its own words before SQLite's.
Result result_of(soci::session& session, const soci::soci_error& error) {
  const auto* known = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  if (known == nullptr) return {.words = error.get_error_message()};
  const int extended = sqlite_api::sqlite3_extended_errcode(handle_of(session));
  if ((extended & 0xff) != (known->result() & 0xff)) {
    return {.code = known->result(), .words = error.get_error_message()};
  }
  return {.code = extended, .words = sqlite_api::sqlite3_errmsg(handle_of(session))};
}

class SqliteChanges final : public Changes {
 public:
  SqliteChanges(Dialect& dialect, std::unique_ptr<soci::session> session)
      : dialect_(dialect), session_(std::move(session)) {}

  std::optional<Revisions> poll() override {
    try {
      long long version = 0;
      *session_ << "PRAGMA data_version", soci::into(version);
      if (seen_ == version) return std::nullopt;
      const Revisions revisions = read_revisions(*session_);
      seen_ = version;  // behind the reading: if that fails, the next poll reads again
      return revisions;
    } catch (const soci::soci_error& error) {
      throw dialect_.failure(*session_, error, false).error;
    }
  }

 private:
  Dialect& dialect_;
  std::unique_ptr<soci::session> session_;
  std::optional<long long> seen_;
};

class SqliteDialect final : public Dialect {
 public:
  explicit SqliteDialect(const SqliteOptions& options)
      : path_(options.path.string()), patience_(options.busy_timeout) {
    configure_sqlite();
    if (options.read_only) return;
    use_.emplace(options.path, patience_);
    write_lock_.emplace(path_ + "-fair_write_lock");
  }

  std::unique_ptr<soci::session> connect(Access access) override {
    if (access == Access::kWrite && !use_) {
      throw StorageError(Kind::kOther, fmt::format("database {}: it was opened to read", path_));
    }
    try {
      auto session = std::make_unique<soci::session>(soci::sqlite3, "dbname=\"" + path_ + '"');
      sqlite_api::sqlite3_busy_handler(handle_of(*session), &SqliteDialect::wait_for_lock, this);
      // It is never the last: use_ closes the file.
      sqlite_api::sqlite3_db_config(handle_of(*session), SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                    nullptr);
      configure(*session, access);
      return session;
    } catch (const soci::soci_error& error) {
      throw StorageError(Kind::kOther, fmt::format("cannot open the database {}: {}", path_,
                                                   error.get_error_message()));
    }
  }

  std::unique_ptr<Changes> watch() override {
    return std::make_unique<SqliteChanges>(*this, connect(Access::kRead));
  }

  void begin(soci::session& session, Access access) override {
    if (access == Access::kRead) {
      session << "BEGIN";
      return;
    }
    const Passage passage(*this);
    session << "BEGIN IMMEDIATE";
  }

  void rollback(soci::session& session) noexcept override {
    // A full disk may have ended the transaction already, and then this is an error without effect.
    sqlite_api::sqlite3_exec(handle_of(session), "ROLLBACK", nullptr, nullptr, nullptr);
  }

  std::unique_ptr<soci::session> guard_schema() override { return nullptr; }

  void run_script(soci::session& session, std::string_view sql) override {
    auto* handle = handle_of(session);
    const int code =
        sqlite_api::sqlite3_exec(handle, std::string(sql).c_str(), nullptr, nullptr, nullptr);
    if (code != SQLITE_OK) {
      throw soci::sqlite3_soci_error(sqlite_api::sqlite3_errmsg(handle), code);
    }
  }

  std::string by_index(std::string_view) const override { return {}; }
  std::string_view for_update() const override { return ""; }  // its one writer locks the file
  std::string_view for_share() const override { return ""; }
  std::string_view milliseconds_now() const override {
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";
  }

  std::unique_ptr<OrderBatch> order_batch(soci::session& session) override {
    return make_prepared_order_batch(session);
  }

  Failure failure(soci::session& session, const soci::soci_error& error, bool committing) override {
    const auto [code, words] = result_of(session, error);
    return {.error = {kind_of_sqlite(code, committing),
                      fmt::format("database {}: {} (SQLite code {})", path_, words, code)}};
  }

  bool is_duplicate(soci::session& session) override {
    const int code = sqlite_api::sqlite3_extended_errcode(handle_of(session));
    return code == SQLITE_CONSTRAINT_UNIQUE || code == SQLITE_CONSTRAINT_PRIMARYKEY;
  }

 private:
  /// While it lives, no other process begins to write.
  class Passage {
   public:
    explicit Passage(SqliteDialect& dialect) : write_lock_(*dialect.write_lock_) {
      if (!write_lock_.enter(dialect.patience_)) {
        throw StorageError(
            Kind::kBusy, fmt::format("database {}: another process kept it from writing for {} ms",
                                     dialect.path_, dialect.patience_.count()));
      }
    }
    ~Passage() { write_lock_.leave(); }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;

   private:
    FairWriteLock& write_lock_;
  };

  void configure(soci::session& session, Access access) {
    const bool writes = access == Access::kWrite;
    session << fmt::format("PRAGMA cache_size=-{}", writes ? kWriterCacheKib : kReaderCacheKib);
    if (!writes) {
      session << "PRAGMA query_only=ON";
      return;
    }
    session << "PRAGMA synchronous=FULL";
    const std::int64_t log_bytes = most_log_bytes();
    session << fmt::format("PRAGMA wal_autocheckpoint={}", log_bytes / kSqlitePageBytes);
    // While a long read lasts, the log grows; the limit cuts it down again afterwards.
    session << fmt::format("PRAGMA journal_size_limit={}", 2 * log_bytes);
  }

  std::int64_t most_log_bytes() const {
    const auto free = std::filesystem::space(std::filesystem::absolute(path_).parent_path());
    return std::clamp(static_cast<std::int64_t>(free.available) / kLogShareOfFreeSpace,
                      kLeastLogBytes, kMostLogBytes);
  }

  static int wait_for_lock(void* self, int attempts) {
    const auto patience = static_cast<SqliteDialect*>(self)->patience_;
    if (attempts >= patience / kRetryInterval) return 0;
    std::this_thread::sleep_for(kRetryInterval);
    return 1;
  }

  const std::string path_;
  const std::chrono::milliseconds patience_;
  std::optional<SqliteUse> use_;             // none: opened to read
  std::optional<FairWriteLock> write_lock_;  // used by the one writer only
};

}  // namespace

std::unique_ptr<Dialect> make_sqlite_dialect(const SqliteOptions& options) {
  return std::make_unique<SqliteDialect>(options);
}

}  // namespace stampede::repositories::sql

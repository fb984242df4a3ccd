#include <fcntl.h>
#include <fmt/format.h>
#include <soci/soci.h>
#include <soci/sqlite3/soci-sqlite3.h>
#include <unistd.h>

#include <cerrno>
#include <mutex>
#include <optional>
#include <system_error>
#include <thread>

#include "repositories/sql/database.h"
#include "repositories/sql/dialect.h"
#include "repositories/sql/rows.h"
#include "repositories/sql/turnstile.h"

namespace stampede::repositories::sql {
namespace {

using Kind = StorageError::Kind;

// Orders come from random buyers, so a batch touches about one page of the unique index an order:
// small pages halve what a commit has to write. 64 MB of log between checkpoints let the pages that
// are written again and again reach the database file once.
constexpr int kPageBytes = 2048;
constexpr int kCheckpointPages = 32'768;
constexpr int kWriterCacheKib = 65'536;
constexpr int kReaderCacheKib = 8'192;

sqlite_api::sqlite3* handle_of(soci::session& session) {
  return static_cast<soci::sqlite3_session_backend*>(session.get_backend())->conn_;
}

struct Result {
  int code = SQLITE_ERROR;
  std::string words;
};

/// SOCI keeps the lower eight bits of the code only, and begins its words with its own functions.
Result result_of(soci::session& session, const soci::soci_error& error) {
  const auto* known = dynamic_cast<const soci::sqlite3_soci_error*>(&error);
  if (known == nullptr) return {.words = error.get_error_message()};
  const int extended = sqlite_api::sqlite3_extended_errcode(handle_of(session));
  if ((extended & 0xff) != (known->result() & 0xff)) {
    return {.code = known->result(), .words = error.get_error_message()};
  }
  return {.code = extended, .words = sqlite_api::sqlite3_errmsg(handle_of(session))};
}

Kind kind_of(int code, bool committing) {
  if (code == SQLITE_IOERR_FSYNC || code == SQLITE_IOERR_DIR_FSYNC) return Kind::kDurability;
  // The log's index grows only after the log itself was flushed: there the disk was full too late.
  const bool index_grows = code == SQLITE_IOERR_SHMSIZE || code == SQLITE_IOERR_SHMMAP;
  if (index_grows) return committing ? Kind::kOutcomeUnknown : Kind::kFull;
  switch (code & 0xff) {
    case SQLITE_FULL:
      return Kind::kFull;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      return Kind::kBusy;
    case SQLITE_CONSTRAINT:
    case SQLITE_TOOBIG:
    case SQLITE_MISMATCH:
      return Kind::kRefused;
    // Part of the transaction may be in the log, and no later flush would tell.
    case SQLITE_IOERR:
      return committing ? Kind::kDurability : Kind::kOther;
    default:
      return Kind::kOther;
  }
}

/// SQLite would lock on each call, where here a session belongs to one thread at a time, and on
/// each allocation, to count them.
void configure_library() {
  static std::once_flag once;
  std::call_once(once, [] {
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MULTITHREAD);
    sqlite_api::sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
  });
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
      seen_ = version;  // only now: a poll that failed is made again
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
      : path_(options.path.string()),
        patience_(options.busy_timeout),
        turnstile_(make_private(path_) + "-turnstile") {}

  std::unique_ptr<soci::session> connect(Access access) override {
    configure_library();
    try {
      auto session = std::make_unique<soci::session>(soci::sqlite3, "dbname=\"" + path_ + '"');
      sqlite_api::sqlite3_busy_handler(handle_of(*session), &SqliteDialect::wait_for_lock, this);
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
  std::string_view for_update() const override { return ""; }  // one writer has it all locked
  std::string_view for_share() const override { return ""; }
  std::string_view milliseconds_now() const override {
    return "CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)";
  }

  std::unique_ptr<OrderBatch> order_batch(soci::session& session) override {
    return make_prepared_order_batch(session);
  }

  Failure failure(soci::session& session, const soci::soci_error& error, bool committing) override {
    const auto [code, words] = result_of(session, error);
    return {.error = {kind_of(code, committing),
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
    explicit Passage(SqliteDialect& dialect) : turnstile_(dialect.turnstile_) {
      if (!turnstile_.enter(dialect.patience_)) {
        throw StorageError(
            Kind::kBusy, fmt::format("database {}: another process kept it from writing for {} ms",
                                     dialect.path_, dialect.patience_.count()));
      }
    }
    ~Passage() { turnstile_.leave(); }
    Passage(const Passage&) = delete;
    Passage& operator=(const Passage&) = delete;

   private:
    Turnstile& turnstile_;
  };

  /// The file holds password hashes: it is made for its owner alone, and its log inherits that.
  static const std::string& make_private(const std::string& path) {
    if (path.empty() || path.find('"') != std::string::npos) {
      throw StorageError(Kind::kOther,
                         fmt::format("the database's path is \"{}\"; expected a path without "
                                     "quotation marks",
                                     path));
    }
    const int file = open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (file < 0) {
      throw StorageError(Kind::kOther, fmt::format("cannot open the database {}: {}", path,
                                                   std::generic_category().message(errno)));
    }
    close(file);
    return path;
  }

  void configure(soci::session& session, Access access) {
    const bool writes = access == Access::kWrite;
    session << fmt::format("PRAGMA cache_size=-{}", writes ? kWriterCacheKib : kReaderCacheKib);
    if (!writes) {
      session << "PRAGMA query_only=ON";
      return;
    }
    const Passage passage(*this);  // SQLite does not wait for locks while it changes to WAL
    session << fmt::format("PRAGMA page_size={}", kPageBytes);
    std::string mode;
    session << "PRAGMA journal_mode=WAL", soci::into(mode);
    if (mode != "wal") {
      throw StorageError(Kind::kOther, fmt::format("database {}: its file system allows no "
                                                   "write-ahead log (journal_mode is {})",
                                                   path_, mode));
    }
    session << "PRAGMA synchronous=FULL";
    session << fmt::format("PRAGMA wal_autocheckpoint={}", kCheckpointPages);
    // A long read keeps the log from starting over; afterwards what it grew by is given back.
    session << fmt::format("PRAGMA journal_size_limit={}", 2 * kCheckpointPages * kPageBytes);
  }

  static int wait_for_lock(void* self, int attempts) {
    const auto patience = static_cast<SqliteDialect*>(self)->patience_;
    if (attempts >= patience / kRetryInterval) return 0;
    std::this_thread::sleep_for(kRetryInterval);
    return 1;
  }

  const std::string path_;
  const std::chrono::milliseconds patience_;
  Turnstile turnstile_;  // used by the one writer only
};

}  // namespace

std::unique_ptr<Dialect> make_sqlite_dialect(const SqliteOptions& options) {
  return std::make_unique<SqliteDialect>(options);
}

}  // namespace stampede::repositories::sql

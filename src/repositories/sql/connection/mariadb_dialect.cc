#include <errmsg.h>
#include <fmt/format.h>
#include <mysqld_error.h>
#include <soci/mysql/soci-mysql.h>
#include <soci/soci.h>

#include <algorithm>
#include <array>
#include <initializer_list>
#include <string>
#include <string_view>

#include "net/host_port.h"
#include "repositories/sql/connection/database.h"
#include "repositories/sql/connection/dialect.h"
#include "repositories/sql/connection/mariadb.h"
#include "repositories/sql/connection/mariadb_script.h"
#include "repositories/sql/connection/rows.h"

namespace stampede::repositories::sql {
namespace {

using Kind = StorageError::Kind;

constexpr std::string_view kSqlMode =
    "STRICT_ALL_TABLES,ERROR_FOR_DIVISION_BY_ZERO,NO_ENGINE_SUBSTITUTION";

/// Where the server is, as SOCI's connection string says it.
std::string location_of(const std::string& address) {
  const auto refuse = [&]() -> StorageError {
    return {Kind::kOther, fmt::format("the database's address is \"{}\"; expected host:port, or "
                                      "the path of a socket, which begins with \"/\"",
                                      address)};
  };
  if (address.find_first_of("'\\ \n") != std::string::npos) throw refuse();
  if (address.starts_with('/')) return "unix_socket=" + address;
  const auto server = net::HostPort::parse(address);
  if (!server || server->port == 0) throw refuse();
  std::string host = server->host;
  if (host == "localhost") host = "127.0.0.1";  // the client would take a socket, not this port
  return fmt::format("host={} port={}", host, server->port);
}

std::string in_quotes(std::string_view text) {
  std::string result = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') result += '\\';
    result += c;
  }
  return result + '\'';
}

unsigned code_of(const soci::soci_error& error) {
  const auto* known = dynamic_cast<const soci::mysql_soci_error*>(&error);
  return known == nullptr ? 0 : known->err_num_;
}

template <std::size_t N>
bool one_of(unsigned code, const std::array<unsigned, N>& codes) {
  return std::ranges::find(codes, code) != codes.end();
}

/// After an error of the client library itself nobody knows the state of the connection.
bool connection_lost(unsigned code) {
  constexpr std::array<unsigned, 7> kEndedByServer{
      ER_SERVER_SHUTDOWN,       ER_CONNECTION_KILLED,    ER_ABORTING_CONNECTION, ER_NET_READ_ERROR,
      ER_NET_WRITE_INTERRUPTED, ER_NET_READ_INTERRUPTED, ER_NET_ERROR_ON_WRITE};
  return (code >= CR_MIN_ERROR && code <= CR_MAX_ERROR) ||
         (code >= CR_EVENT_CREATE_FAILED && code <= CR_MARIADB_LAST_ERROR) ||
         one_of(code, kEndedByServer);
}

/// A read-only server counts as away: after a failover another server takes writes at the same
/// address, and a new connection reaches that one.
bool read_only(unsigned code) { return code == ER_OPTION_PREVENTS_STATEMENT; }

/// A Galera node that is not, or no longer, part of its cluster answers every statement so; another
/// one serves.
bool not_in_cluster(unsigned code) { return code == ER_UNKNOWN_COM_ERROR; }

/// Nothing can be done over this connection; a new one may find a server that serves.
bool is_away(unsigned code) {
  return connection_lost(code) || read_only(code) || not_in_cluster(code);
}

bool disk_full(unsigned code, std::string_view words) {
  return code == ER_DISK_FULL || code == ER_RECORD_FILE_FULL ||
         words.find("No space left on device") != std::string_view::npos;
}

Kind kind_of(unsigned code, std::string_view words, bool committing) {
  // The server answers these only for a statement that it has not carried out.
  constexpr std::array<unsigned, 3> kAgain{ER_LOCK_DEADLOCK, ER_LOCK_WAIT_TIMEOUT,
                                           ER_TABLE_DEF_CHANGED};
  if (one_of(code, kAgain)) return Kind::kBusy;
  if (committing) return Kind::kOutcomeUnknown;
  if (is_away(code)) return Kind::kUnreachable;
  if (disk_full(code, words)) return Kind::kFull;
  constexpr std::array<unsigned, 7> kRefused{ER_DUP_ENTRY,
                                             ER_BAD_NULL_ERROR,
                                             ER_DATA_TOO_LONG,
                                             ER_WARN_DATA_OUT_OF_RANGE,
                                             ER_CONSTRAINT_FAILED,
                                             ER_TRUNCATED_WRONG_VALUE_FOR_FIELD,
                                             ER_DUP_ENTRY_WITH_KEY_NAME};
  if (one_of(code, kRefused)) return Kind::kRefused;
  return Kind::kOther;
}

template <class Value>
Value select(soci::session& session, const std::string& expression) {
  Value value{};
  session << "SELECT " + expression, soci::into(value);
  return value;
}

/// With other values of these settings the server loses commits, or refuses READ COMMITTED.
void verify_settings(soci::session& session, const std::string& name) {
  const auto expect = [&](const char* setting, std::initializer_list<std::string_view> expected) {
    const auto value = select<std::string>(session, fmt::format("@@global.{}", setting));
    if (std::ranges::find(expected, value) != expected.end()) return;
    throw StorageError(Kind::kOther, fmt::format("{}: its server's {} is {}; expected {}", name,
                                                 setting, value, fmt::join(expected, " or ")));
  };
  expect("innodb_flush_log_at_trx_commit", {"1"});
  if (select<int>(session, "@@global.log_bin") == 0) return;
  expect("sync_binlog", {"1"});
  expect("binlog_format", {"ROW", "MIXED"});
}

/// A demoted server lags behind the one that takes the writes now: what it says is not asked for.
void require_writable(soci::session& session) {
  if (select<int>(session, "@@global.read_only") == 0) return;
  throw soci::mysql_soci_error("the server is read-only", ER_OPTION_PREVENTS_STATEMENT);
}

class MariadbDialect final : public Dialect {
 public:
  explicit MariadbDialect(const MariadbOptions& options)
      : name_(fmt::format("database {} at {}", options.database, options.address)),
        user_(options.user),
        connection_(fmt::format("{} user={} password={} dbname={} charset=utf8mb4 "
                                "connect_timeout={} write_timeout={}",
                                location_of(options.address), in_quotes(options.user),
                                in_quotes(options.password), in_quotes(options.database),
                                options.connect_timeout.count(), options.answer_timeout.count())),
        answer_timeout_(options.answer_timeout),
        reading_timeout_(options.reading_timeout.value_or(options.answer_timeout)),
        lock_timeout_(options.lock_timeout),
        schema_timeout_(options.answer_timeout - std::chrono::seconds{1}),
        idle_timeout_(options.idle_timeout) {}

  std::unique_ptr<soci::session> connect(Access access) override {
    try {
      const auto patience = access == Access::kRead ? reading_timeout_ : answer_timeout_;
      auto session = std::make_unique<soci::session>(
          soci::mysql, fmt::format("{} read_timeout={}", connection_, patience.count()));
      configure(*session, access);
      return session;
    } catch (const soci::soci_error& error) {
      throw no_connection(error);
    }
  }

  std::unique_ptr<Changes> watch() override;

  void begin(soci::session& session, Access access) override {
    if (access == Access::kWrite) return execute(session, "START TRANSACTION");
    require_writable(session);
    execute(session, "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY");
  }

  void rollback(soci::session& session) noexcept override {
    // If it fails, the connection is lost, and with it the transaction.
    mysql_real_query(mariadb_handle(session), "ROLLBACK", 8);
  }

  std::unique_ptr<soci::session> guard_schema() override;

  void run_script(soci::session& session, std::string_view sql) override {
    for (const auto& statement : mariadb_statements(sql)) execute(session, statement);
  }

  std::string by_index(std::string_view index) const override {
    return fmt::format(" FORCE INDEX ({})", index);
  }
  std::string_view for_update() const override { return " FOR UPDATE"; }
  std::string_view for_share() const override { return " LOCK IN SHARE MODE"; }
  std::string_view milliseconds_now() const override {
    return "CAST(UNIX_TIMESTAMP(NOW(3)) * 1000 AS SIGNED)";
  }

  std::unique_ptr<OrderBatch> order_batch(soci::session& session) override {
    return make_multi_row_order_batch(session);
  }

  Failure failure(soci::session&, const soci::soci_error& error, bool committing) override {
    const unsigned code = code_of(error);
    const std::string words = error.get_error_message();
    return {.error = {kind_of(code, words, committing),
                      fmt::format("{}: {} (MariaDB error {})", name_, words, code)},
            .connection_lost = is_away(code)};
  }

  bool is_duplicate(soci::session& session) override {
    return mysql_errno(mariadb_handle(session)) == ER_DUP_ENTRY;
  }

 private:
  void configure(soci::session& session, Access access) {
    verify_settings(session, name_);
    execute(session, "SET NAMES utf8mb4 COLLATE utf8mb4_nopad_bin");
    // READ COMMITTED: a consumer that waited for a buyer must see what the other one committed.
    // UTC: in the hour that a local clock shows twice, a leader's term would seem to last longer.
    // OtherSales reads a list of ids, of which nothing may be cut off.
    // No predicate conversion: the server would turn long lists of ids into subqueries over
    // temporary tables, where ranges of an index are faster.
    execute(session,
            fmt::format("SET SESSION sql_mode = '{}', tx_isolation = '{}', "
                        "innodb_lock_wait_timeout = {}, lock_wait_timeout = {}, "
                        "idle_transaction_timeout = {}, time_zone = '+00:00', "
                        "in_predicate_conversion_threshold = 0, group_concat_max_len = 16777216",
                        kSqlMode, access == Access::kWrite ? "READ-COMMITTED" : "REPEATABLE-READ",
                        lock_timeout_.count(), lock_timeout_.count(),
                        access == Access::kWrite ? idle_timeout_.count() : 0));
  }

  StorageError no_connection(const soci::soci_error& error) const {
    const unsigned code = code_of(error);
    const std::string words = error.get_error_message();
    switch (code) {
      case ER_ACCESS_DENIED_ERROR:
      case ER_ACCESS_DENIED_NO_PASSWORD_ERROR:
      case ER_DBACCESS_DENIED_ERROR:
        return {Kind::kDenied,
                fmt::format("{}: its server refuses user \"{}\": {}; expected a user "
                            "and password that it knows, with all rights on that "
                            "database",
                            name_, user_, words)};
      case ER_BAD_DB_ERROR:
        return {Kind::kDenied, fmt::format("{}: its server has no such database; expected one, "
                                           "empty or made by stampede",
                                           name_)};
      case ER_CON_COUNT_ERROR:
      case ER_TOO_MANY_USER_CONNECTIONS:
        return {Kind::kUnreachable, fmt::format("{} cannot be reached: {}", name_, words)};
      default:
        break;
    }
    const bool away = connection_lost(code);
    return {away ? Kind::kUnreachable : Kind::kOther,
            fmt::format("{} cannot be {}: {} (MariaDB error {})", name_, away ? "reached" : "used",
                        words, code)};
  }

  const std::string name_;
  const std::string user_;
  const std::string connection_;
  const std::chrono::seconds answer_timeout_;
  const std::chrono::seconds reading_timeout_;
  const std::chrono::seconds lock_timeout_;
  const std::chrono::seconds schema_timeout_;
  const std::chrono::seconds idle_timeout_;
};

/// MariaDB does not tell whether anybody has committed, so every poll returns the revisions.
class MariadbChanges final : public Changes {
 public:
  explicit MariadbChanges(MariadbDialect& dialect)
      : dialect_(dialect), session_(dialect.connect(Access::kRead)) {}

  std::optional<Revisions> poll() override {
    if (!session_) session_ = dialect_.connect(Access::kRead);
    try {
      require_writable(*session_);
      return read_revisions(*session_);
    } catch (const soci::soci_error& error) {
      auto [failure, lost] = dialect_.failure(*session_, error, false);
      if (lost) session_.reset();
      throw failure;
    }
  }

 private:
  MariadbDialect& dialect_;
  std::unique_ptr<soci::session> session_;  // null: lost
};

std::unique_ptr<Changes> MariadbDialect::watch() { return std::make_unique<MariadbChanges>(*this); }

std::unique_ptr<soci::session> MariadbDialect::guard_schema() {
  auto session = connect(Access::kWrite);
  try {
    // All databases of a server share the names of locks, so the name contains the database, hashed
    // because a name has at most 64 characters.
    const auto lock =
        fmt::format("GET_LOCK(CONCAT('stampede.', MD5(DATABASE())), {})", schema_timeout_.count());
    if (select<int>(*session, lock) == 1) return session;
  } catch (const soci::soci_error& error) {
    throw failure(*session, error, false).error;
  }
  throw StorageError(Kind::kBusy, fmt::format("{}: another process kept its schema for {} s", name_,
                                              schema_timeout_.count()));
}

}  // namespace

st_mysql* mariadb_handle(soci::session& session) {
  return static_cast<soci::mysql_session_backend*>(session.get_backend())->conn_;
}

void execute(soci::session& session, std::string_view sql) {
  auto* handle = mariadb_handle(session);
  if (mysql_real_query(handle, sql.data(), sql.size()) != 0) {
    throw soci::mysql_soci_error(mysql_error(handle), static_cast<int>(mysql_errno(handle)));
  }
}

std::unique_ptr<Dialect> make_mariadb_dialect(const MariadbOptions& options) {
  return std::make_unique<MariadbDialect>(options);
}

}  // namespace stampede::repositories::sql

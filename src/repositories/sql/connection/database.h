#pragma once

#include <chrono>
#include <cstddef>
#include <filesystem>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <type_traits>
#include <utility>

#include "concurrency/fair_mutex.h"
#include "repositories/sql/connection/dialect.h"

namespace stampede::repositories::sql {

struct SqliteOptions {
  std::filesystem::path path;                      // made, with its schema, if it is missing
  std::chrono::milliseconds busy_timeout{30'000};  // how long to wait for other processes
  /// A file that nobody writes and that is to stay as it is: of this release's schema, and every
  /// write throws.
  bool read_only = false;
};

/// A database of a MariaDB server, 10.11 or later. A server that is away is asked again by every
/// transaction, which then throws StorageError::Kind::kUnreachable.
struct MariadbOptions {
  std::string address;  // "host:port", or the path of its socket, which begins with "/"
  std::string user;
  std::string password;
  std::string database;     // must exist; its schema is made if it is missing
  std::size_t readers = 4;  // connections to read with: 1 or more
  std::chrono::seconds connect_timeout{2};
  /// 2 s or more. A statement whose answer takes longer counts as a lost connection.
  std::chrono::seconds answer_timeout{10};
  /// The same on the connections to read with, whose statements may look at many rows. Unset:
  /// answer_timeout.
  std::optional<std::chrono::seconds> reading_timeout = std::nullopt;
  /// kBusy after that long; less than answer_timeout.
  std::chrono::seconds lock_timeout{5};
  /// The server ends a write transaction in which nothing is done for so long: a process that
  /// stands still or is cut off must not keep its locks.
  std::chrono::seconds idle_timeout{3};
};

class Database;

/// One transaction. Rolls back at the first error, and when destroyed without commit(). For one
/// thread.
class Transaction {
 public:
  Transaction(Database& database, Access access);
  ~Transaction();
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  /// Calls `work` with the session; what SOCI throws comes out as StorageError.
  template <class Work>
  decltype(auto) run(Work&& work) {
    require_open();
    try {
      return std::forward<Work>(work)(*session_);
    } catch (...) {
      rethrow();
    }
  }
  void commit();

  /// Another one after the connection was lost: what was prepared on it is to be prepared again.
  const std::shared_ptr<soci::session>& session() const { return session_; }

 private:
  void begin();
  /// Outside a transaction each statement would commit by itself.
  void require_open() const;
  /// In a catch block: rolls back and throws the current exception, SOCI's as StorageError.
  [[noreturn]] void rethrow();
  /// Says what went wrong, and rolls back, or gives up a connection that is lost.
  StorageError fail(const soci::soci_error& error, bool committing);
  void roll_back() noexcept;
  /// A writer has had its turn since it was made, which the analysis cannot see.
  void give_back() noexcept STAMPEDE_NO_THREAD_SAFETY_ANALYSIS;

  Database* database_;
  Access access_;
  std::unique_lock<concurrency::FairMutex> turn_;  // of the writer: held for as long as it lives
  std::shared_ptr<soci::session> session_;         // null: lost
  bool open_ = false;
};

/// Connections to one database, brought to the newest schema: one to write with, taken in turns,
/// and a few to read with. Those that are lost are made again when they are next needed.
/// Thread-safe.
class Database {
 public:
  /// Throws StorageError: kNewerSchema when a newer version wrote it, kBusy, kOther.
  explicit Database(const SqliteOptions& options);
  /// Throws StorageError: as above, and kUnreachable; kOther for wrong credentials, an unknown
  /// database, or a setting of the server with which a commit could be lost.
  explicit Database(const MariadbOptions& options);
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// Runs work(soci::session&) on one snapshot. Blocks while all readers are out.
  template <class Work>
  auto read(Work&& work) {
    Transaction transaction(*this, Access::kRead);
    return transaction.run(std::forward<Work>(work));
  }
  /// Runs work(soci::session&) as one transaction and commits it unless `work` throws.
  template <class Work>
  auto write(Work&& work) {
    Transaction transaction(*this, Access::kWrite);
    if constexpr (std::is_void_v<std::invoke_result_t<Work, soci::session&>>) {
      transaction.run(std::forward<Work>(work));
      transaction.commit();
    } else {
      auto result = transaction.run(std::forward<Work>(work));
      transaction.commit();
      return result;
    }
  }

  Dialect& dialect() const;

 private:
  friend class Transaction;
  struct State;
  void open(std::unique_ptr<Dialect> dialect, std::size_t readers);

  std::unique_ptr<State> state_;
};

}  // namespace stampede::repositories::sql

#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <mutex>
#include <type_traits>
#include <utility>

#include "concurrency/fair_mutex.h"
#include "repositories/sql/dialect.h"

namespace stampede::repositories::sql {

struct SqliteOptions {
  std::filesystem::path path;                      // made, with its schema, if it is missing
  std::chrono::milliseconds busy_timeout{30'000};  // how long to wait for other processes
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

 private:
  /// Outside a transaction each statement would commit by itself.
  void require_open() const;
  /// In a catch block: rolls back and throws the current exception, SOCI's as StorageError.
  [[noreturn]] void rethrow();
  void roll_back() noexcept;

  Database* database_;
  std::unique_lock<concurrency::FairMutex> turn_;  // of the writer
  std::unique_ptr<soci::session> reader_;
  soci::session* session_;
  bool open_ = false;
};

/// Connections to one database, brought to the newest schema: one to write with, taken in turns,
/// and a few to read with. Thread-safe.
class Database {
 public:
  /// Throws StorageError: kNewerSchema when a newer version wrote it, kBusy, kOther.
  explicit Database(const SqliteOptions& options);
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
  std::unique_ptr<State> state_;
};

}  // namespace stampede::repositories::sql

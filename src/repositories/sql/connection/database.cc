#include "repositories/sql/connection/database.h"

#include <soci/soci.h>

#include <cstdlib>
#include <stdexcept>
#include <vector>

#include "concurrency/mutex.h"
#include "repositories/sql/connection/migrations.h"
#include "telemetry/log.h"

namespace stampede::repositories::sql {
namespace {

/// More readers would only wait for the same few cores.
constexpr std::size_t kSqliteReaders = 4;

/// After a failed flush nobody knows what the disk holds (fsyncgate, 2018), whichever process asked
/// for the flush: a new process must read the file again.
void end_unless_durable(const StorageError& error) {
  if (error.kind() != StorageError::Kind::kDurability) return;
  telemetry::log_error("the disk does not keep what it is given: stopping", "reason=\"{}\"",
                       error.what());
  std::_Exit(EXIT_FAILURE);
}

}  // namespace

struct Database::State {
  std::unique_ptr<Dialect> dialect;
  concurrency::FairMutex writer_turn;
  std::shared_ptr<soci::session> writer STAMPEDE_GUARDED_BY(writer_turn);

  concurrency::Mutex readers_mutex;
  concurrency::Condition reader_returned;
  std::vector<std::shared_ptr<soci::session>> readers STAMPEDE_GUARDED_BY(readers_mutex);  // idle

  std::shared_ptr<soci::session> take_reader() {
    const concurrency::MutexLock lock(readers_mutex);
    reader_returned.wait(readers_mutex,
                         [this]() STAMPEDE_REQUIRES(readers_mutex) { return !readers.empty(); });
    auto reader = std::move(readers.back());
    readers.pop_back();
    return reader;
  }
  void give_back(std::shared_ptr<soci::session> reader) {
    {
      const concurrency::MutexLock lock(readers_mutex);
      readers.push_back(std::move(reader));
    }
    reader_returned.notify_one();
  }
};

Database::Database(const SqliteOptions& options) : state_(std::make_unique<State>()) {
  if (options.read_only) {
    state_->dialect = make_sqlite_dialect(options);
    state_->readers.push_back(state_->dialect->connect(Access::kRead));
  } else {
    open(make_sqlite_dialect(options), kSqliteReaders);
  }
}

Database::Database(const MariadbOptions& options) : state_(std::make_unique<State>()) {
  open(make_mariadb_dialect(options), options.readers);
}

void Database::open(std::unique_ptr<Dialect> dialect, std::size_t readers) {
  state_->dialect = std::move(dialect);
  {
    const concurrency::ScopedLock turn(state_->writer_turn);
    state_->writer = state_->dialect->connect(Access::kWrite);
  }
  for (std::size_t i = 0; i < readers; ++i) {
    state_->give_back(state_->dialect->connect(Access::kRead));
  }
  migrate(*this, embedded_migrations());
}

Database::~Database() = default;

Dialect& Database::dialect() const { return *state_->dialect; }

Transaction::Transaction(Database& database, Access access)
    : database_(&database), access_(access) {
  auto& state = *database.state_;
  if (access == Access::kWrite) {
    turn_ = std::unique_lock(state.writer_turn);
    session_ = state.writer;
  } else {
    session_ = state.take_reader();
  }
  try {
    begin();
  } catch (...) {
    give_back();
    throw;
  }
}

/// A connection may have been lost while nobody used it: then this tries once more, on a new one.
void Transaction::begin() {
  Dialect& dialect = database_->dialect();
  const bool fresh = !session_;
  if (fresh) session_ = dialect.connect(access_);
  try {
    dialect.begin(*session_, access_);
    open_ = true;
  } catch (const soci::soci_error& error) {
    const auto failure = fail(error, false);
    if (fresh || session_) throw failure;
    begin();
  }
}

Transaction::~Transaction() {
  roll_back();
  give_back();
}

void Transaction::commit() {
  require_open();
  try {
    *session_ << "COMMIT";
    open_ = false;
  } catch (const soci::soci_error& error) {
    throw fail(error, true);
  }
}

void Transaction::require_open() const {
  if (!open_) throw std::logic_error("a transaction was used after its end");
}

void Transaction::rethrow() {
  try {
    throw;
  } catch (const soci::soci_error& error) {
    throw fail(error, false);
  } catch (...) {
    roll_back();
    throw;
  }
}

StorageError Transaction::fail(const soci::soci_error& error, bool committing) {
  auto [failure, connection_lost] = database_->dialect().failure(*session_, error, committing);
  if (committing) end_unless_durable(failure);
  if (connection_lost) {
    open_ = false;
    session_.reset();
  }
  roll_back();
  return failure;
}

void Transaction::roll_back() noexcept {
  if (std::exchange(open_, false)) database_->dialect().rollback(*session_);
}

void Transaction::give_back() noexcept {
  auto& state = *database_->state_;
  if (access_ == Access::kWrite) {
    state.writer = std::move(session_);
  } else {
    state.give_back(std::move(session_));
  }
}

}  // namespace stampede::repositories::sql

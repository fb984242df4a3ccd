#include "repositories/sql/database.h"

#include <soci/soci.h>

#include <condition_variable>
#include <cstdlib>
#include <mutex>
#include <stdexcept>
#include <vector>

#include "repositories/sql/migrations.h"
#include "telemetry/log.h"

namespace stampede::repositories::sql {
namespace {

/// More would only wait for the same few cores.
constexpr std::size_t kReaders = 4;

/// After a failed flush nobody knows what the disk holds (fsyncgate, 2018), whoever asked for it:
/// the file is to be read again, by a new process.
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
  std::unique_ptr<soci::session> writer;

  std::mutex readers_mutex;
  std::condition_variable reader_returned;
  std::vector<std::unique_ptr<soci::session>> readers;  // idle; guarded by readers_mutex

  std::unique_ptr<soci::session> take_reader() {
    std::unique_lock lock(readers_mutex);
    reader_returned.wait(lock, [this] { return !readers.empty(); });
    auto reader = std::move(readers.back());
    readers.pop_back();
    return reader;
  }
  void give_back(std::unique_ptr<soci::session> reader) {
    {
      const std::lock_guard lock(readers_mutex);
      readers.push_back(std::move(reader));
    }
    reader_returned.notify_one();
  }
};

Database::Database(const SqliteOptions& options) : state_(std::make_unique<State>()) {
  state_->dialect = make_sqlite_dialect(options);
  state_->writer = state_->dialect->connect(Access::kWrite);
  for (std::size_t i = 0; i < kReaders; ++i) {
    state_->readers.push_back(state_->dialect->connect(Access::kRead));
  }
  migrate(*this, embedded_migrations());
}

Database::~Database() = default;

Dialect& Database::dialect() const { return *state_->dialect; }

Transaction::Transaction(Database& database, Access access) : database_(&database) {
  auto& state = *database.state_;
  if (access == Access::kWrite) {
    turn_ = std::unique_lock(state.writer_turn);
    session_ = state.writer.get();
  } else {
    reader_ = state.take_reader();
    session_ = reader_.get();
  }
  try {
    state.dialect->begin(*session_, access);
    open_ = true;
  } catch (const soci::soci_error& error) {
    const auto failure = state.dialect->error(*session_, error, false);
    if (reader_) state.give_back(std::move(reader_));
    throw failure;
  }
}

Transaction::~Transaction() {
  roll_back();
  if (reader_) database_->state_->give_back(std::move(reader_));
}

void Transaction::commit() {
  require_open();
  try {
    *session_ << "COMMIT";
    open_ = false;
  } catch (const soci::soci_error& error) {
    const auto failure = database_->dialect().error(*session_, error, true);
    end_unless_durable(failure);
    roll_back();
    throw failure;
  }
}

void Transaction::require_open() const {
  if (!open_) throw std::logic_error("a transaction was used after its end");
}

void Transaction::rethrow() {
  try {
    throw;
  } catch (const soci::soci_error& error) {
    const auto failure = database_->dialect().error(*session_, error, false);
    roll_back();
    throw failure;
  } catch (...) {
    roll_back();
    throw;
  }
}

void Transaction::roll_back() noexcept {
  if (std::exchange(open_, false)) database_->dialect().rollback(*session_);
}

}  // namespace stampede::repositories::sql

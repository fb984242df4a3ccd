#pragma once

#include <filesystem>
#include <utility>

#include "services/audit/journal.h"
#include "services/operations/outcome.h"

namespace stampede::services::operations {

/// What operators do with a shop's keys: made, written into the audit log and told. Running roles
/// see a change within a second. For one thread; calls block. Throws identity::KeyFileError and
/// repositories::StorageError. The journal outlives it.
class KeyOperations {
 public:
  KeyOperations(std::filesystem::path file, audit::Journal& journal)
      : file_(std::move(file)), journal_(&journal) {}

  const std::filesystem::path& file() const { return file_; }
  /// Puts a fresh key first, and keeps the one before it.
  void rotate(const Operator& who);

 private:
  std::filesystem::path file_;
  audit::Journal* journal_;
};

}  // namespace stampede::services::operations

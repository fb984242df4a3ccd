#pragma once

#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

#include "app/config/config.h"
#include "repositories/sql/repositories.h"

namespace stampede::app {

/// Where an operator's command works: the shop's storage (its own file, or a cluster's database),
/// and the log of who changed what. It may be opened while the shop runs, which sees the changes
/// within a second. For one thread.
class Office {
 public:
  enum class Missing { kRefuse, kCreate };
  /// Throws DataDirError, identity::KeyFileError, repositories::StorageError.
  Office(const Config& config, Missing missing);

  repositories::sql::Repositories& storage() { return repositories_; }
  /// The key file of the shop.
  const std::filesystem::path& keys() const { return keys_; }
  /// Records a change by this operator.
  void record(std::string_view action, std::string_view subject, Instant now);

 private:
  std::filesystem::path keys_;
  std::unique_ptr<repositories::sql::Database> database_;
  repositories::sql::Repositories repositories_;
  std::string actor_;
};

/// On standard error: the change had been made by an earlier request with the same key.
void say_applied_before();

}  // namespace stampede::app

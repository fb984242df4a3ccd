#include "app/office.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include "app/config/data_dir.h"
#include "app/roles/from_config.h"
#include "model/utf8.h"

namespace stampede::app {
namespace {

/// "cli:alice", by the account that runs the command; "cli:1000" if it has no name.
std::string this_operator() {
  const passwd* account = getpwuid(getuid());
  return account ? fmt::format("cli:{}", account->pw_name) : fmt::format("cli:{}", getuid());
}

std::unique_ptr<repositories::sql::Database> open_database(const Config& config,
                                                           Office::Missing missing) {
  if (!config.database.address.empty()) return open_cluster_database(config, 1);
  const std::filesystem::path& dir = config.data.dir;
  if (missing == Office::Missing::kCreate) {
    prepare_data_dir(dir);
  } else {
    require_data_dir(dir);
  }
  return std::make_unique<repositories::sql::Database>(
      repositories::sql::SqliteOptions{.path = database_path(dir)});
}

}  // namespace

Office::Office(const Config& config, Missing missing)
    : keys_(key_path(config.data.dir)),
      database_(open_database(config, missing)),
      repositories_(*database_),
      actor_(this_operator()) {}

void Office::record(std::string_view action, std::string_view subject, Instant now) {
  repositories_.audit_log().append(
      actor_, action, first_characters(subject, repositories::AuditLog::kLongestSubject), now);
}

void say_applied_before() {
  fmt::print(stderr, "stampede: applied before with this key; nothing was changed\n");
}

}  // namespace stampede::app

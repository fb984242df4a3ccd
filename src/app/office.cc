#include "app/office.h"

#include <fmt/core.h>
#include <pwd.h>
#include <unistd.h>

#include "app/config/data_dir.h"

namespace stampede::app {
namespace {

/// "cli:alice", by the account that runs the command; "cli:1000" if it has no name.
std::string this_operator() {
  const passwd* account = getpwuid(getuid());
  return account ? fmt::format("cli:{}", account->pw_name) : fmt::format("cli:{}", getuid());
}

repositories::sql::SqliteOptions open_options(const std::filesystem::path& dir,
                                              Office::Missing missing) {
  if (missing == Office::Missing::kCreate) {
    prepare_data_dir(dir);
  } else {
    require_data_dir(dir);
  }
  return {database_path(dir)};
}

}  // namespace

Office::Office(const Config& config, Missing missing)
    : keys_(key_path(config.data.dir)),
      database_(open_options(config.data.dir, missing)),
      repositories_(database_),
      actor_(this_operator()) {}

void Office::record(std::string_view action, std::string_view subject, Instant now) {
  repositories_.audit_log().append(actor_, action, subject, now);
}

}  // namespace stampede::app

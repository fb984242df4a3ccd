#include "app/commands/command_context.h"

#include <fmt/core.h>

#include "app/config/data_dir.h"
#include "app/config/data_owner.h"
#include "app/fronts/webhooks.h"
#include "app/process/from_config.h"
#include "pictures/apart/render_apart.h"

namespace stampede::app {
namespace {

std::unique_ptr<repositories::sql::Database> open_database(const Config& config,
                                                           CommandContext::Missing missing) {
  if (!config.database.address.empty()) return open_patient_database(config);
  const std::filesystem::path& dir = config.data.dir;
  if (missing == CommandContext::Missing::kCreate) {
    prepare_data_dir(dir);
  } else {
    require_data_dir(dir);
  }
  return std::make_unique<repositories::sql::Database>(
      repositories::sql::SqliteOptions{.path = database_path(dir)});
}

}  // namespace

CommandContext::CommandContext(const Config& config, Missing missing)
    : database_(open_database(config, missing)),
      repositories_(*database_),
      journal_(repositories_.audit_log(), repositories_.accounts()),
      catalog_(repositories_.catalog(), repositories_.pictures(), journal_, pictures::render_apart),
      users_({repositories_.accounts(), repositories_.blacklist(), repositories_.buyer_search()},
             journal_),
      operators_(repositories_.accounts(), repositories_.second_factors(), journal_),
      orders_(repositories_.order_events(), journal_),
      tokens_(repositories_.api_tokens(), journal_),
      webhooks_({repositories_.webhooks(), repositories_.order_history()}, journal_,
                private_webhooks(config)),
      keys_(key_path(config.data.dir), journal_) {}

services::operations::Operator CommandContext::who() const {
  return {.name = fmt::format("cli:{}", calling_account()), .now = read_clocks()};
}

void print_applied(std::int64_t number, bool before) {
  if (before) {
    fmt::print(stderr, "stampede: applied before with this key; nothing was changed\n");
  }
  fmt::print("{}\n", number);
}

}  // namespace stampede::app

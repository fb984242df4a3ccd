#include <fmt/format.h>

#include "app/commands/command_context.h"
#include "app/commands/commands.h"

namespace stampede::app {

Done cancel_order(const Config& config, const OrderCancel& options) {
  CommandContext context(config, CommandContext::Missing::kRefuse);
  const auto cancelled = context.orders().cancel(context.who(), options.number, options.reason);
  if (!cancelled) return std::unexpected(cancelled.error());
  if (cancelled->before) fmt::print(stderr, "stampede: it had been cancelled already\n");
  return {};
}

}  // namespace stampede::app

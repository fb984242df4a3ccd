#include "services/operations/order_operations.h"

#include <fmt/format.h>

namespace stampede::services::operations {

Outcome<repositories::Applied<Order>> OrderOperations::cancel(const Operator& who,
                                                              OrderNumber number,
                                                              const std::string& reason) {
  auto cancelled = changes_.cancel(number, who.name, reason, who.now.wall);
  if (cancelled && !cancelled->before) {
    const auto& order = cancelled->result;
    journal_->record(
        who, "order cancel",
        fmt::format("order {} of buyer {} in sale {}{}{}", number.value, order.buyer.value,
                    order.sale.value, reason.empty() ? "" : ": ", reason));
  }
  return cancelled;
}

}  // namespace stampede::services::operations

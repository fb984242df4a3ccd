#include "controllers/console/orders/order_query.h"

#include <fmt/format.h>

#include <utility>

namespace stampede::controllers {

services::orders::OrderQuery order_query_of(const http::Request& request) {
  const auto typed = [&](std::string_view name) {
    return request.query_parameter(name).value_or("");
  };
  return {.number = typed("number"),
          .sale = typed("sale"),
          .buyer = typed("buyer"),
          .status = typed("status"),
          .from = typed("from"),
          .to = typed("to")};
}

std::string address_of(std::string_view path, const repositories::OrderFilter& filter,
                       OrderNumber before) {
  std::string address(path);
  char mark = '?';
  // Digits, letters, '-', ':' and '.' alone: nothing to encode.
  const auto add = [&](std::string_view name, const auto& value) {
    address += fmt::format("{}{}={}", mark, name, value);
    mark = '&';
  };
  if (filter.number) add("number", filter.number.value);
  if (filter.sale) add("sale", filter.sale.value);
  if (filter.buyer) add("buyer", filter.buyer.value);
  if (filter.status) {
    add("status", std::string(to_string(*filter.status)));
  }
  if (filter.from) add("from", format_rfc3339(*filter.from));
  if (filter.to) add("to", format_rfc3339(*filter.to));
  if (before) add("before", before.value);
  return address;
}

views::ConsoleOrder shown(repositories::FoundOrder found) {
  auto& [line, buyer_name] = found;
  return {line.order, line.product, std::move(line.product_name), line.price_cents,
          std::move(buyer_name)};
}

}  // namespace stampede::controllers

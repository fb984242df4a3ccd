#include "views/console/orders_pages.h"

#include <fmt/format.h>

#include "views/console/csv.h"
#include "views/console/values.h"

namespace stampede::views {

using kainjow::mustache::data;

std::string ConsoleOrdersPages::search(const OrderSearchPage& page) const {
  data values;
  values.set("number", page.number);
  values.set("sale", page.sale);
  values.set("buyer", page.buyer);
  values.set("from", page.from);
  values.set("to", page.to);
  for (const OrderStatus status : kOrderStatuses) {
    const std::string name(to_string(status));
    values.set("only_" + name, data{page.status == name});
  }

  data errors{data::type::list};
  for (const std::string& error : page.errors) errors.push_back(section(error));
  values.set("wrong", data{!page.errors.empty()});
  values.set("errors", errors);

  data orders{data::type::list};
  for (const ConsoleOrder& order : page.orders) orders.push_back(values_of(order));
  values.set("found", data{!page.orders.empty()});
  values.set("orders", orders);
  values.set("none", data{page.orders.empty() && page.errors.empty() && page.further_url.empty()});
  values.set("csv", section(page.csv_url));
  values.set("older", section(page.older_url));
  values.set("further", section(page.further_url));
  return templates_->render("orders/orders", "Orders", values);
}

std::string ConsoleOrdersPages::order(const OrderPage& page) const {
  const ConsoleOrder& order = page.order;
  data values = values_of(order);
  data events{data::type::list};
  for (const OrderEvent& event : page.events) {
    data each;
    put_time(each, "at", event.at);
    each.set("kind", std::string(to_string(event.kind)));
    each.set("actor", event.actor);
    each.set("why", section(event.reason));
    events.push_back(each);
  }
  data happened{data::type::object};
  happened.set("each", events);
  values.set("events", page.events.empty() ? data{false} : happened);
  values.set("cancel_token",
             page.token(fmt::format("/orders/{}/cancel", order.order.number.value)));
  values.set("typed_reason", page.reason);
  values.set("error", section(page.error));
  values.set("lease", std::to_string(order.order.lease.value));
  values.set("intent", std::string(order.order.intent.text()));
  values.set("slot", section(order.order.slot ? std::to_string(*order.order.slot) : ""));
  return templates_->render("orders/order", fmt::format("Order {}", order.order.number.value),
                            values);
}

std::string orders_csv_heading() {
  std::string line;
  CsvLine csv(line);
  for (const std::string_view column :
       {"order", "created_at", "status", "reason", "sale", "product", "product_name", "price_cents",
        "price", "buyer", "buyer_name"}) {
    csv.plain(column);
  }
  csv.end();
  return line;
}

void append_csv(std::string& out, const ConsoleOrder& line) {
  const Order& order = line.order;
  CsvLine(out)
      .number(order.number.value)
      .plain(format_rfc3339(order.created_at))
      .plain(to_string(order.status))
      .plain(to_string(order.reason))
      .number(order.sale.value)
      .number(line.product.value)
      .text(line.product_name)
      .number(line.price_cents)
      .plain(fmt::format("{}.{:02}", line.price_cents / 100, line.price_cents % 100))
      .number(order.buyer.value)
      .text(line.buyer_name)
      .end();
}

}  // namespace stampede::views

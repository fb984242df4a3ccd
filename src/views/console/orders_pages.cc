#include "views/console/orders_pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <utility>

#include "views/console/csv.h"
#include "views/console/values.h"
#include "views/format.h"

namespace stampede::views {

using kainjow::mustache::data;

namespace {

/// "refund_due" → "refund due".
std::string spaced(std::string_view name) {
  std::string words(name);
  std::ranges::replace(words, '_', ' ');
  return words;
}

/// Why a payment goes back, for people; a reason that has no words here stays as it is.
std::string words_of(const std::string& reason) {
  constexpr std::pair<std::string_view, const char*> kWords[] = {
      {"wrong-amount", "the amount is not the price"},
      {"limit-reached", "the buyer has as many as one may have"},
      {"sold-out", "the order had expired, and no unit was left"},
      {"paid-already", "the order had been paid already"},
      {"nothing-to-pay", "nothing was to be paid"},
      {"failed", "the order had failed"},
      {"cancelled-before", "the order had been cancelled"},
      {"cancelled", "the order was cancelled"},
  };
  const auto* const found =
      std::ranges::find(kWords, reason, [](const auto& each) { return each.first; });
  return found == std::end(kWords) ? reason : found->second;
}

data list_of(const std::vector<OrderEvent>& events) {
  data list{data::type::list};
  for (const OrderEvent& event : events) {
    data each;
    put_time(each, "at", event.at);
    each.set("kind", spaced(to_string(event.kind)));
    each.set("actor", event.actor);
    each.set("amount", section(event.amount_cents ? format_price(*event.amount_cents) : ""));
    each.set("why", section(event.reason));
    list.push_back(each);
  }
  return list;
}

data list_of(const std::vector<Payment>& payments) {
  data list{data::type::list};
  for (const Payment& payment : payments) {
    data each;
    put_time(each, "at", payment.at);
    each.set("reference", payment.reference);
    each.set("amount", format_price(payment.amount_cents));
    each.set("state", spaced(to_string(payment.state)));
    each.set("why", section(words_of(payment.reason)));
    each.set("due", data{payment.state == PaymentState::kRefundDue});
    list.push_back(each);
  }
  return list;
}

/// A section that holds the list as {{#each}}; not shown if that is empty.
template <class Row>
data section_of(const std::vector<Row>& rows) {
  if (rows.empty()) return data{false};
  data section{data::type::object};
  section.set("each", list_of(rows));
  return section;
}

}  // namespace

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
  for (const OrderStatus status : kOrderStatuses) {
    values.set("is_" + std::string(to_string(status)), data{order.order.status == status});
  }
  values.set("events", section_of(page.events));
  values.set("payments", section_of(page.payments));
  for (const std::string form : {"cancel", "pay", "refund"}) {
    values.set(form + "_token",
               page.token(fmt::format("/orders/{}/{}", order.order.number.value, form)));
  }
  values.set("typed_reference", page.reference);
  values.set("typed_amount", page.amount);
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

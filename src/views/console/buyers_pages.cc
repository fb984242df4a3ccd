#include "views/console/buyers_pages.h"

#include <fmt/format.h>

#include <map>

#include "views/console/values.h"

namespace stampede::views {

using kainjow::mustache::data;

namespace {

data values_of(const User& user) {
  data values;
  values.set("id", std::to_string(user.id.value));
  values.set("name", user.name);
  values.set("role", std::string(to_string(user.role)));
  put_time(values, "added_at", user.created_at);
  return values;
}

data values_of(const BlacklistEntry& entry) {
  data values;
  values.set("user", std::to_string(entry.user.value));
  values.set("reason", entry.reason);
  put_time(values, "since", entry.created_at);
  values.set("ends", data{entry.expires_at.has_value()});
  if (entry.expires_at) put_time(values, "until", *entry.expires_at);
  return values;
}

/// A table for each sale, the newest sale first.
data sales_of(const std::vector<ConsoleOrder>& orders) {
  std::map<SaleId, data, std::greater<>> rows;
  std::map<SaleId, const ConsoleOrder*> first;
  for (const ConsoleOrder& order : orders) {
    auto [place, added] = rows.try_emplace(order.order.sale, data::type::list);
    place->second.push_back(values_of(order));
    if (added) first[order.order.sale] = &order;
  }
  data sales{data::type::list};
  for (auto& [sale, its_rows] : rows) {
    data values;
    values.set("sale", std::to_string(sale.value));
    values.set("product_name", first[sale]->product_name);
    values.set("orders", its_rows);
    sales.push_back(values);
  }
  return sales;
}

}  // namespace

std::string ConsoleBuyersPages::buyers(const BuyersPage& page) const {
  data users{data::type::list};
  for (const User& user : page.users) users.push_back(values_of(user));
  data values;
  values.set("who", page.who);
  values.set("error", section(page.error));
  values.set("found", data{!page.users.empty()});
  values.set("none", data{page.users.empty() && page.error.empty()});
  values.set("users", users);
  values.set("more", section(page.more_after));
  return templates_->render("buyers/buyers", "Buyers", values);
}

std::string ConsoleBuyersPages::buyer(const BuyerPage& page) const {
  data values = values_of(page.user);
  values.set("blacklisted", page.entry ? values_of(*page.entry) : data{false});
  values.set("sales", sales_of(page.orders));
  values.set("no_orders", data{page.orders.empty()});
  values.set("more_orders", data{page.more_orders});
  const std::string address = fmt::format("/buyers/{}", page.user.id.value);
  for (const char* form : {"blacklist", "unban", "logout"}) {
    values.set(fmt::format("{}_token", form), page.token(fmt::format("{}/{}", address, form)));
  }
  values.set("of_console", data{is_of_console(page.user.role)});
  values.set("remove_token", page.token(fmt::format("/operators/{}/remove", page.user.id.value)));
  values.set("notice", section(page.notice));
  values.set("error", section(page.error));
  values.set("reason", page.reason);
  values.set("hours", page.hours);
  values.set("for_good", data{page.for_good});
  return templates_->render("buyers/buyer", page.user.name, values);
}

std::string ConsoleBuyersPages::blacklist(const BlacklistPage& page) const {
  data rows{data::type::list};
  for (const BlacklistRow& row : page.rows) {
    data values = values_of(row.entry);
    values.set("name", section(row.name));
    values.set("token", page.token(fmt::format("/buyers/{}/unban", row.entry.user.value)));
    rows.push_back(values);
  }
  data values;
  values.set("rows", rows);
  values.set("found", data{!page.rows.empty()});
  values.set("more", section(page.more_after ? std::to_string(page.more_after.value) : ""));
  values.set("notice", section(page.notice));
  return templates_->render("buyers/blacklist", "Blacklist", values);
}

}  // namespace stampede::views

#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "model/orders/order_event.h"
#include "model/orders/payment.h"
#include "views/console/pages.h"

namespace stampede::views {

/// An order as operators see it.
struct ConsoleOrder {
  Order order;
  ProductId product;
  std::string product_name;
  std::int64_t price_cents = 0;
  std::string buyer_name;  // empty: there is no such user any more
};

/// The search for orders, with what was typed into it.
struct OrderSearchPage {
  std::string number;
  std::string sale;
  std::string buyer;
  std::string status;
  std::string from;
  std::string to;
  std::vector<std::string> errors;  // a sentence each; if there are any, no search was made
  std::vector<ConsoleOrder> orders;
  std::string csv_url;      // the same search; empty: none
  std::string older_url;    // the next page; empty: none
  std::string further_url;  // goes on where the search was cut short; else empty
};

/// One order, what happened to it, its payments, and the forms that cancel it and record payments
/// and refunds.
struct OrderPage {
  ConsoleOrder order;
  std::vector<OrderEvent> events;      // in the order in which they happened
  FormToken token;                     // of its forms
  std::string error;                   // a sentence; empty: none
  std::string reason;                  // as it was typed
  std::vector<Payment> payments = {};  // in the order of their recording
  std::string reference = {};          // of a payment, as it was typed
  std::string amount = {};             // likewise
};

/// Pages of orders in the console, and their export. Values are escaped. Thread-safe; `console`
/// outlives it.
class ConsoleOrdersPages {
 public:
  explicit ConsoleOrdersPages(const ConsolePages& console) : templates_(&console.templates()) {}

  std::string search(const OrderSearchPage& page) const;
  std::string order(const OrderPage& page) const;

 private:
  const PageTemplates* templates_;
};

/// The same as CSV: the line of headings, and an order's line.
std::string orders_csv_heading();
void append_csv(std::string& out, const ConsoleOrder& order);

}  // namespace stampede::views

#pragma once

#include <optional>
#include <string>
#include <vector>

#include "model/user.h"
#include "views/console/orders_pages.h"
#include "views/console/pages.h"

namespace stampede::views {

/// A page of users, found by the beginning of their names or by id.
struct BuyersPage {
  std::string who;    // as typed
  std::string error;  // a sentence, or empty
  std::vector<User> users;
  std::string more_after;  // the name to go on after; empty: there are no more
};

/// One buyer, and what can be done about them.
struct BuyerPage {
  User user;
  std::optional<BlacklistEntry> entry;  // if one holds
  std::vector<ConsoleOrder> orders;     // newest first
  bool more_orders = false;
  FormToken token;
  std::string notice;  // a sentence of success, or empty
  std::string error;   // a sentence about the form below, which keeps what was typed; or empty
  std::string reason;
  std::string hours;
  bool for_good = false;
};

/// An entry of the blacklist.
struct BlacklistRow {
  BlacklistEntry entry;
  std::string name;  // empty: there is no such user any more
};

struct BlacklistPage {
  std::vector<BlacklistRow> rows;  // in order of user
  UserId more_after;               // none: there are no more
  FormToken token;
  std::string notice;
};

/// Pages of buyers in the console. Values are escaped. Thread-safe; `console` outlives it.
class ConsoleBuyersPages {
 public:
  explicit ConsoleBuyersPages(const ConsolePages& console) : templates_(&console.templates()) {}

  std::string buyers(const BuyersPage& page) const;
  std::string buyer(const BuyerPage& page) const;
  std::string blacklist(const BlacklistPage& page) const;

 private:
  const PageTemplates* templates_;
};

}  // namespace stampede::views

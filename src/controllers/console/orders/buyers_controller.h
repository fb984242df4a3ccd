#pragma once

#include <string>

#include "controllers/console/operator_guard.h"
#include "http/server/handlers/router.h"
#include "services/operations/operator_operations.h"
#include "services/operations/user_operations.h"
#include "services/orders/order_archive.h"
#include "views/console/buyers_pages.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// Users and the blacklist at the console: GET /buyers, /buyers/{id}, /blacklist; POST
/// /buyers/{id}/blacklist, /buyers/{id}/unban, /buyers/{id}/logout, /operators/{id}/remove. Every
/// change is in the journal.
/// Thread-safe; the services outlive it.
class BuyersController {
 public:
  struct Services {
    services::accounts::Buyers& buyers;
    services::accounts::Sessions& sessions;
    services::orders::OrderArchive& archive;
    services::operations::UserOperations& operations;
    services::operations::OperatorOperations& operators;
    services::audit::Journal& journal;
    const views::ConsoleBuyersPages& pages;
    const views::ConsolePages& console;
  };
  static constexpr std::size_t kPerPage = 50;

  explicit BuyersController(const Services& services) : services_(services) {}

  /// The controller and the guard must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  using Operator = OperatorGuard::Operator;
  http::Response buyers(const http::Request& request);
  http::Response buyer(const http::Request& request, const Operator& who, Now now);
  http::Response blacklist(const http::Request& request, const Operator& who, Now now);
  http::Response put_on_blacklist(const http::Request& request, const Operator& who, Now now);
  http::Response unban(const http::Request& request, const Operator& who, Now now);
  http::Response log_out(const http::Request& request, const Operator& who, Now now);
  http::Response remove_operator(const http::Request& request, const Operator& who, Now now);

  /// The buyer's page with what was typed into its form, and what was wrong with that.
  struct Form {
    int status = 200;
    std::string notice;
    std::string error;
    std::string reason;
    std::string hours;
    bool for_good = false;
  };
  http::Response buyer_page(UserId user, const Operator& who, Now now, Form form);
  http::Response refuse(services::accounts::BanError error, UserId user, const Operator& who,
                        Now now, Form form);

  Services services_;
};

}  // namespace stampede::controllers

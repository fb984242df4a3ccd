#pragma once

#include <string>
#include <string_view>

#include "controllers/console/operator_guard.h"
#include "http/server/handlers/router.h"
#include "services/accounts/buyers.h"
#include "services/accounts/second_factor.h"
#include "services/audit/journal.h"
#include "services/operations/operator_operations.h"
#include "views/console/pages.h"

namespace stampede::controllers {

/// GET and POST /second-factor of the console: operators set up their own second factor, of
/// whatever role they are. One that is there is replaced by the command line alone, so that a
/// stolen session cannot. Thread-safe; the services outlive it.
class SecondFactorController {
 public:
  struct Services {
    services::accounts::Buyers& users;
    services::accounts::SecondFactor& factor;
    services::operations::OperatorOperations& operations;
    services::audit::Journal& journal;
    const views::ConsolePages& pages;
    bool required = false;  // as the page says
  };
  explicit SecondFactorController(const Services& services) : services_(services) {}

  /// The controller and the guard must outlive the router.
  void add_routes(http::Router& router, OperatorGuard& guard);

 private:
  using Operator = OperatorGuard::Operator;
  http::Response show(const Operator& who);
  http::Response set_up(const http::Request& request, const Operator& who, Now now);
  /// With the secret of `sealed`, or a new one.
  http::Response form(int status, const User& user, const Operator& who, std::string_view sealed,
                      std::string error);
  http::Response has_one(int status, const Operator& who) const;

  Services services_;
};

}  // namespace stampede::controllers

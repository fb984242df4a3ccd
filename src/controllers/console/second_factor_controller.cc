#include "controllers/console/second_factor_controller.h"

#include <utility>

#include "controllers/account_response.h"
#include "controllers/page_response.h"

namespace stampede::controllers {

using services::accounts::SecondFactor;

void SecondFactorController::add_routes(http::Router& router, OperatorGuard& guard) {
  guard.get(router, std::string(kSecondFactorPath),
            [this](const http::Request&, const Operator& who, Now) { return show(who); });
  guard.post(router, std::string(kSecondFactorPath),
             [this](const http::Request& request, const Operator& who, Now now) {
               return set_up(request, who, now);
             });
}

http::Response SecondFactorController::show(const Operator& who) {
  const auto user = services_.users.find(who.id);
  if (!user) return go_to("/login");
  if (services_.factor.has(who.id)) return has_one(200, who);
  return form(200, *user, who, {}, {});
}

http::Response SecondFactorController::set_up(const http::Request& request, const Operator& who,
                                              Now now) {
  const auto user = services_.users.find(who.id);
  if (!user) return go_to("/login");
  const std::string sealed = request.form_field("secret").value_or("");
  switch (services_.operations.set_up_second_factor(services_.journal.at_console(who.id, now),
                                                    *user, services_.factor, sealed,
                                                    request.form_field("code").value_or(""))) {
    case SecondFactor::SetUp::kDone:
      return go_to("/login?done=second-factor");
    case SecondFactor::SetUp::kHasOne:
      return has_one(409, who);
    case SecondFactor::SetUp::kWrongCode:
      break;
  }
  return form(422, *user, who, sealed,
              "That is not the code of this key. Type the six digits that your authenticator shows "
              "now; its clock must be right.");
}

http::Response SecondFactorController::form(int status, const User& user, const Operator& who,
                                            std::string_view sealed, std::string error) {
  SecondFactor::Offer offer = services_.factor.offer(user, sealed);
  views::SecondFactorPage shown;
  shown.required = services_.required;
  shown.uri = std::move(offer.uri);
  shown.text = std::move(offer.text);
  shown.sealed = std::move(offer.sealed);
  shown.token = who.token(kSecondFactorPath);
  shown.error = std::move(error);
  return page(status, services_.pages.second_factor(shown));
}

http::Response SecondFactorController::has_one(int status, const Operator& who) const {
  views::SecondFactorPage shown;
  shown.has = true;
  shown.shown = who.second_factor;
  return page(status, services_.pages.second_factor(shown));
}

}  // namespace stampede::controllers

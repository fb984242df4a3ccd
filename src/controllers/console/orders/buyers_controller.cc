#include "controllers/console/orders/buyers_controller.h"

#include <fmt/format.h>

#include <charconv>
#include <utility>

#include "controllers/account_response.h"
#include "controllers/console/orders/order_query.h"
#include "controllers/page_response.h"
#include "controllers/parse_id.h"
#include "model/text/utf8.h"

namespace stampede::controllers {
namespace {

using services::accounts::Ban;
using services::accounts::BanError;

constexpr std::string_view kForGood = "ever";
constexpr std::string_view kForHours = "hours";
constexpr auto kMostHours =
    std::chrono::duration_cast<std::chrono::hours>(services::accounts::kLongestBan).count();

/// What a change says on the page it leads to.
std::string notice_of(const http::Request& request) {
  const auto done = request.query_parameter("done");
  if (done == "blacklisted") return "This buyer is on the blacklist.";
  if (done == "unbanned") return "The entry is lifted: this buyer may buy again.";
  if (done == "removed") return "This user is no operator any more.";
  if (done == "logged-out") return "Every session of this user has ended.";
  return "";
}

UserId user_of(const http::Request& request) {
  return parse_id<UserId>(request.path_parameters[0]).value_or(UserId{});
}

std::string form_text(const http::Request& request, std::string_view name) {
  return request.form_field(name).value_or("");
}

/// nullopt if it is no number of hours.
std::optional<std::chrono::milliseconds> parse_hours(std::string_view text) {
  std::int64_t hours = 0;
  const auto [stopped, error] = std::from_chars(text.begin(), text.end(), hours);
  if (error != std::errc{} || stopped != text.end() || hours < 1 || hours > kMostHours) {
    return std::nullopt;
  }
  return std::chrono::hours{hours};
}

/// The form asks for hours.
std::string words_of(BanError error, std::string_view reason = {}) {
  if (error != BanError::kBadDuration) return explain(error, reason);
  return fmt::format("Hours: expected a whole number from 1 to {}.", kMostHours);
}

}  // namespace

void BuyersController::add_routes(http::Router& router, OperatorGuard& guard) {
  using Answer = http::Response (BuyersController::*)(const http::Request&, const Operator&, Now);
  const auto by = [this](Answer answer) {
    return [this, answer](const http::Request& request, const Operator& who, Now now) {
      return (this->*answer)(request, who, now);
    };
  };
  guard.get(router, "/buyers",
            [this](const http::Request& request, const auto&, Now) { return buyers(request); });
  guard.get(router, "/buyers/{id}", by(&BuyersController::buyer));
  guard.post(router, "/buyers/{id}/blacklist", by(&BuyersController::put_on_blacklist));
  guard.post(router, "/buyers/{id}/unban", by(&BuyersController::unban));
  guard.post(router, "/buyers/{id}/logout", by(&BuyersController::log_out));
  guard.post(router, "/operators/{id}/remove", by(&BuyersController::remove_operator));
  guard.get(router, "/blacklist", by(&BuyersController::blacklist));
}

http::Response BuyersController::buyers(const http::Request& request) {
  const std::string who = request.query_parameter("who").value_or("");
  views::BuyersPage shown_page;
  if (is_utf8(who)) shown_page.who = who;
  auto found =
      services_.buyers.search(who, request.query_parameter("after").value_or(""), kPerPage);
  if (!found) {
    shown_page.error =
        fmt::format("Expected an id, or the beginning of a name. A name has {}.", kUserNameForm);
    return page(400, services_.pages.buyers(shown_page));
  }
  shown_page.users = std::move(found->users);
  shown_page.more_after = std::move(found->more_after);
  return page(200, services_.pages.buyers(shown_page));
}

http::Response BuyersController::buyer(const http::Request& request, const Operator& who, Now now) {
  return buyer_page(user_of(request), who, now, {.notice = notice_of(request)});
}

http::Response BuyersController::buyer_page(UserId user, const Operator& who, Now now, Form form) {
  auto found = services_.buyers.find(user);
  if (!found) {
    return page(404,
                services_.console.message({"No such buyer", words_of(BanError::kUnknownUser)}));
  }
  auto orders = services_.archive.find({.buyer = user}, {}, kPerPage);
  views::BuyerPage shown_page{.user = *std::move(found),
                              .entry = services_.buyers.blacklisted(user, now.wall),
                              .more_orders = static_cast<bool>(orders.continue_before),
                              .token = who.token,
                              .notice = std::move(form.notice),
                              .error = std::move(form.error),
                              .for_good = form.for_good};
  if (is_utf8(form.reason)) shown_page.reason = std::move(form.reason);
  if (is_utf8(form.hours)) shown_page.hours = std::move(form.hours);
  for (auto& order : orders.orders) shown_page.orders.push_back(shown(std::move(order)));
  return page(form.status, services_.pages.buyer(shown_page));
}

http::Response BuyersController::refuse(BanError error, UserId user, const Operator& who, Now now,
                                        Form form) {
  const bool conflict = error == BanError::kBannedForGood || error == BanError::kNotBanned;
  form.status = conflict ? 409 : 422;
  form.error = words_of(error, form.reason);
  return buyer_page(user, who, now, std::move(form));
}

http::Response BuyersController::put_on_blacklist(const http::Request& request, const Operator& who,
                                                  Now now) {
  const UserId user = user_of(request);
  const std::string until = form_text(request, "until");
  Form form{.reason = form_text(request, "reason"),
            .hours = form_text(request, "hours"),
            .for_good = until == kForGood};
  Ban ban{.reason = form.reason, .duration = {}};
  if (!form.for_good) {
    ban.duration = parse_hours(form.hours);
    if (until != kForHours || !ban.duration) {
      return refuse(BanError::kBadDuration, user, who, now, std::move(form));
    }
  }
  const auto banned =
      services_.operations.ban(services_.journal.at_console(who.id, now), user, ban);
  if (!banned) return refuse(banned.error(), user, who, now, std::move(form));
  return go_to(fmt::format("/buyers/{}?done=blacklisted", user.value));
}

http::Response BuyersController::unban(const http::Request& request, const Operator& who, Now now) {
  const UserId user = user_of(request);
  const auto unbanned = services_.operations.unban(services_.journal.at_console(who.id, now), user);
  if (!unbanned) return refuse(unbanned.error(), user, who, now, {});
  if (form_text(request, "from") == "blacklist") return go_to("/blacklist?done=unbanned");
  return go_to(fmt::format("/buyers/{}?done=unbanned", user.value));
}

http::Response BuyersController::log_out(const http::Request& request, const Operator& who,
                                         Now now) {
  const UserId user = user_of(request);
  using Error = services::operations::UserOperations::LogOutError;
  const auto gone = services_.operations.log_out(services_.journal.at_console(who.id, now),
                                                 who.role, user, services_.sessions);
  if (!gone && gone.error() == Error::kOwnersAlone) return who.refuse(UserRole::kOwner);
  if (!gone) return refuse(BanError::kUnknownUser, user, who, now, {});
  return go_to(fmt::format("/buyers/{}?done=logged-out", user.value));
}

http::Response BuyersController::remove_operator(const http::Request& request, const Operator& who,
                                                 Now now) {
  const UserId user = user_of(request);
  const auto found = services_.buyers.find(user);
  if (!found) return buyer_page(user, who, now, {});
  const auto gone = services_.operators.remove(services_.journal.at_console(who.id, now), *found);
  if (!gone) return buyer_page(user, who, now, {.status = 409, .error = gone.error()});
  services_.sessions.revoke_below(user, *gone, now.wall);  // here at once
  return go_to(fmt::format("/buyers/{}?done=removed", user.value));
}

http::Response BuyersController::blacklist(const http::Request& request, const Operator& who,
                                           Now now) {
  UserId after;
  if (const auto text = request.query_parameter("after")) {
    after = parse_id<UserId>(*text).value_or(UserId{});
    if (!after) {
      return page(400, services_.console.message(
                           {"No such page", "“after” is to be a user’s id: digits only, from 1."}));
    }
  }
  auto found = services_.buyers.blacklist(after, kPerPage, now.wall);
  views::BlacklistPage shown_page{
      .rows = {}, .more_after = found.more_after, .token = who.token, .notice = notice_of(request)};
  for (auto& [entry, name] : found.buyers) {
    shown_page.rows.push_back({std::move(entry), std::move(name)});
  }
  return page(200, services_.pages.blacklist(shown_page));
}

}  // namespace stampede::controllers

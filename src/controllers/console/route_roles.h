#pragma once

#include <array>
#include <string_view>

#include "http/message.h"
#include "model/user.h"

namespace stampede::controllers {

/// Which role a route asks for at least.
struct RouteRole {
  http::Method method;
  std::string_view pattern;
  UserRole least;
};

/// Where operators set up a second factor. Where one is required, a session that was begun without
/// any opens nothing else.
inline constexpr std::string_view kSecondFactorPath = "/second-factor";

/// Every route of the console behind its log-in. A route that is not here cannot be added.
inline constexpr std::array kRouteRoles = std::to_array<RouteRole>({
    {http::Method::kGet, "/", UserRole::kViewer},
    {http::Method::kGet, "/sales", UserRole::kViewer},
    {http::Method::kGet, "/sales/{id}", UserRole::kViewer},
    {http::Method::kGet, "/sales/{id}/live", UserRole::kViewer},
    {http::Method::kGet, "/sales/{id}/live/events", UserRole::kViewer},
    {http::Method::kGet, "/sales/{id}/units", UserRole::kViewer},
    {http::Method::kGet, "/sales/{id}/report", UserRole::kViewer},
    {http::Method::kGet, "/products", UserRole::kViewer},
    {http::Method::kGet, "/products/{id}", UserRole::kViewer},
    {http::Method::kGet, "/pictures/{name}", UserRole::kViewer},
    {http::Method::kGet, "/orders", UserRole::kViewer},
    {http::Method::kGet, "/orders/{number}", UserRole::kViewer},
    {http::Method::kGet, "/orders.csv", UserRole::kViewer},
    {http::Method::kGet, "/buyers", UserRole::kViewer},
    {http::Method::kGet, "/buyers/{id}", UserRole::kViewer},
    {http::Method::kGet, "/blacklist", UserRole::kViewer},
    {http::Method::kGet, "/audit-log", UserRole::kViewer},
    {http::Method::kGet, kSecondFactorPath, UserRole::kViewer},
    {http::Method::kPost, kSecondFactorPath, UserRole::kViewer},

    {http::Method::kGet, "/products/new", UserRole::kOperator},
    {http::Method::kPost, "/products/new", UserRole::kOperator},
    {http::Method::kPost, "/products/{id}", UserRole::kOperator},
    {http::Method::kPost, "/products/{id}/pictures", UserRole::kOperator},
    {http::Method::kPost, "/products/{id}/pictures/{picture}/remove", UserRole::kOperator},
    {http::Method::kGet, "/sales/new", UserRole::kOperator},
    {http::Method::kPost, "/sales/new", UserRole::kOperator},
    {http::Method::kPost, "/sales/{id}", UserRole::kOperator},
    {http::Method::kPost, "/sales/{id}/stock", UserRole::kOperator},
    {http::Method::kPost, "/sales/{id}/end", UserRole::kOperator},
    {http::Method::kPost, "/buyers/{id}/logout", UserRole::kOperator},
    {http::Method::kPost, "/orders/{number}/cancel", UserRole::kOperator},
    {http::Method::kPost, "/orders/{number}/pay", UserRole::kOperator},
    {http::Method::kPost, "/orders/{number}/refund", UserRole::kOperator},

    {http::Method::kPost, "/buyers/{id}/blacklist", UserRole::kOwner},
    {http::Method::kPost, "/buyers/{id}/unban", UserRole::kOwner},
    {http::Method::kPost, "/operators/{id}/remove", UserRole::kOwner},
});

}  // namespace stampede::controllers

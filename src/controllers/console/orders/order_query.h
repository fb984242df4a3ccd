#pragma once

#include <string>
#include <string_view>

#include "http/message.h"
#include "services/orders/order_archive.h"
#include "views/console/orders_pages.h"

// The search for orders as it stands in addresses, and its results as pages show them.
namespace stampede::controllers {

/// The parameters number, sale, buyer, status, from and to.
services::orders::OrderQuery order_query_of(const http::Request& request);

/// An address below `path` that asks for the same, before the order `before` if it is set.
std::string address_of(std::string_view path, const repositories::OrderFilter& filter,
                       OrderNumber before = {});

views::ConsoleOrder shown(repositories::FoundOrder found);

}  // namespace stampede::controllers

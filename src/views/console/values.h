#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "views/console/orders_pages.h"
#include "views/page_templates.h"

// What several pages of the console show. Only .cc files of this room include it, because mustache
// is a heavy header.
namespace stampede::views {

/// {{name}} for machines, {{name_words}} for people.
void put_time(kainjow::mustache::data& values, const std::string& name, Instant instant);

/// For people.
std::string words_of(OrderStatus status);

/// A row of a table of orders.
kainjow::mustache::data values_of(const ConsoleOrder& order);

}  // namespace stampede::views

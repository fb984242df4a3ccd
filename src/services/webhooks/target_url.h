#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace stampede::services::webhooks {

/// What is wrong with the URL of an endpoint, and what was expected; nullopt: it can be told of
/// events. With `private_addresses` also plain http and the machines of one's own network are. A
/// host that is a name is looked up at each delivery, and judged by its address then
/// (web_requests/curl).
std::optional<std::string> problem_of_url(std::string_view url, bool private_addresses);

}  // namespace stampede::services::webhooks

#pragma once

#include <boost/json.hpp>
#include <cstdint>
#include <expected>
#include <initializer_list>
#include <optional>
#include <string>
#include <string_view>

#include "http/message.h"
#include "model/api_token.h"
#include "services/operations/outcome.h"

// What the routes of the API read and answer alike. Each error is a sentence that names what was
// wrong and what was expected.
namespace stampede::controllers {

/// As the audit log and an order's own events name the program.
services::operations::Operator program_of(const ApiToken& token, Now now);

/// What was asked for is understood, and cannot be: 422.
http::Response refused(const std::string& detail);
/// 400.
http::Response bad_request(const std::string& detail);

/// The members of a body, each of which is `known`.
std::expected<boost::json::object, std::string> members_of(
    const http::Request& request, std::initializer_list<std::string_view> known);
std::expected<std::string, std::string> text_in(const boost::json::object& body,
                                                std::string_view name);
std::expected<std::int64_t, std::string> whole_in(const boost::json::object& body,
                                                  std::string_view name);

/// RFC 3339, or null.
boost::json::value time_or_null(const std::optional<Instant>& time);

}  // namespace stampede::controllers

#include "controllers/api/api_request.h"

#include <fmt/format.h>

#include <algorithm>

#include "model/text/plain_text.h"

namespace stampede::controllers {

services::operations::Operator program_of(const ApiToken& token, Now now) {
  return {.name = "api:" + token.name, .now = now};
}

http::Response refused(const std::string& detail) { return http::problem(422, "refused", detail); }

http::Response bad_request(const std::string& detail) {
  return http::problem(400, "bad-request", detail);
}

std::expected<boost::json::object, std::string> members_of(
    const http::Request& request, std::initializer_list<std::string_view> known) {
  if (!request.header("content-type").starts_with("application/json")) {
    return std::unexpected("Content-Type: expected application/json");
  }
  boost::system::error_code error;
  const boost::json::value body = boost::json::parse(request.body, error);
  if (error || !body.is_object()) return std::unexpected("the body is no JSON object");
  for (const auto& member : body.get_object()) {
    if (std::ranges::find(known, std::string_view(member.key())) == known.end()) {
      return std::unexpected(fmt::format("{} is none of its members; expected {}",
                                         in_quotes(std::string_view(member.key())),
                                         fmt::join(known, ", ")));
    }
  }
  return body.get_object();
}

std::expected<std::string, std::string> text_in(const boost::json::object& body,
                                                std::string_view name) {
  const auto* const value = body.if_contains(name);
  const auto* const string = value == nullptr ? nullptr : value->if_string();
  if (string == nullptr) return std::unexpected(fmt::format("{}: expected a text", name));
  return std::string(*string);
}

std::expected<std::int64_t, std::string> whole_in(const boost::json::object& body,
                                                  std::string_view name) {
  const auto* const value = body.if_contains(name);
  const auto* const number = value == nullptr ? nullptr : value->if_int64();
  if (number == nullptr) return std::unexpected(fmt::format("{}: expected a whole number", name));
  return *number;
}

boost::json::value time_or_null(const std::optional<Instant>& time) {
  if (!time) return nullptr;
  return boost::json::string(format_rfc3339(*time));
}

}  // namespace stampede::controllers

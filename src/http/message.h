#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace stampede::http {

enum class Method { kGet, kHead, kPost, kOther };

/// One request, as views into its connection's buffer: valid until its Responder has answered.
/// Header names compare without regard to ASCII case.
struct Request {
  Method method = Method::kOther;
  std::string_view target;  // as sent: path and query
  std::string_view path;    // as sent, up to '?'
  std::string_view query;   // as sent, after '?'
  std::vector<std::pair<std::string_view, std::string_view>> headers;
  std::string_view body;
  /// The buyer's address: the peer's, or the one that a trusted proxy forwards.
  std::string_view client_address;
  /// The request came encrypted: over an encrypted transport, or, behind a trusted proxy, as its
  /// X-Forwarded-Proto says; or the listener was told that all do.
  bool secure = false;
  /// The parts of `path` that {names} of the route's pattern matched, in order.
  std::vector<std::string_view> path_parameters;

  /// The first header of that name; empty if there is none.
  std::string_view header(std::string_view name) const;
  /// The value of a cookie; empty if there is none.
  std::string_view cookie(std::string_view name) const;
  /// A query parameter, percent-decoded; nullopt if it is missing or badly encoded.
  std::optional<std::string> query_parameter(std::string_view name) const;
  /// A field of an application/x-www-form-urlencoded body, decoded; nullopt likewise.
  std::optional<std::string> form_field(std::string_view name) const;
  /// The scheme and authority this request was addressed to: "http://127.0.0.1:8082".
  std::string own_origin() const;
  /// True if `Accept` prefers application/json to text/html.
  bool wants_json() const;
};

/// One response. A body that many responses share is held by pointer.
struct Response {
  int status = 200;
  std::string_view content_type;  // a literal; empty: no body
  std::string body;
  std::shared_ptr<const std::string> shared_body;  // instead of `body`, if set
  /// Names are literals; values must hold no CR, LF or NUL (they are dropped).
  std::vector<std::pair<std::string_view, std::string>> headers;

  Response& with(std::string_view name, std::string value) {
    headers.emplace_back(name, std::move(value));
    return *this;
  }
};

/// text/html; charset=utf-8
Response html(int status, std::string body);
/// application/json
Response json(int status, std::string body);
/// 303 See Other
Response see_other(std::string location);

/// Where the types of problems are described, each under its slug: an anchor in the description of
/// the shop's routes (api/openapi.json). Both together are the URI of a type (RFC 9457, 3.1.1).
inline constexpr std::string_view kProblemTypes = "/openapi.json#";
/// The slug of a type, as a problem's JSON has it; of any other text itself.
constexpr std::string_view slug_of(std::string_view type) {
  return type.substr(type.rfind('#') + 1);
}

/// RFC 9457: `type` is the stable slug of the type; `detail` is for people; `members` is further
/// JSON members without braces, like "\"order\":5", or empty.
Response problem(int status, std::string_view type, std::string_view detail,
                 std::string_view members = {});

/// Retry-After takes whole seconds: rounded up, at least 1.
std::string retry_after_seconds(std::int64_t milliseconds);

}  // namespace stampede::http

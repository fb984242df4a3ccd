#include "http/message.h"

#include <fmt/format.h>

#include <algorithm>
#include <boost/url/pct_string_view.hpp>
#include <iterator>

#include "http/text.h"

namespace stampede::http {
namespace {

/// Decodes %XX and '+'; nullopt if an escape is not two hex digits.
std::optional<std::string> decoded(std::string_view encoded) {
  if (encoded.find_first_of("%+") == std::string_view::npos) {
    return std::string(encoded);
  }
  const auto checked =
      boost::urls::make_pct_string_view(boost::core::string_view(encoded.data(), encoded.size()));
  if (!checked) {
    return std::nullopt;
  }
  boost::urls::encoding_opts options;
  options.space_as_plus = true;
  return checked->decode(options);
}

/// A value out of "name=value&name=value", as in queries and forms.
std::optional<std::string> find_encoded(std::string_view pairs, std::string_view name) {
  while (!pairs.empty()) {
    const std::string_view pair = cut_front(pairs, '&');
    const auto equals = pair.find('=');
    const std::string_view key = pair.substr(0, equals);
    if (key == name || (key.find('%') != std::string_view::npos && decoded(key) == name)) {
      return decoded(equals == std::string_view::npos ? "" : pair.substr(equals + 1));
    }
  }
  return std::nullopt;
}

/// The weight of a media range's parameters in thousandths: ";q=0.5" is 500.
int weight_of(std::string_view parameters) {
  while (!parameters.empty()) {
    std::string_view parameter = trimmed(cut_front(parameters, ';'));
    if (!parameter.starts_with("q=") && !parameter.starts_with("Q=")) {
      continue;
    }
    parameter.remove_prefix(2);
    int thousandths = parameter.starts_with('1') ? 1000 : 0;
    if (thousandths == 0 && parameter.starts_with("0.")) {
      int scale = 100;
      for (const char c : parameter.substr(2, 3)) {
        thousandths += (c >= '0' && c <= '9' ? c - '0' : 0) * scale;
        scale /= 10;
      }
    }
    return thousandths;
  }
  return 1000;
}

/// How much `accept` wants "type/subtype", by its most specific range (RFC 9110, 12.5.1).
int preference(std::string_view accept, std::string_view type, std::string_view subtype) {
  int best_specificity = -1;
  int result = 0;
  while (!accept.empty()) {
    std::string_view range = cut_front(accept, ',');
    const std::string_view name = trimmed(cut_front(range, ';'));
    const auto slash = name.find('/');
    if (slash == std::string_view::npos) {
      continue;
    }
    const std::string_view range_type = name.substr(0, slash);
    const std::string_view range_subtype = name.substr(slash + 1);
    int specificity = -1;
    if (same_name(range_type, type) && same_name(range_subtype, subtype)) {
      specificity = 2;
    } else if (same_name(range_type, type) && range_subtype == "*") {
      specificity = 1;
    } else if (range_type == "*" && range_subtype == "*") {
      specificity = 0;
    }
    if (specificity > best_specificity) {
      best_specificity = specificity;
      result = weight_of(range);
    }
  }
  return result;
}

}  // namespace

std::string_view Request::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) {
      return value;
    }
  }
  return {};
}

std::string_view Request::cookie(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (!same_name(key, "cookie")) {
      continue;
    }
    std::string_view cookies = value;
    while (!cookies.empty()) {
      const std::string_view pair = trimmed(cut_front(cookies, ';'));
      if (pair.size() > name.size() && pair.starts_with(name) && pair[name.size()] == '=') {
        return pair.substr(name.size() + 1);
      }
    }
  }
  return {};
}

std::optional<std::string> Request::query_parameter(std::string_view name) const {
  return find_encoded(query, name);
}

std::optional<std::string> Request::form_field(std::string_view name) const {
  std::string_view type = header("content-type");
  if (!same_name(trimmed(cut_front(type, ';')), "application/x-www-form-urlencoded")) {
    return std::nullopt;
  }
  return find_encoded(body, name);
}

std::string Request::own_origin() const {
  return fmt::format("{}://{}", secure ? "https" : "http", header("host"));
}

bool Request::wants_json() const {
  const std::string_view accept = header("accept");
  return preference(accept, "application", "json") > preference(accept, "text", "html");
}

Response html(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "text/html; charset=utf-8";
  response.body = std::move(body);
  return response;
}

Response json(int status, std::string body) {
  Response response;
  response.status = status;
  response.content_type = "application/json";
  response.body = std::move(body);
  return response;
}

Response see_other(std::string location) {
  Response response;
  response.status = 303;
  response.with("Location", std::move(location));
  return response;
}

Response problem(int status, std::string_view type, std::string_view detail,
                 std::string_view members) {
  Response response;
  response.status = status;
  response.content_type = "application/problem+json";
  std::string& body = response.body;
  body.reserve(112 + type.size() + detail.size() + members.size());
  body += "{\"type\":";
  append_json_string(body, std::string(kProblemTypes) + std::string(type));
  body += ",\"title\":";
  append_json_string(body, reason_phrase(status));
  fmt::format_to(std::back_inserter(body), ",\"status\":{}", status);
  body += ",\"detail\":";
  append_json_string(body, detail);
  if (!members.empty()) {
    body += ',';
    body += members;
  }
  body += '}';
  return response;
}

std::string retry_after_seconds(std::int64_t milliseconds) {
  const std::int64_t seconds = milliseconds / 1000 + (milliseconds % 1000 > 0 ? 1 : 0);
  return std::to_string(std::max<std::int64_t>(seconds, 1));
}

}  // namespace stampede::http

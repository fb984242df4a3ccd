// What a request's query, form, cookies and Accept say (http/message.h): whatever is encoded comes
// out as it was, and a second reader finds the same.
#include <fmt/format.h>

#include <optional>
#include <string>

#include "http/message.h"
#include "http/text.h"
#include "tests/fuzz/fuzz.h"

namespace stampede::fuzz {
namespace {

std::string encoded(std::string_view text) {
  std::string result;
  for (const char c : text) result += fmt::format("%{:02X}", static_cast<unsigned char>(c));
  return result;
}

int digit(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

/// application/x-www-form-urlencoded (the URL standard), but for broken escapes, which are refused.
std::optional<std::string> decoded(std::string_view text) {
  std::string result;
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      result += text[i] == '+' ? ' ' : text[i];
      continue;
    }
    if (i + 2 >= text.size()) return std::nullopt;
    const int high = digit(text[i + 1]);
    const int low = digit(text[i + 2]);
    if (high < 0 || low < 0) return std::nullopt;
    result += static_cast<char>(high * 16 + low);
    i += 2;
  }
  return result;
}

std::optional<std::string> reference_value(std::string_view pairs, std::string_view name) {
  while (!pairs.empty()) {
    const std::string_view pair = http::cut_front(pairs, '&');
    const auto equals = std::min(pair.find('='), pair.size());
    if (decoded(pair.substr(0, equals)) != name) continue;
    return decoded(pair.substr(std::min(equals + 1, pair.size())));
  }
  return std::nullopt;
}

http::Request form(std::string_view body) {
  http::Request request;
  request.headers.emplace_back("Content-Type", "application/x-www-form-urlencoded");
  request.body = body;
  request.query = body;
  return request;
}

bool check_pairs(std::string_view bytes) {
  const http::Request request = form(bytes);
  const auto expected = reference_value(bytes, "key");
  require(request.query_parameter("key") == expected, "both readers see the same parameter");
  require(request.form_field("key") == expected, "both readers see the same field");
  const std::string pairs = fmt::format("other=1&key={}&key=2", encoded(bytes));
  require(form(pairs).form_field("key") == bytes, "what is encoded comes out as it was");
  return expected.has_value();
}

/// RFC 6265: pairs between "; ".
bool check_cookie(std::string_view bytes) {
  http::Request request;
  request.headers.emplace_back("Cookie", bytes);
  const std::string_view found = request.cookie("sign");
  std::string_view expected;
  for (std::string_view rest = bytes; !rest.empty() && expected.data() == nullptr;) {
    const std::string_view pair = http::trimmed(http::cut_front(rest, ';'));
    if (pair.starts_with("sign=")) expected = pair.substr(5);
  }
  require(found == expected, "both readers see the same cookie");
  return !found.empty();
}

bool check_accept(std::string_view bytes) {
  http::Request request;
  request.headers.emplace_back("Accept", bytes);
  if (!request.wants_json()) return false;
  std::string small(bytes);
  for (char& c : small) c = http::lower(c);
  require(small.find("application/") != small.npos || small.find("*/*") != small.npos,
          "nobody gets JSON who names neither it nor everything");
  return true;
}

}  // namespace

bool accepts(std::string_view bytes) {
  return check_pairs(bytes) | check_cookie(bytes) | check_accept(bytes);
}

}  // namespace stampede::fuzz

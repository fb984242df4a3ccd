#pragma once

#include <algorithm>
#include <string>
#include <string_view>

namespace stampede::http {

inline char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c; }

/// Equal without regard to ASCII case, as names of headers, media types and codings are.
inline bool same_name(std::string_view a, std::string_view b) {
  return a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin(),
                                            [](char x, char y) { return lower(x) == lower(y); });
}

inline std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(" \t");
  if (first == std::string_view::npos) {
    return {};
  }
  return text.substr(first, text.find_last_not_of(" \t") - first + 1);
}

/// Takes the part up to `separator`, or all, off the front of `text`.
inline std::string_view cut_front(std::string_view& text, char separator) {
  const auto end = text.find(separator);
  const std::string_view part = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return part;
}

/// True for the characters of an RFC 9110 token: names of methods and headers.
bool is_token_char(char c);

/// "Not Found" for 404; empty for a status without a registered name.
std::string_view reason_phrase(int status);

/// Appends `text` in quotes, escaped for JSON.
void append_json_string(std::string& out, std::string_view text);

}  // namespace stampede::http

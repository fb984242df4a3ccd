#include "views/console/csv.h"

#include <algorithm>
#include <array>

namespace stampede::views {
namespace {

// In UTF-8. kSpaces are characters that programs which read CSV may trim; the byte order mark is
// one of them.
constexpr auto kSpaces = std::to_array<std::string_view>(
    {" ",      "\v",     "\f",     "\u0085", "\u00a0", "\u1680", "\u180e",
     "\u2000", "\u2001", "\u2002", "\u2003", "\u2004", "\u2005", "\u2006",
     "\u2007", "\u2008", "\u2009", "\u200a", "\u200b", "\u200c", "\u200d",
     "\u2028", "\u2029", "\u202f", "\u205f", "\u2060", "\u3000", "\ufeff"});
constexpr auto kTriggers = std::to_array<std::string_view>(
    {"=", "+", "-", "@", "\t", "\r", "\n", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66",
     "\ufe62", "\ufe63", "\ufe6b", "\u2212"});

template <std::size_t size>
std::string_view front_of(std::string_view text, const std::array<std::string_view, size>& any) {
  const auto found = std::ranges::find_if(any, [&](auto one) { return text.starts_with(one); });
  return found == any.end() ? std::string_view() : *found;
}

}  // namespace

bool looks_like_formula(std::string_view text) {
  for (std::string_view space; !(space = front_of(text, kSpaces)).empty();) {
    text.remove_prefix(space.size());
  }
  return !front_of(text, kTriggers).empty();
}

void CsvLine::separate() {
  if (!first_) *out_ += ',';
  first_ = false;
}

CsvLine& CsvLine::text(std::string_view words) {
  separate();
  *out_ += '"';
  if (looks_like_formula(words)) *out_ += '\'';
  for (const char c : words) {
    if (c == '"') *out_ += '"';
    *out_ += c;
  }
  *out_ += '"';
  return *this;
}

CsvLine& CsvLine::plain(std::string_view word) {
  separate();
  *out_ += word;
  return *this;
}

CsvLine& CsvLine::number(std::int64_t number) { return plain(std::to_string(number)); }

}  // namespace stampede::views

// Texts of strangers on their way out: UTF-8, JSON, CSV, HTML.
#include <boost/json/parse.hpp>
#include <string>

#include "http/text.h"
#include "model/text/utf8.h"
#include "tests/fuzz/fuzz.h"
#include "views/console/csv.h"

namespace stampede::fuzz {
namespace {

/// Boost.JSON is the other opinion of what UTF-8 is.
void check_json(std::string_view bytes) {
  std::string json;
  http::append_json_string(json, bytes);
  boost::json::error_code error;
  const auto value = boost::json::parse(json, error);
  require(!error == is_utf8(bytes), "JSON is valid if its text is UTF-8, and only then");
  if (error) return;
  require(value.is_string() && std::string_view(value.get_string()) == bytes,
          "a text comes out of JSON as it went in");
}

/// RFC 4180: one cell in quotes, in which each quote stands twice.
void check_csv(std::string_view bytes) {
  std::string line;
  views::CsvLine(line).text(bytes).end();
  require(line.size() >= 4 && line.starts_with('"') && line.ends_with("\"\r\n"), "one cell");
  const std::string_view inside = std::string_view(line).substr(1, line.size() - 4);
  std::string cell;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '"') require(++i < inside.size() && inside[i] == '"', "the cell does not end");
    cell += inside[i];
  }
  const bool formula = views::looks_like_formula(bytes);
  require(cell == (formula ? "'" : "") + std::string(bytes), "the cell holds the text");
  require(!views::looks_like_formula(cell), "and is no formula");
}

void check_characters(std::string_view bytes) {
  for (std::size_t count = 0; count < 5; ++count) {
    const std::string_view first = first_characters(bytes, count);
    require(bytes.starts_with(first), "the first characters are the text's own");
    require(!is_utf8(bytes) || is_utf8(first), "none is cut in two");
  }
}

}  // namespace

bool accepts(std::string_view bytes) {
  check_json(bytes);
  check_csv(bytes);
  check_characters(bytes);
  return is_utf8(bytes);
}

}  // namespace stampede::fuzz

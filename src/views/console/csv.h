#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace stampede::views {

/// Appends one line of CSV (RFC 4180) to `out`, cell by cell; end() puts CR LF.
class CsvLine {
 public:
  static constexpr std::string_view kContentType = "text/csv; charset=utf-8; header=present";

  explicit CsvLine(std::string& out) : out_(&out) {}

  /// A text of a user or an operator, in quotes. If a spreadsheet would take it for a formula, it
  /// gets a leading apostrophe, which makes it text (OWASP, CSV injection).
  CsvLine& text(std::string_view words);
  /// A slug or a time that the program made, without quotes: letters, digits and - : . only, the
  /// first one a letter or digit.
  CsvLine& plain(std::string_view word);
  CsvLine& number(std::int64_t number);  // not negative
  void end() { *out_ += "\r\n"; }

 private:
  void separate();

  std::string* out_;
  bool first_ = true;
};

/// True if a spreadsheet may take a cell with this text for a formula: it begins with = + - @, one
/// of their wide or small forms, or a TAB, CR or LF, perhaps after spaces.
bool looks_like_formula(std::string_view text);

}  // namespace stampede::views

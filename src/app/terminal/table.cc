#include "app/terminal/table.h"

#include <algorithm>
#include <string_view>
#include <utility>

#include "model/text/plain_text.h"

namespace stampede::app {
namespace {

/// Characters, not bytes: every byte but the continuation bytes of UTF-8.
std::size_t width(std::string_view text) {
  return static_cast<std::size_t>(std::ranges::count_if(
      text, [](char byte) { return (static_cast<unsigned char>(byte) & 0xC0) != 0x80; }));
}

bool is_number(std::string_view text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string_view::npos;
}

struct Column {
  std::size_t width = 0;
  bool numbers = true;  // every cell below the head is one
};

}  // namespace

void Table::add(std::vector<std::string> row) {
  for (std::string& cell : row) cell = visible(cell);
  rows_.push_back(std::move(row));
}

std::string Table::text() const {
  std::vector<Column> columns(rows_.front().size());
  for (std::size_t row = 0; row < rows_.size(); ++row) {
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string& cell = rows_[row][i];
      columns[i].width = std::max(columns[i].width, width(cell));
      columns[i].numbers = columns[i].numbers && (row == 0 || is_number(cell));
    }
  }
  std::string text;
  for (const auto& row : rows_) {
    std::string line;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      const std::string padding(columns[i].width - width(row[i]), ' ');
      line += columns[i].numbers ? padding + row[i] : row[i] + padding;
      line += "  ";
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + '\n';
  }
  return text;
}

}  // namespace stampede::app

#include "repositories/sql/connection/mariadb_script.h"

#include <array>
#include <utility>

namespace stampede::repositories::sql {
namespace {

constexpr std::string_view kBlank = " \t\n";
constexpr std::string_view kCreateTable = "CREATE TABLE ";
constexpr std::string_view kTableOptions =
    " ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_nopad_bin";

/// Replaced in this order: " id INTEGER PRIMARY KEY" counts up by itself, any other integer key
/// does not. InnoDB writes a counter down with every row, so a key that is always given has none.
constexpr std::array<std::pair<std::string_view, std::string_view>, 7> kSpellings{
    {{kCreateTable, "CREATE TABLE IF NOT EXISTS "},
     {"CREATE INDEX ", "CREATE INDEX IF NOT EXISTS "},
     {"CREATE UNIQUE INDEX ", "CREATE UNIQUE INDEX IF NOT EXISTS "},
     {"ADD COLUMN ", "ADD COLUMN IF NOT EXISTS "},
     {"INSERT INTO ", "INSERT IGNORE INTO "},
     {" id INTEGER PRIMARY KEY", " id BIGINT AUTO_INCREMENT PRIMARY KEY"},
     {" INTEGER PRIMARY KEY", " BIGINT PRIMARY KEY"}}};

std::string spelled(std::string statement) {
  const bool table = statement.starts_with(kCreateTable);
  for (const auto& [ours, theirs] : kSpellings) {
    if (const auto found = statement.find(ours); found != std::string::npos) {
      statement.replace(found, ours.size(), theirs);
    }
  }
  if (table) statement += kTableOptions;
  return statement;
}

std::string_view trimmed(std::string_view text) {
  const auto first = text.find_first_not_of(kBlank);
  if (first == std::string_view::npos) return {};
  return text.substr(first, text.find_last_not_of(kBlank) - first + 1);
}

}  // namespace

std::vector<std::string> mariadb_statements(std::string_view script) {
  std::vector<std::string> statements;
  std::string statement;
  const auto end_statement = [&] {
    if (const auto text = trimmed(statement); !text.empty()) {
      statements.push_back(spelled(std::string(text)));
    }
    statement.clear();
  };
  bool quoted = false;
  for (std::size_t i = 0; i < script.size(); ++i) {
    const char c = script[i];
    if (c == '\'') quoted = !quoted;  // '' within a text ends it and begins it again
    if (!quoted && script.substr(i).starts_with("--")) {
      i = script.find('\n', i);
      if (i == std::string_view::npos) break;
      statement += '\n';
    } else if (!quoted && c == ';') {
      end_statement();
    } else {
      statement += c;
    }
  }
  end_statement();
  return statements;
}

}  // namespace stampede::repositories::sql

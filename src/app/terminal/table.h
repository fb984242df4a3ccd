#pragma once

#include <string>
#include <vector>

namespace stampede::app {

/// Rows in aligned columns, for a terminal: control characters are made visible. A column of
/// numbers stands to the right. Not thread-safe.
class Table {
 public:
  explicit Table(std::vector<std::string> head) { rows_.push_back(std::move(head)); }
  /// As many cells as the head has.
  void add(std::vector<std::string> row);
  std::string text() const;

 private:
  std::vector<std::vector<std::string>> rows_;
};

}  // namespace stampede::app

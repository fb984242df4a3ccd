#pragma once

#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace stampede::test_support {

/// A form of a page, as a browser sees it.
struct Form {
  std::string action;
  std::map<std::string, std::string> fields;  // every named input with its value
  std::string text_field;                     // name of the first text input, or empty
  std::vector<std::string> password_fields;   // names of the password inputs, in order

  /// application/x-www-form-urlencoded
  std::string encoded() const;
};

/// The first form of the page whose action is `action`.
std::optional<Form> find_form(std::string_view page, std::string_view action);

}  // namespace stampede::test_support

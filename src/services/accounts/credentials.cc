#include "services/accounts/credentials.h"

#include <algorithm>

#include "model/text/utf8.h"

namespace stampede::services::accounts {

bool is_beginning_of_name(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '.' ||
           c == '_' || c == '-';
  };
  return text.size() <= 32 && std::ranges::all_of(text, allowed);
}

bool is_name(std::string_view text) { return text.size() >= 3 && is_beginning_of_name(text); }

bool is_password(std::string_view text) {
  return text.size() >= 8 && text.size() <= 128 && is_utf8(text);
}

std::string fold_case(std::string_view name) {
  std::string folded(name);
  for (char& c : folded) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
  }
  return folded;
}

}  // namespace stampede::services::accounts

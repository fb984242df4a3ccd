#pragma once

#include <algorithm>
#include <string_view>

namespace stampede {

inline constexpr const char* kNodeNameForm = "1 to 32 characters of a-z 0-9 -";

/// Whether a validator may be called so.
inline bool is_node_name(std::string_view text) {
  return !text.empty() && text.size() <= 32 && std::ranges::all_of(text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
}

}  // namespace stampede

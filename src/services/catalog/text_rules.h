#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

// What the rules of this room say of single values.
namespace stampede::services::catalog {

/// A sentence that names the field, the value and what was expected; none: it is good.
using Problem = std::optional<std::string>;

/// Valid UTF-8 of at most `longest` bytes, without control characters (model/text/plain_text.h)
/// besides the control characters that are allowed.
Problem check_text(std::string_view field, std::string_view text, std::size_t longest,
                   std::string_view allowed_controls);

Problem check_range(std::string_view field, std::int64_t value, std::int64_t least,
                    std::int64_t most);

}  // namespace stampede::services::catalog

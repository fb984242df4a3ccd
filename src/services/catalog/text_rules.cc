#include "services/catalog/text_rules.h"

#include <fmt/format.h>

#include "model/text/plain_text.h"

namespace stampede::services::catalog {

Problem check_text(std::string_view field, std::string_view text, std::size_t longest,
                   std::string_view allowed_controls) {
  const auto problem = problem_of(text, longest, allowed_controls);
  if (!problem) return std::nullopt;
  return fmt::format("{}: {}", field, *problem);
}

Problem check_range(std::string_view field, std::int64_t value, std::int64_t least,
                    std::int64_t most) {
  if (value >= least && value <= most) return std::nullopt;
  return fmt::format("{}: {} is out of range; expected {} to {}", field, value, least, most);
}

}  // namespace stampede::services::catalog

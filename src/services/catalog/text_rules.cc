#include "services/catalog/text_rules.h"

#include <fmt/format.h>

#include "model/text/plain_text.h"
#include "model/text/utf8.h"

namespace stampede::services::catalog {

Problem check_text(std::string_view field, std::string_view text, std::size_t longest,
                   std::string_view allowed_controls) {
  if (text.size() > longest) {
    return fmt::format("{}: {} bytes long; expected at most {}", field, text.size(), longest);
  }
  if (!is_utf8(text)) return fmt::format("{}: {:?} is not valid UTF-8", field, text);
  if (const auto found = find_control(text, allowed_controls)) {
    return fmt::format("{}: {:?} has {}; expected text without control characters", field, text,
                       describe(*found));
  }
  return std::nullopt;
}

Problem check_range(std::string_view field, std::int64_t value, std::int64_t least,
                    std::int64_t most) {
  if (value >= least && value <= most) return std::nullopt;
  return fmt::format("{}: {} is out of range; expected {} to {}", field, value, least, most);
}

}  // namespace stampede::services::catalog

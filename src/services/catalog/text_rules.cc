#include "services/catalog/text_rules.h"

#include <fmt/format.h>

#include "model/utf8.h"

namespace stampede::services::catalog {
namespace {

/// Where a control character (C0, DEL or C1) begins in UTF-8, besides those `allowed`.
std::optional<std::size_t> find_control(std::string_view text, std::string_view allowed) {
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool c1 =
        byte == 0xC2 && i + 1 < text.size() && static_cast<unsigned char>(text[i + 1]) < 0xA0;
    if (c1 || ((byte < 0x20 || byte == 0x7F) && allowed.find(text[i]) == std::string_view::npos)) {
      return i;
    }
  }
  return std::nullopt;
}

}  // namespace

Problem check_text(std::string_view field, std::string_view text, std::size_t longest,
                   std::string_view allowed_controls) {
  if (text.size() > longest) {
    return fmt::format("{}: {} bytes long; expected at most {}", field, text.size(), longest);
  }
  if (!is_utf8(text)) return fmt::format("{}: {:?} is not valid UTF-8", field, text);
  if (const auto at = find_control(text, allowed_controls)) {
    return fmt::format("{}: {:?} has a control character at byte {}; expected text", field, text,
                       *at);
  }
  return std::nullopt;
}

Problem check_range(std::string_view field, std::int64_t value, std::int64_t least,
                    std::int64_t most) {
  if (value >= least && value <= most) return std::nullopt;
  return fmt::format("{}: {} is out of range; expected {} to {}", field, value, least, most);
}

}  // namespace stampede::services::catalog

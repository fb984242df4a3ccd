#include "model/idempotency_key.h"

#include <algorithm>

namespace stampede {

std::optional<IdempotencyKey> IdempotencyKey::parse(std::string_view text) {
  const auto allowed = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
           c == '-' || c == '_';
  };
  if (text.size() < kMin || text.size() > kMax || !std::ranges::all_of(text, allowed)) {
    return std::nullopt;
  }
  IdempotencyKey key;
  std::ranges::copy(text, key.characters_.begin());
  key.size_ = static_cast<std::uint8_t>(text.size());
  return key;
}

}  // namespace stampede

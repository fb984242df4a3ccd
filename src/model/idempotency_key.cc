#include "model/idempotency_key.h"

#include <algorithm>

namespace stampede {

namespace {

/// By character; a look-up, because it stands before every purchase.
constexpr auto kAllowed = [] {
  std::array<bool, 256> allowed{};
  for (const char c :
       std::string_view("ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_")) {
    allowed[static_cast<unsigned char>(c)] = true;
  }
  return allowed;
}();

}  // namespace

std::optional<IdempotencyKey> IdempotencyKey::parse(std::string_view text) {
  const auto allowed = [](char c) { return kAllowed[static_cast<unsigned char>(c)]; };
  if (text.size() < kMin || text.size() > kMax || !std::ranges::all_of(text, allowed)) {
    return std::nullopt;
  }
  IdempotencyKey key;
  std::ranges::copy(text, key.characters_.begin());
  key.size_ = static_cast<std::uint8_t>(text.size());
  return key;
}

}  // namespace stampede

#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string_view>

namespace stampede {

/// The name a buyer's page gives to one intent to buy; the same key again is the same intent.
/// 16 to 64 characters of A-Z a-z 0-9 - _ (RFC 4648 base64url's alphabet), held inline.
class IdempotencyKey {
 public:
  static constexpr std::size_t kMin = 16;
  static constexpr std::size_t kMax = 64;

  /// nullopt if `text` has another length or another character.
  static std::optional<IdempotencyKey> parse(std::string_view text);

  std::string_view text() const { return {characters_.data(), size_}; }
  friend bool operator==(const IdempotencyKey& a, const IdempotencyKey& b) {
    return a.text() == b.text();
  }

 private:
  IdempotencyKey() = default;
  std::array<char, kMax> characters_;
  std::uint8_t size_ = 0;
};

}  // namespace stampede

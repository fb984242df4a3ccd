#include "services/routing/ring.h"

#include <sodium.h>

#include <algorithm>
#include <bit>
#include <cstring>

namespace stampede::services::routing {

static_assert(crypto_shorthash_KEYBYTES == sizeof(HashKey));
static_assert(std::endian::native == std::endian::little, "every role draws the same ring");

std::optional<HashKey> parse_hash_key(std::string_view text) {
  HashKey key;
  std::size_t size = 0;
  const char* end = nullptr;
  const bool parsed =
      sodium_hex2bin(key.data(), key.size(), text.data(), text.size(), nullptr, &size, &end) == 0;
  if (!parsed || size != key.size() || end != text.data() + text.size()) return std::nullopt;
  return key;
}

Ring::Ring(std::int64_t epoch, const HashKey& key, std::vector<Member> members, int virtual_nodes)
    : epoch_(epoch), key_(key), members_(std::move(members)) {
  points_.reserve(members_.size() * static_cast<std::size_t>(virtual_nodes));
  for (std::uint32_t member = 0; member < members_.size(); ++member) {
    for (int i = 0; i < virtual_nodes; ++i) {
      // No node name holds a '#'.
      points_.push_back({hash(members_[member].node + '#' + std::to_string(i)), member});
    }
  }
  // By name where two points meet, so that every role draws the same ring.
  std::ranges::sort(points_, [this](const Point& a, const Point& b) {
    if (a.hash != b.hash) return a.hash < b.hash;
    return members_[a.member].node < members_[b.member].node;
  });
}

std::optional<Ring> Ring::parse(std::int64_t epoch, std::string_view hash_key,
                                std::vector<Member> members, std::int64_t virtual_nodes) {
  const auto key = parse_hash_key(hash_key);
  if (!key) return std::nullopt;
  return Ring(epoch, *key, std::move(members), static_cast<int>(virtual_nodes));
}

std::uint64_t Ring::hash(std::string_view bytes) const {
  std::array<unsigned char, crypto_shorthash_BYTES> out;
  crypto_shorthash(out.data(), reinterpret_cast<const unsigned char*>(bytes.data()), bytes.size(),
                   key_.data());
  std::uint64_t value = 0;
  std::memcpy(&value, out.data(), sizeof value);
  return value;
}

std::optional<std::size_t> Ring::owner_index(UserId buyer) const {
  if (points_.empty()) return std::nullopt;
  std::array<char, sizeof buyer.value> bytes;
  std::memcpy(bytes.data(), &buyer.value, bytes.size());
  const auto at =
      std::ranges::lower_bound(points_, hash({bytes.data(), bytes.size()}), {}, &Point::hash);
  return at == points_.end() ? points_.front().member : at->member;
}

const Member* Ring::owner(UserId buyer) const {
  const auto index = owner_index(buyer);
  return index ? &members_[*index] : nullptr;
}

}  // namespace stampede::services::routing

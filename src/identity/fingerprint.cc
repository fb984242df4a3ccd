#include "identity/fingerprint.h"

#include <sodium.h>

#include <cstdint>

namespace stampede::identity {

std::string fingerprint(std::initializer_list<std::string_view> parts) {
  crypto_hash_sha256_state state;
  crypto_hash_sha256_init(&state);
  const auto add = [&state](const void* bytes, std::size_t size) {
    crypto_hash_sha256_update(&state, static_cast<const unsigned char*>(bytes), size);
  };
  for (const std::string_view part : parts) {
    const std::uint64_t size = part.size();
    add(&size, sizeof size);
    add(part.data(), part.size());
  }
  std::string digest(crypto_hash_sha256_BYTES, '\0');
  crypto_hash_sha256_final(&state, reinterpret_cast<unsigned char*>(digest.data()));
  return digest;
}

bool equal_in_constant_time(std::string_view one, std::string_view other) {
  return one.size() == other.size() && sodium_memcmp(one.data(), other.data(), one.size()) == 0;
}

}  // namespace stampede::identity

#pragma once

#include <openssl/evp.h>

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>

namespace stampede::identity {

using Aes128Key = std::array<unsigned char, 16>;

/// AES-128-GCM (NIST SP 800-38D) under one key, whose schedule is computed once: most of the cost
/// of a short message otherwise. For one thread and one direction.
class AesGcm {
 public:
  static constexpr std::size_t kNonce = 12;
  static constexpr std::size_t kTag = 16;
  using Bytes = std::span<const unsigned char>;

  enum class Direction : std::uint8_t { kSeal, kOpen };
  AesGcm(const Aes128Key& key, Direction direction);

  /// Writes the ciphertext and behind it the tag: plaintext.size() + kTag bytes at `out`.
  void seal(Bytes nonce, Bytes associated, Bytes plaintext, unsigned char* out);
  /// False if the tag does not prove it; what was written to `out` (sealed.size() - kTag bytes) is
  /// then not to be used. `sealed` holds at least the tag.
  bool open(Bytes nonce, Bytes associated, Bytes sealed, unsigned char* out);

 private:
  struct Free {
    void operator()(EVP_CIPHER_CTX* context) const { EVP_CIPHER_CTX_free(context); }
  };
  std::unique_ptr<EVP_CIPHER_CTX, Free> context_;
};

}  // namespace stampede::identity

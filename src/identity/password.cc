#include "identity/password.h"

#include <sodium.h>

#include <array>
#include <cerrno>
#include <new>
#include <stdexcept>

namespace stampede::identity {
namespace {

constexpr auto kOperations = crypto_pwhash_argon2id_OPSLIMIT_INTERACTIVE;
constexpr auto kMemory = crypto_pwhash_argon2id_MEMLIMIT_INTERACTIVE;

/// Thread-safe and cheap after the first call.
void require_sodium() {
  static const bool ready = sodium_init() >= 0;
  if (!ready) throw std::runtime_error("libsodium cannot be initialised");
}

/// True if it is an Argon2 hash in the PHC string format, of any limits.
bool is_hash(std::string_view text) {
  return text.size() < crypto_pwhash_STRBYTES &&
         crypto_pwhash_str_needs_rehash(std::string(text).c_str(), kOperations, kMemory) >= 0;
}

/// Does the work of one verification and discards it, so that a refusal takes as long.
void burn(std::string_view password) {
  std::array<unsigned char, 32> hash;
  const std::array<unsigned char, crypto_pwhash_SALTBYTES> salt{};
  if (crypto_pwhash(hash.data(), hash.size(), password.data(), password.size(), salt.data(),
                    kOperations, kMemory, crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc();
  }
}

}  // namespace

std::string hash_password(std::string_view password) {
  require_sodium();
  std::array<char, crypto_pwhash_STRBYTES> hash;
  if (crypto_pwhash_str_alg(hash.data(), password.data(), password.size(), kOperations, kMemory,
                            crypto_pwhash_ALG_ARGON2ID13) != 0) {
    throw std::bad_alloc();
  }
  return hash.data();
}

bool verify_password(std::string_view hash, std::string_view password) {
  require_sodium();
  if (!is_hash(hash)) {
    burn(password);
    return false;
  }
  errno = 0;
  const bool right =
      crypto_pwhash_str_verify(std::string(hash).c_str(), password.data(), password.size()) == 0;
  if (!right && errno == ENOMEM) throw std::bad_alloc();
  return right;
}

std::string random_password() {
  constexpr std::string_view kPasswordAlphabet = "abcdefghjkmnpqrstuvwxyz23456789";
  require_sodium();
  std::string password;
  for (int i = 0; i < 20; ++i) {
    if (i > 0 && i % 5 == 0) password += '-';
    password += kPasswordAlphabet[randombytes_uniform(
        static_cast<std::uint32_t>(kPasswordAlphabet.size()))];
  }
  return password;
}

}  // namespace stampede::identity

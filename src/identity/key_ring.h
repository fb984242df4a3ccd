#pragma once

#include <atomic>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "concurrency/mutex.h"
#include "identity/key_file.h"

namespace stampede::identity {

/// What a sealed token is for. Each purpose has a key of its own, derived from the ring's key by
/// HKDF-SHA-256 (RFC 5869), and its name is authenticated with every token, so that a token of one
/// purpose never opens as another's.
enum class Purpose : std::uint8_t {
  kSession,
  kCaptchaChallenge,
  kCaptchaPass,
  kForm,
  kPeer,
  kOperator,
  kDevice,
  kSentPurchase,
  kSecondFactor
};
inline constexpr std::size_t kPurposes = 9;

/// The node's secret keys: the current one seals and opens, the previous one still opens.
/// Thread-safe: seal() and open() may run while reload() exchanges the keys, and share no lock,
/// because each thread keeps its own ciphers for the keys that it used last.
class KeyRing {
 public:
  /// Random 96-bit nonces are safe for 2^32 tokens of one purpose and key (NIST SP 800-38D, 8.3).
  static constexpr std::size_t kMaxClaims = 1024;  // bytes

  /// Makes a new random ring at `path` with mode 0600, durably; refuses to overwrite.
  static void create(const std::filesystem::path& path);
  /// Puts a fresh key first and keeps the one before it; replaces the file atomically.
  static void rotate(const std::filesystem::path& path);

  /// Throws KeyFileError, also for a file that others can read.
  explicit KeyRing(std::filesystem::path path);
  ~KeyRing();

  /// Reads the file again if it changed; true if the keys did. A file that cannot be used throws
  /// KeyFileError and leaves the keys as they were.
  bool reload();

  /// AES-128-GCM with a random nonce, AAD = version, key id and the purpose's name; as base64url
  /// without padding of: version(1) | key id(1) | nonce(12) | ciphertext | tag(16).
  /// Throws std::length_error for more than kMaxClaims.
  std::string seal(Purpose purpose, std::string_view claims) const;
  /// The claims, or nullopt for anything not sealed by this ring for this purpose. Logs nothing.
  /// Takes under 1 us for the tokens used here.
  std::optional<std::string> open(Purpose purpose, std::string_view token) const;

 private:
  struct Keys;
  struct Ciphers;
  /// The calling thread's ciphers, made again when the keys have changed.
  Ciphers& ciphers() const;
  void adopt(const KeyFile& file) STAMPEDE_REQUIRES(mutex_);

  const std::filesystem::path path_;
  mutable concurrency::Mutex mutex_;
  KeyFile::Stamp stamp_ STAMPEDE_GUARDED_BY(mutex_);
  std::shared_ptr<const Keys> keys_ STAMPEDE_GUARDED_BY(mutex_);
  /// Identifies keys_: no other keys in this process have the same generation.
  std::atomic<std::uint64_t> generation_{0};
};

}  // namespace stampede::identity

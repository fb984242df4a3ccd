#include "identity/key_ring.h"

#include <openssl/core_names.h>
#include <openssl/evp.h>
#include <openssl/kdf.h>
#include <openssl/params.h>

#include <algorithm>
#include <array>
#include <span>
#include <stdexcept>
#include <utility>

#include "identity/aes_gcm.h"
#include "identity/base64url.h"
#include "identity/random.h"

namespace stampede::identity {
namespace {

// The layout of a token: version | key id | nonce | ciphertext | tag.
constexpr unsigned char kVersion = 1;
constexpr std::size_t kNonceAt = 2;
constexpr std::size_t kCiphertextAt = kNonceAt + AesGcm::kNonce;
constexpr std::size_t kOverhead = kCiphertextAt + AesGcm::kTag;

/// In order of Purpose. The purpose of a session is named as its cookie is.
constexpr std::array<std::string_view, kPurposes> kNames = {
    "sign",   "captcha-challenge", "captcha-pass", "form", "peer", "operator",
    "device", "sent-purchase",     "second-factor"};

std::span<const unsigned char> bytes_of(std::string_view text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

/// HKDF-SHA-256 without salt, because the secret is uniformly random; `name` is its info.
Aes128Key derive(const RingSecret& secret, std::string_view name) {
  struct Free {
    void operator()(EVP_KDF* kdf) const { EVP_KDF_free(kdf); }
    void operator()(EVP_KDF_CTX* context) const { EVP_KDF_CTX_free(context); }
  };
  const std::unique_ptr<EVP_KDF, Free> kdf(EVP_KDF_fetch(nullptr, "HKDF", nullptr));
  const std::unique_ptr<EVP_KDF_CTX, Free> context(EVP_KDF_CTX_new(kdf.get()));
  std::string digest = "SHA256";
  std::string info = "stampede " + std::string(name);
  RingSecret input = secret;
  const OSSL_PARAM parameters[] = {
      OSSL_PARAM_construct_utf8_string(OSSL_KDF_PARAM_DIGEST, digest.data(), 0),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_KEY, input.bytes.data(), input.bytes.size()),
      OSSL_PARAM_construct_octet_string(OSSL_KDF_PARAM_INFO, info.data(), info.size()),
      OSSL_PARAM_construct_end()};
  Aes128Key key;
  const bool derived =
      context != nullptr && EVP_KDF_derive(context.get(), key.data(), key.size(), parameters) == 1;
  if (!derived) throw std::runtime_error("OpenSSL has no HKDF-SHA-256");
  return key;
}

/// What a token authenticates besides its claims: its first two bytes as they arrived, and its
/// purpose. A changed version or key id therefore fails like any other changed bit.
class Associated {
 public:
  Associated(Purpose purpose, const unsigned char* token) {
    const std::string_view name = kNames[std::to_underlying(purpose)];
    std::copy_n(token, kNonceAt, bytes_.begin());
    std::ranges::copy(name, bytes_.begin() + kNonceAt);
    size_ = kNonceAt + name.size();
  }
  std::span<const unsigned char> bytes() const { return {bytes_.data(), size_}; }

 private:
  std::array<unsigned char, 32> bytes_;
  std::size_t size_;
};

/// Random nonces, drawn for many tokens at a time.
class Nonces {
 public:
  std::span<const unsigned char> next() {
    if (used_ == bytes_.size()) {
      fill_random(bytes_);
      used_ = 0;
    }
    used_ += AesGcm::kNonce;
    return std::span(bytes_).subspan(used_ - AesGcm::kNonce, AesGcm::kNonce);
  }

 private:
  std::array<unsigned char, 64 * AesGcm::kNonce> bytes_;
  std::size_t used_ = 64 * AesGcm::kNonce;
};

}  // namespace

struct KeyRing::Keys {
  struct Slot {
    explicit Slot(const RingSecret& secret) : id(secret.id) {
      for (std::size_t i = 0; i < kPurposes; ++i) purposes[i] = derive(secret, kNames[i]);
    }
    friend bool operator==(const Slot&, const Slot&) = default;

    std::uint8_t id;
    std::array<Aes128Key, kPurposes> purposes;
  };

  explicit Keys(const KeyFile& file) : current(file.current) {
    if (file.previous) previous.emplace(*file.previous);
  }
  friend bool operator==(const Keys&, const Keys&) = default;

  Slot current;
  std::optional<Slot> previous;
};

/// One thread's ciphers for one generation of keys, each made when first needed.
struct KeyRing::Ciphers {
  using Slots = std::array<std::optional<AesGcm>, kPurposes>;

  AesGcm& sealing(Purpose purpose) {
    return ready(seal, keys->current, purpose, AesGcm::Direction::kSeal);
  }
  /// A token with an unknown key id is opened with the current key, so that it fails in the same
  /// time as any forged token.
  AesGcm& opening(Purpose purpose, std::uint8_t id) {
    const std::optional<Keys::Slot>& previous = keys->previous;
    if (previous && id == previous->id) {
      return ready(open_previous, *previous, purpose, AesGcm::Direction::kOpen);
    }
    return ready(open_current, keys->current, purpose, AesGcm::Direction::kOpen);
  }

  std::uint64_t generation = 0;
  std::shared_ptr<const Keys> keys;
  Slots seal;
  Slots open_current;
  Slots open_previous;
  Nonces nonces;

 private:
  static AesGcm& ready(Slots& slots, const Keys::Slot& slot, Purpose purpose,
                       AesGcm::Direction direction) {
    const auto index = std::to_underlying(purpose);
    std::optional<AesGcm>& cipher = slots[index];
    return cipher ? *cipher : cipher.emplace(slot.purposes[index], direction);
  }
};

void KeyRing::create(const std::filesystem::path& path) {
  create_key_file(path, {.current = RingSecret::random(1), .previous = std::nullopt});
}

void KeyRing::rotate(const std::filesystem::path& path) { rotate_key_file(path); }

KeyRing::KeyRing(std::filesystem::path path) : path_(std::move(path)) {
  const concurrency::MutexLock lock(mutex_);
  adopt(read_key_file(path_, &stamp_));
}

KeyRing::~KeyRing() = default;

bool KeyRing::reload() {
  const concurrency::MutexLock lock(mutex_);
  if (stamp_of(path_) == stamp_) return false;
  KeyFile::Stamp stamp;
  const KeyFile file = read_key_file(path_, &stamp);
  stamp_ = stamp;
  const auto before = keys_;
  adopt(file);
  return *before != *keys_;
}

void KeyRing::adopt(const KeyFile& file) {
  static std::atomic<std::uint64_t> generations{0};
  keys_ = std::make_shared<const Keys>(file);
  generation_.store(++generations, std::memory_order_release);
}

KeyRing::Ciphers& KeyRing::ciphers() const {
  thread_local Ciphers ciphers;
  if (ciphers.generation != generation_.load(std::memory_order_acquire)) {
    const concurrency::MutexLock lock(mutex_);
    ciphers.generation = generation_.load(std::memory_order_relaxed);
    ciphers.keys = keys_;
    ciphers.seal = {};
    ciphers.open_current = {};
    ciphers.open_previous = {};
  }
  return ciphers;
}

std::string KeyRing::seal(Purpose purpose, std::string_view claims) const {
  if (claims.size() > kMaxClaims) {
    throw std::length_error("claims of " + std::to_string(claims.size()) + " bytes, expected " +
                            std::to_string(kMaxClaims) + " at most");
  }
  Ciphers& mine = ciphers();
  std::array<unsigned char, kMaxClaims + kOverhead> token;
  token[0] = kVersion;
  token[1] = mine.keys->current.id;
  const auto nonce = mine.nonces.next();
  std::ranges::copy(nonce, token.begin() + kNonceAt);
  mine.sealing(purpose).seal(nonce, Associated(purpose, token.data()).bytes(), bytes_of(claims),
                             token.data() + kCiphertextAt);
  return encode_base64url(std::span(token).first(claims.size() + kOverhead));
}

std::optional<std::string> KeyRing::open(Purpose purpose, std::string_view text) const {
  std::array<unsigned char, kMaxClaims + kOverhead> decoded;
  const auto size = decode_base64url(text, decoded);
  if (!size || *size < kOverhead) return std::nullopt;
  const auto token = std::span<const unsigned char>(decoded).first(*size);

  std::string claims(token.size() - kOverhead, '\0');
  AesGcm& cipher = ciphers().opening(purpose, token[1]);
  if (!cipher.open(token.subspan(kNonceAt, AesGcm::kNonce),
                   Associated(purpose, token.data()).bytes(), token.subspan(kCiphertextAt),
                   reinterpret_cast<unsigned char*>(claims.data()))) {
    return std::nullopt;
  }
  return claims;
}

}  // namespace stampede::identity

#include "identity/aes_gcm.h"

#include <algorithm>
#include <new>
#include <stdexcept>

namespace stampede::identity {
namespace {

/// Fetched once: a lookup by name for each context would take a lock of the library.
const EVP_CIPHER* aes_128_gcm() {
  static const EVP_CIPHER* const cipher = EVP_CIPHER_fetch(nullptr, "AES-128-GCM", nullptr);
  if (cipher == nullptr) throw std::runtime_error("OpenSSL has no AES-128-GCM");
  return cipher;
}

void require(int result) {
  if (result != 1) throw std::runtime_error("OpenSSL refused an AES-128-GCM operation");
}

}  // namespace

AesGcm::AesGcm(const Aes128Key& key, Direction direction) : context_(EVP_CIPHER_CTX_new()) {
  if (!context_) throw std::bad_alloc();
  require(EVP_CipherInit_ex2(context_.get(), aes_128_gcm(), key.data(), nullptr,
                             direction == Direction::kSeal ? 1 : 0, nullptr));
}

void AesGcm::seal(Bytes nonce, Bytes associated, Bytes plaintext, unsigned char* out) {
  int written = 0;
  require(EVP_EncryptInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), nullptr));
  require(EVP_EncryptUpdate(context_.get(), nullptr, &written, associated.data(),
                            static_cast<int>(associated.size())));
  require(EVP_EncryptUpdate(context_.get(), out, &written, plaintext.data(),
                            static_cast<int>(plaintext.size())));
  require(EVP_EncryptFinal_ex(context_.get(), out + written, &written));
  require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_GET_TAG, kTag, out + plaintext.size()));
}

bool AesGcm::open(Bytes nonce, Bytes associated, Bytes sealed, unsigned char* out) {
  const Bytes ciphertext = sealed.first(sealed.size() - kTag);
  std::array<unsigned char, kTag> tag;
  std::ranges::copy(sealed.last(kTag), tag.begin());
  int written = 0;
  require(EVP_DecryptInit_ex2(context_.get(), nullptr, nullptr, nonce.data(), nullptr));
  require(EVP_DecryptUpdate(context_.get(), nullptr, &written, associated.data(),
                            static_cast<int>(associated.size())));
  require(EVP_DecryptUpdate(context_.get(), out, &written, ciphertext.data(),
                            static_cast<int>(ciphertext.size())));
  require(EVP_CIPHER_CTX_ctrl(context_.get(), EVP_CTRL_AEAD_SET_TAG, kTag, tag.data()));
  return EVP_DecryptFinal_ex(context_.get(), out + written, &written) == 1;
}

}  // namespace stampede::identity

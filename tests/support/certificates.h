#pragma once

#include <fmt/format.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rsa.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <chrono>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>

namespace stampede::test_support {

/// A certificate that signs itself, as two PEM files.
struct CertificateMade {
  std::string host = "localhost";
  std::string address = "127.0.0.1";
  long serial = 1;
  std::chrono::seconds valid_from{-3600};  // from now
  std::chrono::seconds valid_until{24 * 3600};
  bool rsa = false;  // otherwise P-256
  int rsa_bits = 2048;
};

class Certificates {
 public:
  explicit Certificates(std::filesystem::path folder) : folder_(std::move(folder)) {}

  std::filesystem::path certificate() const { return folder_ / "certificate.pem"; }
  std::filesystem::path key() const { return folder_ / "key.pem"; }

  /// Replaces both files, as an ACME client does: each at once.
  void make(const CertificateMade& made = {}) const {
    const Key key(
        made.rsa ? EVP_RSA_gen(static_cast<unsigned>(made.rsa_bits)) : EVP_EC_gen("P-256"),
        EVP_PKEY_free);
    const std::unique_ptr<X509, decltype(&X509_free)> leaf(X509_new(), X509_free);
    require(key && leaf);
    require(X509_set_version(leaf.get(), X509_VERSION_3));
    require(ASN1_INTEGER_set(X509_get_serialNumber(leaf.get()), made.serial));
    X509_gmtime_adj(X509_getm_notBefore(leaf.get()), made.valid_from.count());
    X509_gmtime_adj(X509_getm_notAfter(leaf.get()), made.valid_until.count());
    require(X509_set_pubkey(leaf.get(), key.get()));
    X509_NAME* const name = X509_get_subject_name(leaf.get());
    require(X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC,
                                       reinterpret_cast<const unsigned char*>(made.host.c_str()),
                                       -1, -1, 0));
    require(X509_set_issuer_name(leaf.get(), name));
    const std::string names = fmt::format("DNS:{},IP:{}", made.host, made.address);
    X509_EXTENSION* const extension =
        X509V3_EXT_conf_nid(nullptr, nullptr, NID_subject_alt_name, names.c_str());
    require(extension != nullptr && X509_add_ext(leaf.get(), extension, -1) == 1);
    X509_EXTENSION_free(extension);
    require(X509_sign(leaf.get(), key.get(), EVP_sha256()));
    write(certificate(), [&](FILE* file) { return PEM_write_X509(file, leaf.get()); });
    write(this->key(), [&](FILE* file) {
      return PEM_write_PrivateKey(file, key.get(), nullptr, nullptr, 0, nullptr, nullptr);
    });
  }
  /// Replaces the key alone, by one that is encrypted.
  void encrypt_key() const {
    const Key key(EVP_EC_gen("P-256"), EVP_PKEY_free);
    write(this->key(), [&](FILE* file) {
      return PEM_write_PKCS8PrivateKey(file, key.get(), EVP_aes_128_cbc(), "secret", 6, nullptr,
                                       nullptr);
    });
  }

 private:
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

  static void require(bool done) {
    if (!done) throw std::runtime_error("a certificate could not be made");
  }
  template <class Print>
  static void write(const std::filesystem::path& path, Print print) {
    const std::filesystem::path draft = path.string() + ".new";
    FILE* const file = std::fopen(draft.c_str(), "w");
    require(file != nullptr);
    const bool printed = print(file) == 1;
    require(std::fclose(file) == 0 && printed && chmod(draft.c_str(), 0600) == 0);
    std::filesystem::rename(draft, path);
  }

  std::filesystem::path folder_;
};

}  // namespace stampede::test_support

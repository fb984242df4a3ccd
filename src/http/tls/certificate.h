#pragma once

#include <chrono>
#include <filesystem>
#include <memory>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

// OpenSSL's, so that its headers stay in this room.
struct x509_st;
struct evp_pkey_st;

namespace stampede::http::tls {

/// A certificate or a key that cannot be used. what() names the file, what was wrong and what was
/// expected.
class CertificateError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Where a listener's certificate is: two PEM files (RFC 7468), as ACME clients write them.
struct CertificateFiles {
  std::filesystem::path certificate;  // the server's own first, then those between it and the root
  std::filesystem::path key;          // without a passphrase; not for everybody to read
};

/// A certificate with its chain and its private key. Read-only after it was read, so thread-safe.
class Certificate {
 public:
  /// Throws CertificateError unless both files are there, belong together, and the certificate is
  /// valid today. A chain that is incomplete is not noticed.
  static Certificate read(const CertificateFiles& files);

  /// It may be shown to a browser that asks for this host: a DNS name or an IP address, without a
  /// port.
  bool is_for(std::string_view host) const;
  /// When it stops to be valid.
  std::chrono::sys_seconds expires() const;

  x509_st* leaf() const { return chain_.front().get(); }
  const std::vector<std::shared_ptr<x509_st>>& chain() const { return chain_; }  // the leaf first
  evp_pkey_st* key() const { return key_.get(); }

 private:
  Certificate() = default;

  std::vector<std::shared_ptr<x509_st>> chain_;
  std::shared_ptr<evp_pkey_st> key_;
};

}  // namespace stampede::http::tls

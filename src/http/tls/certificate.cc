#include "http/tls/certificate.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <sys/stat.h>

#include <cerrno>
#include <ctime>
#include <fstream>
#include <optional>
#include <sstream>
#include <system_error>

#include "http/tls/openssl_error.h"

namespace stampede::http::tls {
namespace {

using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;

template <class... Args>
[[noreturn]] void refuse(const std::filesystem::path& file, fmt::format_string<Args...> format,
                         Args&&... args) {
  throw CertificateError(
      fmt::format("{}: {}", file.string(), fmt::format(format, std::forward<Args>(args)...)));
}

std::string contents(const std::filesystem::path& file) {
  // A directory can be opened, and throws when it is read.
  std::error_code error;
  if (std::filesystem::is_directory(file, error)) error.assign(EISDIR, std::generic_category());
  if (error) refuse(file, "cannot be read: {}", error.message());
  errno = 0;
  std::ifstream stream(file, std::ios::binary);
  std::ostringstream text;
  if (stream.is_open()) text << stream.rdbuf();
  if (!stream.is_open() || stream.bad()) {
    refuse(file, "cannot be read: {}", std::generic_category().message(errno));
  }
  return std::move(text).str();
}

Bio memory(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), BIO_free};
}

std::vector<std::shared_ptr<X509>> read_chain(const std::filesystem::path& file) {
  const std::string text = contents(file);
  const Bio bio = memory(text);
  std::vector<std::shared_ptr<X509>> chain;
  ERR_clear_error();
  while (X509* next = PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)) {
    chain.emplace_back(next, X509_free);
  }
  const unsigned long end = ERR_peek_last_error();
  const bool at_the_end =
      ERR_GET_LIB(end) == ERR_LIB_PEM && ERR_GET_REASON(end) == PEM_R_NO_START_LINE;
  const std::string reason = openssl_error();
  if (!at_the_end) refuse(file, "is no certificate that can be read: {}", reason);
  if (chain.empty()) {
    refuse(file, "has no certificate; expected PEM, -----BEGIN CERTIFICATE-----");
  }
  return chain;
}

void refuse_readable_by_everybody(const std::filesystem::path& file) {
  struct stat status {};
  if (stat(file.c_str(), &status) == 0 && (status.st_mode & S_IRWXO) != 0) {
    refuse(file, "can be used by everybody on this machine (mode {:04o}); expected 0640 or 0600",
           status.st_mode & 07777U);
  }
}

std::shared_ptr<EVP_PKEY> read_key(const std::filesystem::path& file) {
  const std::string text = contents(file);
  refuse_readable_by_everybody(file);
  const Bio bio = memory(text);
  bool encrypted = false;
  ERR_clear_error();
  EVP_PKEY* key = PEM_read_bio_PrivateKey(
      bio.get(), nullptr,
      [](char*, int, int, void* asked) {
        *static_cast<bool*>(asked) = true;
        return -1;
      },
      &encrypted);
  if (key == nullptr) {
    const std::string reason = openssl_error();
    if (encrypted) refuse(file, "is encrypted; expected a key without a passphrase");
    refuse(file,
           "has no private key that can be read ({}); expected PEM, "
           "-----BEGIN PRIVATE KEY-----",
           reason);
  }
  return {key, EVP_PKEY_free};
}

std::chrono::sys_seconds time_of(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return {};
  return std::chrono::sys_seconds{std::chrono::seconds{timegm(&parts)}};
}

void refuse_invalid_today(const std::filesystem::path& file, X509* leaf) {
  if (X509_cmp_current_time(X509_get0_notAfter(leaf)) <= 0) {
    refuse(file, "expired on {:%F %T} UTC", time_of(X509_get0_notAfter(leaf)));
  }
  if (X509_cmp_current_time(X509_get0_notBefore(leaf)) >= 0) {
    refuse(file, "is not valid before {:%F %T} UTC", time_of(X509_get0_notBefore(leaf)));
  }
}

}  // namespace

Certificate Certificate::read(const CertificateFiles& files) {
  Certificate certificate;
  certificate.chain_ = read_chain(files.certificate);
  certificate.key_ = read_key(files.key);
  if (X509_check_private_key(certificate.leaf(), certificate.key()) != 1) {
    openssl_error();
    refuse(files.key, "is not the key of the first certificate in {}", files.certificate.string());
  }
  refuse_invalid_today(files.certificate, certificate.leaf());
  return certificate;
}

bool Certificate::is_for(std::string_view host) const {
  const std::string text(host);
  return X509_check_host(leaf(), host.data(), host.size(), 0, nullptr) == 1 ||
         X509_check_ip_asc(leaf(), text.c_str(), 0) == 1;
}

std::chrono::sys_seconds Certificate::expires() const {
  return time_of(X509_get0_notAfter(leaf()));
}

}  // namespace stampede::http::tls

#include "http/tls/certificate.h"

#include <gmock/gmock.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "http/tls/tls_listener.h"
#include "tests/support/certificates.h"
#include "tests/support/temp_dir.h"

namespace stampede::http::tls {
namespace {

using std::chrono::seconds;
using ::testing::AllOf;
using ::testing::HasSubstr;

class CertificateTest : public ::testing::Test {
 protected:
  CertificateFiles files() const { return {made_.certificate(), made_.key()}; }
  /// Why the files cannot be used; empty if they can.
  std::string refusal() const {
    try {
      const TlsListener listener(files());
      return {};
    } catch (const CertificateError& error) {
      return error.what();
    }
  }
  static void write(const std::filesystem::path& path, const std::string& text) {
    std::ofstream(path, std::ios::trunc) << text;
    chmod(path.c_str(), 0600);
  }
  std::string certificate_name() const { return made_.certificate().string(); }
  std::string key_name() const { return made_.key().string(); }

  const test_support::TempDir folder_;
  const test_support::Certificates made_{folder_.path()};
};

TEST_F(CertificateTest, OfEitherKindIsRead) {
  for (const bool rsa : {false, true}) {
    made_.make({.rsa = rsa});
    EXPECT_EQ(refusal(), "");
  }
}

TEST_F(CertificateTest, IsForTheNamesInIt) {
  made_.make({.host = "shop.example", .address = "192.0.2.7"});
  const Certificate certificate = Certificate::read(files());
  EXPECT_TRUE(certificate.is_for("shop.example"));
  EXPECT_TRUE(certificate.is_for("192.0.2.7"));
  EXPECT_FALSE(certificate.is_for("other.example"));
  EXPECT_FALSE(certificate.is_for("192.0.2.8"));
  EXPECT_FALSE(certificate.is_for(""));
}

TEST_F(CertificateTest, TellsWhenItExpires) {
  made_.make({.valid_until = seconds{7200}});
  const auto left = Certificate::read(files()).expires() - std::chrono::system_clock::now();
  EXPECT_LE(left, seconds{7200});
  EXPECT_GT(left, seconds{7000});
}

TEST_F(CertificateTest, AMissingFileIsNamed) {
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("No such file")));
  made_.make();
  std::filesystem::remove(made_.key());
  EXPECT_THAT(refusal(), AllOf(HasSubstr(key_name()), HasSubstr("No such file")));
  std::filesystem::create_directory(made_.key());
  EXPECT_THAT(refusal(), AllOf(HasSubstr(key_name()), HasSubstr("directory")));
}

TEST_F(CertificateTest, WhatIsNoPemIsNamed) {
  made_.make();
  write(made_.certificate(), "hello");
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("BEGIN CERTIFICATE")));
  write(made_.certificate(), "-----BEGIN CERTIFICATE-----\naGVsbG8=\n-----END CERTIFICATE-----\n");
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("no certificate")));
  made_.make();
  write(made_.key(), "hello");
  EXPECT_THAT(refusal(), AllOf(HasSubstr(key_name()), HasSubstr("BEGIN PRIVATE KEY")));
}

TEST_F(CertificateTest, ATruncatedChainIsNamed) {
  made_.make();
  std::ofstream(made_.certificate(), std::ios::app) << "-----BEGIN CERTIFICATE-----\nMIIB\n";
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("no certificate")));
}

TEST_F(CertificateTest, AnEncryptedKeyIsNamed) {
  made_.make();
  made_.encrypt_key();
  EXPECT_THAT(refusal(), AllOf(HasSubstr(key_name()), HasSubstr("passphrase")));
}

TEST_F(CertificateTest, AKeyForEverybodyIsNamed) {
  made_.make();
  chmod(made_.key().c_str(), 0644);
  EXPECT_THAT(refusal(), AllOf(HasSubstr(key_name()), HasSubstr("0644"), HasSubstr("0640")));
  chmod(made_.key().c_str(), 0640);
  EXPECT_EQ(refusal(), "");
}

TEST_F(CertificateTest, TheKeyOfAnotherIsNamed) {
  made_.make();
  const std::filesystem::path other = folder_.path() / "other.pem";
  std::filesystem::copy(made_.key(), other);
  made_.make();
  std::filesystem::rename(other, made_.key());
  EXPECT_THAT(refusal(), AllOf(HasSubstr(key_name()), HasSubstr("is not the key"),
                               HasSubstr(certificate_name())));
}

TEST_F(CertificateTest, OneThatIsNotValidTodayIsNamed) {
  made_.make({.valid_until = seconds{-60}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("expired on 20")));
  made_.make({.valid_from = seconds{3600}});
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("not valid before 20")));
}

TEST_F(CertificateTest, AWeakOneIsNamed) {
  made_.make({.rsa = true, .rsa_bits = 1024});
  EXPECT_THAT(refusal(), AllOf(HasSubstr(certificate_name()), HasSubstr("too small")));
}

}  // namespace
}  // namespace stampede::http::tls

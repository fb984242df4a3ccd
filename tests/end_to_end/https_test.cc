// The shop and its console over TLS, without a proxy: purchases, cookies, certificates that are
// replaced, and what the program says of those that it cannot use.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <signal.h>
#include <sys/stat.h>

#include <fstream>
#include <string>

#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"
#include "tests/support/shop.h"
#include "tests/support/tls_connection.h"

namespace stampede::test_support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;

std::string get(const std::string& target, const std::string& headers = {}) {
  return fmt::format("GET {} HTTP/1.1\r\nHost: localhost\r\n{}\r\n", target, headers);
}

std::string post(const std::string& target, const std::string& headers,
                 const std::string& body = {}) {
  return fmt::format("POST {} HTTP/1.1\r\nHost: localhost\r\n{}Content-Length: {}\r\n\r\n{}",
                     target, headers, body.size(), body);
}

std::string buy(ProductId product, const std::string& cookies, const std::string& key) {
  return post(fmt::format("/check?productID={}", product.value),
              fmt::format("Cookie: {}\r\nIdempotency-Key: {}\r\n", cookies, key));
}

class Https : public testing::Test {
 protected:
  Https() { certificates_.make({.serial = 1}); }

  Environment tls() const {
    return {{"STAMPEDE_TLS_CERTIFICATE", certificates_.certificate().string()},
            {"STAMPEDE_TLS_KEY", certificates_.key().string()},
            {"STAMPEDE_TLS_CONSOLE_CERTIFICATE", certificates_.certificate().string()},
            {"STAMPEDE_TLS_CONSOLE_KEY", certificates_.key().string()}};
  }
  TlsConnection connect(const Shop& shop) const { return connect_to(shop.port()); }
  /// As a browser: the server must show the certificate for its name.
  TlsConnection connect_to(std::uint16_t port) const {
    return TlsConnection(port, {.authority = certificates_.certificate().string()});
  }
  /// A product on sale, when this returns.
  ProductId open_sale(const Shop& shop, std::int64_t quantity) const {
    const ProductId product = shop.add_product();
    shop.create_sale({.product = product, .quantity = quantity});
    TlsConnection connection = connect(shop);
    EXPECT_TRUE(eventually(kPatience, [&] {
      return connection.ask(get(fmt::format("/product/{}/state", product.value)))
          .contains(R"("on")");
    }));
    return product;
  }
  /// The answer to a purchase that is asked for again while nothing is known of it (202, 503).
  std::string order(TlsConnection& connection, ProductId product,
                    const std::string& cookies) const {
    std::string answer;
    const std::string key = fresh_key();
    eventually(kPatience, [&] {
      answer = connection.ask(buy(product, cookies, key));
      return !answer.starts_with("HTTP/1.1 202") && !answer.starts_with("HTTP/1.1 503");
    });
    return answer;
  }

  const TempDir folder_;
  const Certificates certificates_{folder_.path()};
};

TEST_F(Https, FromRegistrationToTheOrder) {
  Shop shop(tls());
  const ProductId lamp = open_sale(shop, 5);
  TlsConnection browser = connect(shop);
  const std::string page = browser.ask(get("/user/register"));
  auto form = find_form(page, "/user/register");
  ASSERT_TRUE(form) << page;
  form->fields[form->text_field] = "ada";
  for (const std::string& field : form->password_fields) {
    form->fields[field] = "correct horse battery";
  }
  const auto cookies_of = [](const std::string& response) {
    std::string cookies;
    for (std::size_t at = 0; (at = response.find("Set-Cookie: ", at)) != std::string::npos; ++at) {
      const std::string line = response.substr(at, response.find("\r\n", at) - at);
      EXPECT_THAT(line, HasSubstr("; Secure"));
      cookies += line.substr(12, line.find(';') - 11) + " ";
    }
    return cookies.substr(0, cookies.rfind(';'));
  };
  const std::string entered =
      browser.ask(post("/user/register",
                       fmt::format("Origin: https://localhost\r\nCookie: {}\r\n"
                                   "Content-Type: application/x-www-form-urlencoded\r\n",
                                   cookies_of(page)),
                       form->encoded()));
  ASSERT_THAT(entered, testing::StartsWith("HTTP/1.1 303")) << entered;
  EXPECT_THAT(entered, HasSubstr("Strict-Transport-Security: max-age=31536000\r\n"));
  const std::string cookies = cookies_of(entered);
  ASSERT_THAT(cookies, HasSubstr("__Host-sign="));

  const std::string sold = order(browser, lamp, cookies);
  EXPECT_THAT(sold, AllOf(testing::StartsWith("HTTP/1.1 201"), HasSubstr(R"("result":"sold")")));
  EXPECT_EQ(shop.audited_orders(), 1);
  EXPECT_EQ(shop.stop(), 0);
}

TEST_F(Https, TheConsoleSpeaksItToo) {
  Shop shop(tls());
  TlsConnection console = connect_to(shop.server().console_port());
  const std::string metrics = console.ask(get("/metrics"));
  EXPECT_THAT(metrics, HasSubstr("\nstampede_tls_handshakes_total{listener=\"console\","
                                 "end=\"full\"} 1\n"));
  EXPECT_THAT(metrics, HasSubstr("\nstampede_tls_certificate_expires_seconds{listener=\"shop\"} "));
  EXPECT_THAT(metrics, HasSubstr("Strict-Transport-Security: "));
  RawConnection plain(shop.server().console_port());
  EXPECT_THAT(plain.ask(get("/healthz")), HasSubstr("tls-required"));
}

TEST_F(Https, SighupShowsTheNewCertificateAndLosesNoConnection) {
  Shop shop(tls());
  const ProductId lamp = open_sale(shop, 5);
  const auto buyers = shop.mint(1, 2);
  TlsConnection kept = connect(shop);
  EXPECT_THAT(order(kept, lamp, "sign=" + buyers[0].sign), testing::StartsWith("HTTP/1.1 201"));
  certificates_.make({.serial = 2});

  ::kill(shop.server().pid(), SIGHUP);

  EXPECT_TRUE(eventually(kPatience, [&] {
    return TlsConnection(shop.port()).serial() == 2 &&
           TlsConnection(shop.server().console_port()).serial() == 2;
  })) << shop.server().log();
  EXPECT_THAT(order(kept, lamp, "sign=" + buyers[1].sign), testing::StartsWith("HTTP/1.1 201"));
  EXPECT_EQ(kept.serial(), 1);
  EXPECT_THAT(shop.server().log(), HasSubstr("certificate read again listener=shop expires="));

  certificates_.make({.serial = 3, .valid_until = std::chrono::seconds{-60}});
  ::kill(shop.server().pid(), SIGHUP);
  EXPECT_TRUE(eventually(kPatience, [&] {
    return shop.server().log().contains("the old one stays listener=console");
  }));
  EXPECT_THAT(shop.server().log(),
              AllOf(HasSubstr(certificates_.certificate().string()), HasSubstr("expired on ")));
  EXPECT_EQ(TlsConnection(shop.port()).serial(), 2);
  EXPECT_EQ(shop.audited_orders(), 2);
  EXPECT_EQ(shop.stop(), 0);
}

TEST_F(Https, SighupWithoutACertificateChangesNothingWhereNoTerminalHangsUp) {
  const TempDir folder;
  Child server({"setsid", stampede_binary(), "serve", "--data", (folder.path() / "data").string(),
                "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"});
  std::optional<std::string> line;
  while ((line = server.read_line(kPatience)) && *line != "ready") {
  }
  ASSERT_TRUE(line);
  server.signal(SIGHUP);
  EXPECT_TRUE(eventually(kPatience, [&] {
    return server.standard_error().contains("there is no certificate to read again");
  }));
  server.signal(SIGTERM);
  EXPECT_EQ(server.wait(kPatience), 0);
}

TEST_F(Https, WithoutACertificateAShopEndsWithItsTerminal) {
  const TempDir folder;
  Child terminal({"script", "--quiet", "--command",
                  fmt::format("exec {} serve --data {} --listen 127.0.0.1:0 --console 127.0.0.1:0",
                              stampede_binary(), (folder.path() / "data").string()),
                  "/dev/null"});
  std::string shop;
  std::optional<std::string> line;
  while ((line = terminal.read_line(kPatience)) && !line->starts_with("ready")) {
    if (line->starts_with("shop ")) shop = *line;
  }
  ASSERT_TRUE(line);
  const auto port = static_cast<std::uint16_t>(std::stoi(shop.substr(shop.rfind(':') + 1)));
  ASSERT_TRUE(RawConnection(port).connected()) << shop;
  terminal.signal(SIGKILL);
  EXPECT_TRUE(eventually(kPatience, [&] { return !RawConnection(port).connected(); }));
}

/// Exit code 2, and these words.
void expect_refused(const Environment& environment, const std::vector<std::string>& words) {
  const TempDir folder;
  const std::string data = (folder.path() / "data").string();
  const std::vector<std::string> serve{
      stampede_binary(), "serve",       "--data",    data,
      "--listen",        "127.0.0.1:0", "--console", "127.0.0.1:0"};
  const std::vector<std::string> check{stampede_binary(), "config", "check", "--role",
                                       "serve",           "--data", data};
  for (const auto& arguments : {serve, check}) {
    const CommandResult result = run_command(arguments, environment, std::chrono::seconds{30});
    EXPECT_EQ(result.exit, 2) << result.err;
    for (const std::string& word : words) EXPECT_THAT(result.err, HasSubstr(word));
  }
  EXPECT_FALSE(std::filesystem::exists(data)) << "something was started";
}

TEST_F(Https, WhatCannotBeUsedIsNamedAtTheStart) {
  const std::string certificate = certificates_.certificate().string();
  const std::string key = certificates_.key().string();
  expect_refused({{"STAMPEDE_TLS_CERTIFICATE", certificate}}, {"tls.key", "tls.certificate"});
  expect_refused({{"STAMPEDE_TLS_CONSOLE_KEY", key}}, {"tls.console_certificate"});
  expect_refused({{"STAMPEDE_TLS_CERTIFICATE", "/nowhere.pem"}, {"STAMPEDE_TLS_KEY", key}},
                 {"tls.certificate", "/nowhere.pem", "No such file"});
  expect_refused({{"STAMPEDE_TLS_CERTIFICATE", key}, {"STAMPEDE_TLS_KEY", key}},
                 {key, "BEGIN CERTIFICATE"});
  expect_refused({{"STAMPEDE_TLS_CERTIFICATE", certificate}, {"STAMPEDE_TLS_KEY", certificate}},
                 {certificate, "BEGIN PRIVATE KEY"});
  auto with_http = tls();
  with_http.emplace_back("STAMPEDE_HTTP_ORIGIN", "http://shop.example");
  expect_refused(with_http, {"http.origin", "http://shop.example", "https://"});
  chmod(key.c_str(), 0644);
  expect_refused(tls(), {"tls.key", key, "0644", "tls.console_key"});
  certificates_.make({.valid_until = std::chrono::seconds{-60}});
  expect_refused(tls(), {"tls.certificate", certificate, "expired on "});
}

TEST_F(Https, AnOriginThatIsHttpsMakesCookiesSecureWhoeverSpeaksTls) {
  Shop shop(Environment{{"STAMPEDE_HTTP_ORIGIN", "https://shop.example"}});
  EXPECT_THAT(shop.server().log(),
              AllOf(HasSubstr("warning http.origin is https"), HasSubstr("https://shop.example")));
  RawConnection plain(shop.port());
  const std::string page = plain.ask(get("/user/register"));
  EXPECT_THAT(page, AllOf(HasSubstr("Set-Cookie: "), HasSubstr("; Secure"),
                          HasSubstr("Strict-Transport-Security: max-age=31536000\r\n")));
}

TEST_F(Https, NeitherIsSaidOfPlainHttp) {
  Shop shop;
  EXPECT_THAT(shop.server().log(), Not(HasSubstr("warning http.origin")));
  RawConnection plain(shop.port());
  const std::string page = plain.ask(get("/user/register"));
  EXPECT_THAT(page, AllOf(HasSubstr("Set-Cookie: "), Not(HasSubstr("; Secure")),
                          Not(HasSubstr("Strict-Transport-Security"))));
}

TEST_F(Https, ACertificateForAnotherNameIsWarnedOf) {
  auto environment = tls();
  environment.emplace_back("STAMPEDE_HTTP_ORIGIN", "https://shop.example:8443");
  Shop other(environment);
  EXPECT_THAT(other.server().log(), HasSubstr("the certificate is not for http.origin"));
  environment.back().second = "https://localhost:8443";
  Shop right(environment);
  EXPECT_THAT(right.server().log(), Not(HasSubstr("warning")));
}

}  // namespace
}  // namespace stampede::test_support

// The console behind nginx with TLS, on the very configuration that README has.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <optional>
#include <stdexcept>
#include <string>

#include "tests/support/certificates.h"
#include "tests/support/eventually.h"
#include "tests/support/form.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"
#include "tests/support/tls_connection.h"

namespace stampede::test_support {
namespace {

using testing::AllOf;
using testing::HasSubstr;
using testing::Not;
using testing::StartsWith;

/// The first block of nginx below that heading.
std::string snippet_of_readme(const std::string& heading) {
  std::ifstream file(STAMPEDE_SOURCES "/README.md");
  const std::string readme{std::istreambuf_iterator<char>(file), {}};
  const std::string opening = "```nginx\n";
  const auto begin = readme.find(opening, readme.find("\n## " + heading + "\n"));
  const auto end = readme.find("```", begin + opening.size());
  if (end == std::string::npos) throw std::runtime_error("README has no nginx for " + heading);
  return readme.substr(begin + opening.size(), end - begin - opening.size());
}

void replace(std::string& text, const std::string& from, const std::string& to) {
  const auto found = text.find(from);
  if (found == std::string::npos) throw std::runtime_error("README's nginx has no " + from);
  text.replace(found, from.size(), to);
}

class ConsoleProxy : public testing::Test {
 protected:
  ConsoleProxy() {
    certificates_.make();
    const std::string folder = folder_.path().string();
    std::string site = snippet_of_readme("The console behind a proxy");
    replace(site, "listen 443 ssl;", fmt::format("listen 127.0.0.1:{} ssl;", port_));
    replace(site, "/etc/nginx/console.pem", certificates_.certificate().string());
    replace(site, "/etc/nginx/console.key", certificates_.key().string());
    replace(site, "127.0.0.1:8080", fmt::format("127.0.0.1:{}", shop_.server().console_port()));
    std::ofstream(folder + "/nginx.conf") << fmt::format(
        "daemon off; master_process off; pid {0}/pid; error_log stderr;\n"
        "events {{ worker_connections 64; }}\n"
        "http {{\n"
        "  access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;\n"
        "  fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;\n"
        "{1}}}\n",
        folder, site);
    nginx_.emplace(std::vector<std::string>{"nginx", "-e", "stderr", "-p", folder, "-c",
                                            folder + "/nginx.conf"});
    if (!eventually(kPatience, [&] { return RawConnection(port_).connected(); })) {
      throw std::runtime_error("nginx does not listen: " + nginx_->standard_error());
    }
    const std::string printed = shop_.run({"operator", "add", "olga", "--role", "owner"});
    password_ = printed.substr(0, printed.find('\n'));
  }

  std::string ask(const std::string& method, const std::string& target,
                  const std::string& headers = {}, const std::string& body = {},
                  const char* from = "127.0.0.9") {
    TlsConnection browser(port_, {.from = from});
    return browser.ask(
        fmt::format("{} {} HTTP/1.1\r\nHost: console.example\r\n{}"
                    "Content-Length: {}\r\n\r\n{}",
                    method, target, headers, body.size(), body));
  }
  static std::string cookie_of(const std::string& answer, const std::string& name) {
    const auto begin = answer.find("Set-Cookie: " + name + "=");
    if (begin == std::string::npos) return {};
    return answer.substr(begin + 12, answer.find(';', begin) - begin - 12);
  }
  /// As Chromium sends the form.
  std::string log_in(const std::string& password, const char* from = "127.0.0.9") {
    const std::string page = ask("GET", "/login", {}, {}, from);
    auto form = find_form(page, "/login");
    if (!form) throw std::runtime_error("no form: " + page);
    form->fields["name"] = "olga";
    form->fields["password"] = password;
    return ask("POST", "/login",
               fmt::format("Cookie: {}\r\nOrigin: https://console.example\r\n"
                           "Sec-Fetch-Site: same-origin\r\n"
                           "Content-Type: application/x-www-form-urlencoded\r\n",
                           cookie_of(page, "__Host-form")),
               form->encoded(), from);
  }

  const TempDir folder_;
  const Certificates certificates_{folder_.path()};
  const std::uint16_t port_ = static_cast<std::uint16_t>(10'000 + getpid() % 20'000);
  Shop shop_{Environment{{"STAMPEDE_CONSOLE_ORIGIN", "https://console.example"},
                         {"STAMPEDE_HTTP_TRUSTED_PROXIES", "10.0.0.0/8,127.0.0.0/29"}}};
  std::optional<Child> nginx_;
  std::string password_;
};

TEST_F(ConsoleProxy, AnOperatorLogsInThroughIt) {
  const std::string in = log_in(password_);
  ASSERT_THAT(in, StartsWith("HTTP/1.1 303 ")) << shop_.server().log();
  EXPECT_THAT(in, HasSubstr("Set-Cookie: __Host-operator="));
  EXPECT_THAT(in, AllOf(HasSubstr("; SameSite=Strict; HttpOnly; Secure\r\n"),
                        HasSubstr("Strict-Transport-Security: max-age=")));
  const std::string session = fmt::format("Cookie: {}\r\n", cookie_of(in, "__Host-operator"));
  const std::string sales = ask("GET", "/sales", session);
  EXPECT_THAT(sales, AllOf(StartsWith("HTTP/1.1 200 "), HasSubstr("There is no sale yet.")));
  EXPECT_THAT(ask("GET", "/sales"), Not(StartsWith("HTTP/1.1 200 ")));
  // A form, as the page has it; and the same from elsewhere.
  const auto form = find_form(ask("GET", "/products/new", session), "/products/new");
  ASSERT_TRUE(form);
  auto filled = *form;
  filled.fields["name"] = "Lamp";
  const auto add = [&](const std::string& origin) {
    return ask("POST", "/products/new",
               fmt::format("{}Origin: {}\r\nContent-Type: application/x-www-form-urlencoded\r\n",
                           session, origin),
               filled.encoded());
  };
  EXPECT_THAT(add("https://evil.example"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(add("http://console.example"), StartsWith("HTTP/1.1 403 "));
  EXPECT_THAT(add("https://console.example"), StartsWith("HTTP/1.1 303 "));
  EXPECT_THAT(ask("GET", "/metrics"), StartsWith("HTTP/1.1 404 ")) << "not for everybody";
}

TEST_F(ConsoleProxy, ItsClientsAreToldApart) {
  for (int i = 0; i < 5; ++i) {
    EXPECT_THAT(log_in("wrong horse", "127.0.0.9"), StartsWith("HTTP/1.1 401 "));
  }
  EXPECT_THAT(log_in(password_, "127.0.0.9"), StartsWith("HTTP/1.1 429 ")) << "a guesser waits";
  EXPECT_THAT(log_in(password_, "127.0.0.10"), StartsWith("HTTP/1.1 303 ")) << "and nobody else";
}

}  // namespace
}  // namespace stampede::test_support

#include "tests/cluster/proxy.h"

#include <fmt/format.h>
#include <unistd.h>

#include <atomic>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "http/client/client.h"
#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

std::string read_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) throw std::runtime_error(path + " cannot be read");
  return {std::istreambuf_iterator<char>(file), {}};
}

/// Every `from`, of which there is at least one, becomes `to`.
void replace(std::string& text, std::string_view from, std::string_view to) {
  auto found = text.find(from);
  if (found == std::string::npos) {
    throw std::runtime_error(fmt::format("deploy/nginx.conf has no {:?}", from));
  }
  for (; found != std::string::npos; found = text.find(from, found + to.size())) {
    text.replace(found, from.size(), to);
  }
}

/// Neither proxy can be told to take a free port by itself. Below those of outgoing connections.
std::uint16_t next_port() {
  static std::atomic<int> count = 0;
  return static_cast<std::uint16_t>(10'000 + (getpid() + ++count) % 20'000);
}

}  // namespace

Proxy::Proxy(Kind kind, const Upstreams& upstreams, const std::string& host)
    : address_{.host = host, .port = next_port()}, child_(start(kind, upstreams)) {
  // By itself: no upstream is asked.
  const auto answers = [&] {
    return http::Client(address_.host, address_.port, kPatience)
        .send({.target = "/readyz"})
        .has_value();
  };
  const auto ended = [&] { return child_.wait(std::chrono::milliseconds{0}).has_value(); };
  if (!eventually(kPatience, [&] { return answers() || ended(); }) || ended()) {
    throw std::runtime_error("the proxy does not listen: " + child_.standard_error());
  }
}

Child Proxy::start(Kind kind, const Upstreams& upstreams) const {
  return kind == Kind::kNginx ? start_nginx(upstreams) : start_haproxy(upstreams);
}

Child Proxy::start_nginx(const Upstreams& upstreams) const {
  const std::string folder = folder_.path().string();
  std::string site = read_file(STAMPEDE_SOURCES "/deploy/nginx.conf");
  replace(site, "127.0.0.1:8082", upstreams.web);
  replace(site, "127.0.0.1:8083", upstreams.validator_a);
  replace(site, "127.0.0.1:8086", upstreams.validator_b);
  replace(site, "listen 80;", fmt::format("listen {};", address_.text()));
  replace(site, "/var/cache/nginx", folder);
  std::ofstream(folder + "/site.conf") << site;
  // What Debian's nginx.conf has around a site.
  std::ofstream(folder + "/nginx.conf") << fmt::format(
      "daemon off; master_process off; pid {0}/pid; error_log stderr;\n"
      "events {{ worker_connections 512; }}\n"
      "http {{\n"
      "  access_log off; client_body_temp_path {0}/body; proxy_temp_path {0}/proxy;\n"
      "  fastcgi_temp_path {0}/fastcgi; uwsgi_temp_path {0}/uwsgi; scgi_temp_path {0}/scgi;\n"
      "  include {0}/site.conf;\n"
      "}}\n",
      folder);
  return Child({"nginx", "-e", "stderr", "-p", folder, "-c", folder + "/nginx.conf"});
}

Child Proxy::start_haproxy(const Upstreams& upstreams) const {
  return Child({"haproxy", "-db", "-f", STAMPEDE_SOURCES "/deploy/haproxy.cfg"},
               {{"STAMPEDE_PROXY", address_.text()},
                {"STAMPEDE_WEB", upstreams.web},
                {"STAMPEDE_VALIDATOR_A", upstreams.validator_a},
                {"STAMPEDE_VALIDATOR_B", upstreams.validator_b},
                {"STAMPEDE_CONSOLE_A", std::to_string(upstreams.console_a)},
                {"STAMPEDE_CONSOLE_B", std::to_string(upstreams.console_b)}});
}

}  // namespace stampede::test_support

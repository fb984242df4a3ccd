#include "tests/cluster/proxy.h"

#include <arpa/inet.h>
#include <fmt/format.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>

#include "tests/support/eventually.h"

namespace stampede::test_support {
namespace {

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return address;
}

/// A TCP socket that is closed at the end of the scope.
class Socket {
 public:
  Socket() : descriptor_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (descriptor_ < 0) throw std::system_error(errno, std::generic_category(), "socket");
  }
  ~Socket() { close(descriptor_); }
  Socket(const Socket&) = delete;
  Socket& operator=(const Socket&) = delete;
  int operator*() const { return descriptor_; }

 private:
  int descriptor_;
};

/// Neither proxy can be told to take a free port by itself.
std::uint16_t free_port() {
  const Socket socket;
  sockaddr_in address = loopback(0);
  socklen_t size = sizeof address;
  auto* generic = reinterpret_cast<sockaddr*>(&address);
  if (bind(*socket, generic, size) != 0 || getsockname(*socket, generic, &size) != 0) {
    throw std::system_error(errno, std::generic_category(), "bind");
  }
  return ntohs(address.sin_port);
}

bool accepts(std::uint16_t port) {
  const Socket socket;
  const sockaddr_in address = loopback(port);
  return connect(*socket, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0;
}

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

std::string local(std::uint16_t port) { return fmt::format("127.0.0.1:{}", port); }

}  // namespace

Proxy::Proxy(Kind kind, const Upstreams& upstreams)
    : port_(free_port()), child_(start(kind, upstreams)) {
  if (!eventually(kPatience,
                  [&] {
                    return accepts(port_) || child_.wait(std::chrono::milliseconds{0}).has_value();
                  }) ||
      child_.wait(std::chrono::milliseconds{0})) {
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
  replace(site, "listen 80;", fmt::format("listen {};", local(port_)));
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
               {{"STAMPEDE_PROXY", local(port_)},
                {"STAMPEDE_WEB", upstreams.web},
                {"STAMPEDE_VALIDATOR_A", upstreams.validator_a},
                {"STAMPEDE_VALIDATOR_B", upstreams.validator_b},
                {"STAMPEDE_CONSOLE_A", std::to_string(upstreams.console_a)},
                {"STAMPEDE_CONSOLE_B", std::to_string(upstreams.console_b)}});
}

}  // namespace stampede::test_support

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>

namespace stampede::test_support {

/// A TCP listener on a free port, for servers that do just what a test says. Throws
/// std::system_error. Thread-safe.
class Listener {
 public:
  /// `host` is any of 127.0.0.0/8.
  explicit Listener(std::string host = "127.0.0.1")
      : host_(std::move(host)), socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    socklen_t size = sizeof address;
    auto* const generic = reinterpret_cast<sockaddr*>(&address);
    if (inet_pton(AF_INET, host_.c_str(), &address.sin_addr) != 1 ||
        ::bind(socket_, generic, size) != 0 || ::listen(socket_, 16) != 0 ||
        ::getsockname(socket_, generic, &size) != 0) {
      const int error = errno;
      ::close(socket_);
      throw std::system_error(error, std::generic_category(), "listen on " + host_);
    }
    port_ = ntohs(address.sin_port);
  }
  Listener(const Listener&) = delete;
  Listener& operator=(const Listener&) = delete;
  ~Listener() { ::close(socket_); }

  std::uint16_t port() const { return port_; }
  /// "127.0.0.1:PORT"
  std::string address() const { return host_ + ":" + std::to_string(port_); }

  /// Whether a connection waits to be accepted, or comes within `time`.
  bool waiting(std::chrono::milliseconds time = {}) const {
    pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, static_cast<int>(time.count())) == 1;
  }
  /// Waits for the next connection: its descriptor, for the caller to close. -1 after shut().
  int accept() const { return ::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC); }
  /// Ends accept(), in another thread too.
  void shut() { ::shutdown(socket_, SHUT_RDWR); }

 private:
  const std::string host_;
  const int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace stampede::test_support

#pragma once

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

namespace stampede::http::testing {

/// A server that does just what the test says. Only tests include this.
class ScriptedPeer {
 public:
  class Connection {
   public:
    explicit Connection(int socket) : socket_(socket) {}
    Connection(Connection&& other) noexcept : socket_(std::exchange(other.socket_, -1)) {}
    Connection& operator=(Connection&&) = delete;
    ~Connection() { close(); }

    /// One request without a body.
    std::string request() {
      std::string text;
      while (!text.ends_with("\r\n\r\n")) {
        char byte = 0;
        if (::recv(socket_, &byte, 1, 0) != 1) {
          return text;
        }
        text += byte;
      }
      return text;
    }
    void send(std::string_view bytes) {
      if (::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL) !=
          static_cast<ssize_t>(bytes.size())) {
        throw std::runtime_error("the client has closed");
      }
    }
    void close() {
      if (socket_ >= 0) {
        ::close(std::exchange(socket_, -1));
      }
    }

   private:
    int socket_;
  };

  ScriptedPeer() : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    if (::bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) != 0 ||
        ::listen(socket_, 16) != 0 ||
        ::getsockname(socket_, reinterpret_cast<sockaddr*>(&address), &size) != 0) {
      throw std::runtime_error("no port to listen on");
    }
    port_ = ntohs(address.sin_port);
  }
  ScriptedPeer(const ScriptedPeer&) = delete;
  ScriptedPeer& operator=(const ScriptedPeer&) = delete;
  ~ScriptedPeer() { ::close(socket_); }

  std::uint16_t port() const { return port_; }
  /// 1 if a connection waits to be accepted.
  int waiting(std::chrono::milliseconds time = {}) const {
    pollfd entry{socket_, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(time.count()));
  }
  Connection accept() {
    if (waiting(std::chrono::seconds{20}) != 1) {
      throw std::runtime_error("nobody connects");
    }
    return Connection(::accept4(socket_, nullptr, nullptr, SOCK_CLOEXEC));
  }

 private:
  int socket_;
  std::uint16_t port_ = 0;
};

}  // namespace stampede::http::testing

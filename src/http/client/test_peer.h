#pragma once

#include <sys/socket.h>
#include <unistd.h>

#include <chrono>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/listener.h"

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

  std::uint16_t port() const { return listener_.port(); }
  /// Whether a connection waits to be accepted, or comes within `time`.
  bool waiting(std::chrono::milliseconds time = {}) const { return listener_.waiting(time); }
  Connection accept() {
    if (!waiting(std::chrono::seconds{20})) {
      throw std::runtime_error("nobody connects");
    }
    return Connection(listener_.accept());
  }

 private:
  test_support::Listener listener_;
};

}  // namespace stampede::http::testing

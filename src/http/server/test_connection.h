#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace stampede::http::testing {

/// A client that sends just the bytes it is told to. Only tests include this.
class RawConnection {
 public:
  explicit RawConnection(std::uint16_t port, int receive_buffer = 0)
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof(receive_buffer));
    }
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    connected_ =
        ::connect(socket_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0;
  }
  RawConnection(RawConnection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        buffer_(std::move(other.buffer_)) {}
  RawConnection& operator=(RawConnection&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(connected_, other.connected_);
    std::swap(buffer_, other.buffer_);
    return *this;
  }
  ~RawConnection() { close(); }

  bool connected() const { return connected_; }
  void close() {
    if (socket_ >= 0) {
      ::close(std::exchange(socket_, -1));
    }
  }

  /// False once the server has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const auto sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
      if (sent < 0) {
        return false;
      }
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  bool readable_within(std::chrono::milliseconds time) const {
    pollfd entry{socket_, POLLIN, 0};
    return ::poll(&entry, 1, static_cast<int>(time.count())) == 1;
  }

  /// One response with its Content-Length body (none after HEAD); "" if the server closed instead.
  std::string response(bool after_head = false) {
    std::size_t head = 0;
    while ((head = buffer_.find("\r\n\r\n")) == std::string::npos) {
      if (!take()) {
        return {};
      }
    }
    std::size_t size = head + 4;
    const auto length = buffer_.find("Content-Length: ");
    if (length < head && !after_head) {
      size += std::stoul(buffer_.substr(length + 16));
    }
    while (buffer_.size() < size) {
      if (!take()) {
        return {};
      }
    }
    std::string whole = buffer_.substr(0, size);
    buffer_.erase(0, size);
    return whole;
  }

  /// Everything up to and with `mark`; "" if the server closed instead.
  std::string until(std::string_view mark) {
    std::size_t end = 0;
    while ((end = buffer_.find(mark)) == std::string::npos) {
      if (!take()) {
        return {};
      }
    }
    std::string text = buffer_.substr(0, end + mark.size());
    buffer_.erase(0, text.size());
    return text;
  }

  std::string ask(std::string_view bytes) {
    send(bytes);
    return response();
  }

  /// Waits for the server to close; false if it sends something instead.
  bool closed() { return buffer_.empty() && !take(); }

  /// Waits for up to `most` bytes, at most 16 KiB, of what response() and until() return later.
  /// False once the server has closed.
  bool take(std::size_t most = kMostTaken) {
    if (!readable_within(std::chrono::seconds{20})) {
      ADD_FAILURE() << "the server sends nothing and does not close";
      return false;
    }
    char bytes[kMostTaken];
    const auto size = ::recv(socket_, bytes, std::min(most, sizeof(bytes)), 0);
    if (size <= 0) {
      return false;  // its end, or a reset
    }
    buffer_.append(bytes, static_cast<std::size_t>(size));
    return true;
  }

 private:
  static constexpr std::size_t kMostTaken = 16UL * 1024;

  int socket_;
  bool connected_;
  std::string buffer_;
};

inline std::string get(std::string_view target, std::string_view headers = {}) {
  return "GET " + std::string(target) + " HTTP/1.1\r\nHost: a\r\n" + std::string(headers) + "\r\n";
}

inline std::string body_of(const std::string& response) {
  const auto end = response.find("\r\n\r\n");
  return end == std::string::npos ? "" : response.substr(end + 4);
}

inline int status_of(const std::string& response) {
  return response.size() < 12 ? 0 : std::stoi(response.substr(9, 3));
}

}  // namespace stampede::http::testing

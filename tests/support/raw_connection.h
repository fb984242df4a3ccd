#pragma once

#include <arpa/inet.h>
#include <gtest/gtest.h>
#include <netinet/in.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "tests/support/eventually.h"

namespace stampede::test_support {

/// A TCP connection that sends just the bytes it is told to: for requests that no client would
/// make.
class RawConnection {
 public:
  /// Connects to `to`, from the address `from`; each is any of 127.0.0.0/8. A `receive_buffer` of 0
  /// is the kernel's own.
  explicit RawConnection(std::uint16_t port, const char* from = "127.0.0.1", int receive_buffer = 0,
                         const char* to = "127.0.0.1")
      : socket_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    if (receive_buffer > 0) {
      ::setsockopt(socket_, SOL_SOCKET, SO_RCVBUF, &receive_buffer, sizeof receive_buffer);
    }
    const sockaddr_in source = address_of(from, 0);
    const sockaddr_in target = address_of(to, port);
    connected_ = ::bind(socket_, reinterpret_cast<const sockaddr*>(&source), sizeof source) == 0 &&
                 ::connect(socket_, reinterpret_cast<const sockaddr*>(&target), sizeof target) == 0;
  }
  RawConnection(std::uint16_t port, int receive_buffer)
      : RawConnection(port, "127.0.0.1", receive_buffer) {}
  RawConnection(RawConnection&& other) noexcept
      : socket_(std::exchange(other.socket_, -1)),
        connected_(other.connected_),
        unread_(std::move(other.unread_)) {}
  RawConnection& operator=(RawConnection&& other) noexcept {
    std::swap(socket_, other.socket_);
    std::swap(connected_, other.connected_);
    std::swap(unread_, other.unread_);
    return *this;
  }
  virtual ~RawConnection() { RawConnection::close(); }

  bool connected() const { return connected_; }
  int descriptor() const { return socket_; }
  virtual void close() {
    if (socket_ >= 0) ::close(std::exchange(socket_, -1));
  }

  /// False once the peer has closed.
  bool send(std::string_view bytes) {
    while (!bytes.empty()) {
      const ssize_t sent = write_some(bytes.data(), bytes.size());
      if (sent < 0) return false;
      bytes.remove_prefix(static_cast<std::size_t>(sent));
    }
    return true;
  }

  virtual bool readable_within(std::chrono::milliseconds time) const {
    pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
    return ::poll(&entry, 1, static_cast<int>(time.count())) == 1;
  }

  /// One response with its Content-Length body (none after HEAD); "" if the peer closed instead.
  std::string response(bool after_head = false) {
    std::size_t head = 0;
    while ((head = unread_.find("\r\n\r\n")) == std::string::npos) {
      if (!take()) return {};
    }
    std::size_t size = head + 4;
    const auto length = unread_.find("Content-Length: ");
    if (length < head && !after_head) size += std::stoul(unread_.substr(length + 16));
    while (unread_.size() < size) {
      if (!take()) return {};
    }
    return cut(size);
  }
  std::string ask(std::string_view bytes) {
    send(bytes);
    return response();
  }

  /// Everything up to and with `mark`; "" if the peer closed instead.
  std::string until(std::string_view mark) {
    std::size_t end = 0;
    while ((end = unread_.find(mark)) == std::string::npos) {
      if (!take()) return {};
    }
    return cut(end + mark.size());
  }
  /// Everything up to and with `mark`, or up to the end if it never comes; nullopt if nothing comes
  /// for as long as tests wait.
  std::optional<std::string> read_until(std::string_view mark) {
    std::size_t end = 0;
    while ((end = unread_.find(mark)) == std::string::npos) {
      if (!readable_within(kPatience)) return std::nullopt;
      if (!receive(kMostTaken)) return cut(unread_.size());
    }
    return cut(end + mark.size());
  }
  /// Everything up to the peer's end of stream (or reset); nullopt likewise.
  std::optional<std::string> read_to_end() {
    do {
      if (!readable_within(kPatience)) return std::nullopt;
    } while (receive(kMostTaken));
    return cut(unread_.size());
  }

  /// Waits for the peer to close; false if it sends something instead.
  bool closed() { return unread_.empty() && !take(); }

  /// Waits for up to `most` bytes, at most 16 KiB, of what response() and until() return later.
  /// False once the peer has closed.
  bool take(std::size_t most = kMostTaken) {
    if (!readable_within(kPatience)) {
      ADD_FAILURE() << "the peer sends nothing and does not close";
      return false;
    }
    return receive(most);
  }

 protected:
  // As send() and recv(): what a connection that is encrypted does otherwise.
  virtual ssize_t write_some(const char* bytes, std::size_t size) {
    return ::send(socket_, bytes, size, MSG_NOSIGNAL);
  }
  virtual ssize_t read_some(char* space, std::size_t size) {
    return ::recv(socket_, space, size, 0);
  }

 private:
  static constexpr std::size_t kMostTaken = 16UL * 1024;

  static sockaddr_in address_of(const char* host, std::uint16_t port) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(port);
    inet_pton(AF_INET, host, &address.sin_addr);
    return address;
  }
  /// False at its end, or a reset.
  bool receive(std::size_t most) {
    std::array<char, kMostTaken> bytes;
    const ssize_t size = read_some(bytes.data(), std::min(most, bytes.size()));
    if (size <= 0) return false;
    unread_.append(bytes.data(), static_cast<std::size_t>(size));
    return true;
  }
  std::string cut(std::size_t size) {
    std::string text = unread_.substr(0, size);
    unread_.erase(0, size);
    return text;
  }

  int socket_;
  bool connected_ = false;
  std::string unread_;
};

}  // namespace stampede::test_support

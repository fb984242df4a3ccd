#include "tests/support/raw_connection.h"

#include <arpa/inet.h>
#include <poll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <system_error>
#include <utility>

namespace stampede::test_support {
namespace {

/// A busy machine takes longer.
constexpr int kSlack = 5;

sockaddr_in address_of(const char* host, std::uint16_t port) {
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_port = htons(port);
  inet_pton(AF_INET, host, &address.sin_addr);
  return address;
}

}  // namespace

RawConnection::RawConnection(std::uint16_t port, const char* from)
    : socket_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  const sockaddr_in source = address_of(from, 0);
  const sockaddr_in target = address_of("127.0.0.1", port);
  if (socket_ < 0 ||
      bind(socket_, reinterpret_cast<const sockaddr*>(&source), sizeof source) != 0 ||
      connect(socket_, reinterpret_cast<const sockaddr*>(&target), sizeof target) != 0) {
    const std::error_code error(errno, std::generic_category());
    if (socket_ >= 0) close(socket_);
    throw std::system_error(error, "connection to port " + std::to_string(port));
  }
}

RawConnection::RawConnection(RawConnection&& other) noexcept
    : socket_(std::exchange(other.socket_, -1)), unread_(std::move(other.unread_)) {}

RawConnection::~RawConnection() {
  if (socket_ >= 0) close(socket_);
}

bool RawConnection::send(std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t sent = ::send(socket_, bytes.data(), bytes.size(), MSG_NOSIGNAL);
    if (sent < 0 && errno == EINTR) continue;
    if (sent < 0) return false;
    bytes.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

RawConnection::Progress RawConnection::read_more(std::chrono::steady_clock::time_point deadline) {
  const auto left =
      std::chrono::ceil<std::chrono::milliseconds>(deadline - std::chrono::steady_clock::now());
  pollfd entry{.fd = socket_, .events = POLLIN, .revents = 0};
  if (poll(&entry, 1, static_cast<int>(std::max<std::int64_t>(0, left.count()))) == 0) {
    return Progress::kTimeout;
  }
  std::array<char, 65536> buffer;
  const ssize_t size = recv(socket_, buffer.data(), buffer.size(), 0);
  if (size <= 0) return Progress::kEnd;
  unread_.append(buffer.data(), static_cast<std::size_t>(size));
  return Progress::kData;
}

std::optional<std::string> RawConnection::read_to_end(std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + kSlack * timeout;
  for (;;) {
    const Progress progress = read_more(deadline);
    if (progress == Progress::kTimeout) return std::nullopt;
    if (progress == Progress::kEnd) return std::exchange(unread_, {});
  }
}

std::optional<std::string> RawConnection::read_until(std::string_view mark,
                                                     std::chrono::milliseconds timeout) {
  const auto deadline = std::chrono::steady_clock::now() + kSlack * timeout;
  std::size_t end = 0;
  while ((end = unread_.find(mark)) == std::string::npos) {
    const Progress progress = read_more(deadline);
    if (progress == Progress::kTimeout) return std::nullopt;
    if (progress == Progress::kEnd) return std::exchange(unread_, {});
  }
  std::string text = unread_.substr(0, end + mark.size());
  unread_.erase(0, end + mark.size());
  return text;
}

}  // namespace stampede::test_support

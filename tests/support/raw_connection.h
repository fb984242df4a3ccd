#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace stampede::test_support {

/// A TCP connection that sends exactly the bytes it is told to: for requests no client would make.
class RawConnection {
 public:
  /// Connects to 127.0.0.1; `from` is the address to come from, any of 127.0.0.0/8. Throws
  /// std::system_error.
  explicit RawConnection(std::uint16_t port, const char* from = "127.0.0.1");
  ~RawConnection();
  RawConnection(RawConnection&& other) noexcept;
  RawConnection& operator=(RawConnection&&) = delete;

  /// False if the peer has closed.
  bool send(std::string_view bytes);
  /// Everything up to the peer's end of stream (or reset); nullopt if it does not come in several
  /// times `timeout`: a busy machine takes longer.
  std::optional<std::string> read_to_end(std::chrono::milliseconds timeout);
  /// Everything up to and with `mark`, or up to the end if it never comes; nullopt on timeout.
  std::optional<std::string> read_until(std::string_view mark, std::chrono::milliseconds timeout);
  int descriptor() const { return socket_; }

 private:
  enum class Progress { kData, kEnd, kTimeout };
  Progress read_more(std::chrono::steady_clock::time_point deadline);

  int socket_ = -1;
  std::string unread_;
};

}  // namespace stampede::test_support

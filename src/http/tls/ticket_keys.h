#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <span>

#include "concurrency/mutex.h"

namespace stampede::http::tls {

/// The keys of session tickets (RFC 5077, 4; RFC 8446, 4.6.1), by which a client that comes again
/// is spared a full handshake. They are drawn at the start, never written anywhere, and replaced
/// each period: whoever learns one reads no ticket that is older than two periods. Thread-safe.
class TicketKeys {
 public:
  using Clock = std::chrono::steady_clock;
  static constexpr std::chrono::seconds kPeriod{std::chrono::hours{1}};
  static constexpr std::size_t kNameSize = 16;  // as OpenSSL hands it

  struct Key {
    std::array<unsigned char, kNameSize> name;  // stands before the ticket, in the open
    std::array<unsigned char, 32> cipher;       // of AES-256-CBC
    std::array<unsigned char, 32> mac;          // of HMAC-SHA-256
  };
  struct Found {
    Key key;
    bool is_current;  // otherwise the client should be given a new ticket
  };

  TicketKeys() : TicketKeys([] { return Clock::now(); }) {}
  /// `now` is thread-safe.
  explicit TicketKeys(std::function<Clock::time_point()> now);
  ~TicketKeys();
  TicketKeys(const TicketKeys&) = delete;
  TicketKeys& operator=(const TicketKeys&) = delete;

  /// The one that seals now.
  Key current();
  /// The one of that name; nullopt if it is none of ours, or too old.
  std::optional<Found> find(std::span<const unsigned char, kNameSize> name);

 private:
  void rotate_if_due() STAMPEDE_REQUIRES(mutex_);

  const std::function<Clock::time_point()> now_;
  concurrency::Mutex mutex_;
  Key current_ STAMPEDE_GUARDED_BY(mutex_);
  std::optional<Key> previous_ STAMPEDE_GUARDED_BY(mutex_);
  Clock::time_point drawn_ STAMPEDE_GUARDED_BY(mutex_);  // current_
};

}  // namespace stampede::http::tls

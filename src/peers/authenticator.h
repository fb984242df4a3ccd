#pragma once

#include <atomic>
#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::peers {

/// How roles know each other: a token, sealed with the keys that all of them share, in the header
/// `Stampede-Peer` of each request. It says who asks, and for what alone it is good: one buyer's
/// purchase passed on, or quantity control. A token is good for 30 s by the clocks of both sides. A
/// process whose wall clock is wrong by more is told the database's time by quantity control, and
/// dates its tokens by it from then on. Thread-safe; `ring` must outlive it.
class Authenticator {
 public:
  static constexpr std::string_view kHeader = "Stampede-Peer";
  /// Of the answer to a token that is stale: seal_time().
  static constexpr std::string_view kTimeHeader = "Stampede-Time";
  /// Also how far the clocks of two machines may be apart.
  static constexpr std::chrono::seconds kLifetime{30};

  /// `name`: this process as its peers' logs call it, a node's name or a role's; at most 64 bytes.
  Authenticator(const identity::KeyRing& ring, std::string name);

  std::string seal_forward(UserId buyer, Instant now) const;
  std::string seal_quantity(Instant now) const;

  struct Peer {
    std::string name;
    UserId buyer;  // whose purchase it passes on
  };
  enum class Fault {
    kForged,  // no peer has sealed it for just this
    kStale,   // a peer has, but more than 30 s ago or ahead
  };
  std::expected<Peer, Fault> open_forward(std::string_view token, Instant now) const;
  std::expected<Peer, Fault> open_quantity(std::string_view token, Instant now) const;

  /// The database's time, for whoever sent that token and no other: an answer that was recorded
  /// tells nobody a time that has passed. `token` is one that open_quantity() calls stale.
  std::string seal_time(std::string_view token, Instant time) const;
  /// nullopt unless it was sealed for that token.
  std::optional<Instant> open_time(std::string_view sealed, std::string_view token) const;
  /// It is that time where this process's wall clock shows `now`.
  void learn_time(Instant time, Instant now) { correction_ = time - now; }

 private:
  std::string seal(std::string_view target, UserId buyer, Instant now) const;
  std::expected<Peer, Fault> open(std::string_view token, std::string_view target,
                                  Instant now) const;

  const identity::KeyRing* ring_;
  const std::string name_;
  std::atomic<std::chrono::milliseconds> correction_{};  // of every `now` that it is given
};

}  // namespace stampede::peers

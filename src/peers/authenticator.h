#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::peers {

/// How roles know each other: a token, sealed with the keys that all of them share, in the header
/// `Stampede-Peer` of each request. It says who asks, and for what alone it is good: one buyer's
/// purchase passed on, or quantity control. Thread-safe; `ring` must outlive it.
class Authenticator {
 public:
  static constexpr std::string_view kHeader = "Stampede-Peer";
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
  /// nullopt for anything that no peer has sealed for just this, in the last 30 s.
  std::optional<Peer> open_forward(std::string_view token, Instant now) const;
  std::optional<Peer> open_quantity(std::string_view token, Instant now) const;

 private:
  std::string seal(std::string_view target, UserId buyer, Instant now) const;
  std::optional<Peer> open(std::string_view token, std::string_view target, Instant now) const;

  const identity::KeyRing* ring_;
  const std::string name_;
};

}  // namespace stampede::peers

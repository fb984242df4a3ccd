#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/time.h"

namespace stampede::services::accounts {

/// The cookie `device`: a browser from which an account has logged in before, so that it is told
/// from strangers who guess (LoginThrottle). It opens nothing. Thread-safe; `ring` must outlive it.
class Devices {
 public:
  static constexpr std::chrono::days kLifetime{365};

  explicit Devices(const identity::KeyRing& ring) : ring_(&ring) {}

  /// The value of the cookie of a new device of that account. `account` is a name.
  std::string issue(std::string_view account, Instant now) const;
  /// What tells this device from the others of that account; empty if the cookie was not made for
  /// the account, or has expired.
  std::string identify(std::string_view cookie, std::string_view account, Instant now) const;

 private:
  const identity::KeyRing* ring_;
};

}  // namespace stampede::services::accounts

#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

#include "identity/key_ring.h"
#include "model/retention.h"
#include "model/user.h"

namespace stampede::services::accounts {

/// Session cookies without a session store: a sealed token names the user and the expiry, and a
/// small map of raised epochs says which tokens are revoked. Thread-safe. `ring` must outlive it.
class Sessions {
 public:
  static constexpr std::chrono::hours kLifetime{12};
  static_assert(kEndedSessionsTold == 2 * kLifetime);

  explicit Sessions(const identity::KeyRing& ring);
  ~Sessions();

  /// Where a cookie is valid: the shop's cookie does not open the console, nor the other way round.
  enum class Site : std::uint8_t { kShop, kConsole };

  /// The value of the cookie `sign`, or of the console's `operator`.
  std::string issue(UserId user, SessionEpoch epoch, Instant now, Site site = Site::kShop) const;
  /// The user of this cookie, or nullopt if it is forged, expired or revoked. It runs before every
  /// purchase: it allocates at most once, and takes one lock, of many, for a single look-up in a
  /// map.
  std::optional<UserId> authenticate(std::string_view cookie, Instant now,
                                     Site site = Site::kShop) const;

  /// Cookies of `user` with an epoch below `epoch` are refused from now on.
  void revoke_below(UserId user, SessionEpoch epoch, Instant now);
  /// The same for many, from the database; forgets those revoked before now - kLifetime, whose
  /// cookies have all expired.
  void load(std::span<const std::pair<UserId, SessionEpoch>> raised, Instant now);

 private:
  class Revocations;
  const identity::KeyRing* ring_;
  std::unique_ptr<Revocations> revocations_;
};

}  // namespace stampede::services::accounts

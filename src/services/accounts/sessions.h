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

  /// However long a session is in use, it ends so long after the log-in.
  static constexpr std::chrono::hours kLongest{7 * 24};

  /// Where a cookie is valid: the shop's cookie does not open the console, nor the other way round.
  enum class Site : std::uint8_t { kShop, kConsole };

  /// The value of the cookie `sign`, or with `host_bound` that of `__Host-sign`, which must be
  /// taken under no other name: any host of the site can set one.
  std::string issue(UserId user, SessionEpoch epoch, Instant now, bool host_bound = false) const;
  /// That of the console's `operator`, which says what the operator may do, and whether a second
  /// factor was shown. A new role ends it, because it raises the epoch
  /// (repositories/accounts/accounts.h).
  std::string issue_at_console(UserId user, UserRole role, SessionEpoch epoch, Instant now,
                               bool second_factor = false) const;

  struct Session {
    UserId user;
    Instant since;    // the log-in
    Instant expires;  // of this cookie
    SessionEpoch epoch = 0;
    UserRole role = UserRole::kBuyer;  // at the console: what the operator may do
    bool second_factor = false;        // at the console: it was shown at the log-in
    bool host_bound = false;           // at the shop: good as `__Host-sign` alone
  };
  /// What this cookie says, or nullopt if it is forged, expired or revoked. As quick as
  /// authenticate().
  std::optional<Session> open(std::string_view cookie, Instant now, Site site = Site::kShop) const;
  struct Extension {
    std::string sign;
    Instant expires;
  };
  /// The cookie, as of issue(), by which an open session of the shop that is in use goes on for
  /// kLifetime from now, but never beyond kLongest after its log-in; nullopt if that is less than
  /// an hour more than it has. It is revoked together with the cookie before it.
  std::optional<Extension> extend(const Session& session, Instant now,
                                  bool host_bound = false) const;
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
  std::string seal(const Session& session, Site site) const;

  const identity::KeyRing* ring_;
  std::unique_ptr<Revocations> revocations_;
};

}  // namespace stampede::services::accounts

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/time.h"

namespace stampede::services::accounts {

/// The cookie `device`: a browser from which accounts have logged in before, so that it is told
/// from strangers who guess (LoginThrottle). It opens nothing. Of an account it is good for a year,
/// unless the keys are rotated twice before, and only until the account has another password.
/// Thread-safe; `ring` must outlive it.
class Devices {
 public:
  static constexpr std::chrono::days kLifetime{365};
  /// Accounts that one cookie knows: the last ones that logged in.
  static constexpr std::size_t kAccounts = 3;

  explicit Devices(const identity::KeyRing& ring) : ring_(&ring) {}

  struct Known {
    std::string device;      // tells it from the account's other devices
    std::uint64_t password;  // mark_of() the password with which the account logged in
  };
  /// What the cookie knows of that account, a name as fold_case() gives it; nullopt if nothing.
  std::optional<Known> find(std::string_view cookie, std::string_view account, Instant now) const;

  /// The value of the cookie once that account has logged in. `cookie`: the browser's, "" if it has
  /// none; other accounts that it knows are kept.
  std::string issue(std::string_view cookie, std::string_view account, std::uint64_t password,
                    Instant now) const;

  /// Tells one password of an account from the next, be it the same again: of the hash, which has
  /// a random salt.
  static std::uint64_t mark_of(std::string_view password_hash);

 private:
  struct Contents;
  Contents open(std::string_view cookie, Instant now) const;

  const identity::KeyRing* ring_;
};

}  // namespace stampede::services::accounts

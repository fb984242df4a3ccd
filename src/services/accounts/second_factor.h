#pragma once

#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/user.h"
#include "repositories/second_factors.h"

namespace stampede::services::accounts {

/// The second factor of operators: the codes of an authenticator (identity/totp.h), each accepted
/// once. The secret is sealed with the ring's keys for its user alone, anew with each code that is
/// accepted: after two rotations of the keys without one it opens nothing, and a new one must be
/// made. Thread-safe; calls block and throw repositories::StorageError. What it is given outlives
/// it.
class SecondFactor {
 public:
  SecondFactor(repositories::SecondFactors& storage, const identity::KeyRing& ring)
      : storage_(&storage), ring_(&ring) {}

  /// True if the user has no second factor, or if this is a code of it that was not accepted
  /// before.
  bool accepts(UserId user, std::string_view code, Instant now);

  /// Gives the user a new secret, which replaces the one before it: the URI that an authenticator
  /// reads. Nothing else tells the secret again.
  std::string renew(const User& user, Instant now);

 private:
  std::string seal(UserId user, std::string_view secret) const;
  std::optional<std::string> open(UserId user, std::string_view sealed) const;

  repositories::SecondFactors* storage_;
  const identity::KeyRing* ring_;
};

}  // namespace stampede::services::accounts

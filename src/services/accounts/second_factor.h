#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "identity/key_ring.h"
#include "model/user.h"
#include "repositories/accounts/second_factors.h"

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

  enum class Proof : std::uint8_t {
    kNotAsked,  // the user has no second factor
    kRight,     // a code of it that was not accepted before
    kWrong,
  };
  Proof check(UserId user, std::string_view code, Instant now);
  bool has(UserId user) { return storage_->find(user).has_value(); }

  /// Gives the user a new secret, which replaces the one before it: the URI that an authenticator
  /// reads. Nothing else tells the secret again.
  std::string renew(const User& user, Instant now);

  /// A secret for a user who shows by a code that an authenticator has it. Nothing is stored.
  struct Offer {
    std::string uri;     // what an authenticator reads
    std::string text;    // the secret, to be typed into one
    std::string sealed;  // to be given back with the code; opens for this user alone
  };
  /// The secret of `sealed`, as it was offered before; or, if that opens nothing, a new one.
  Offer offer(const User& user, std::string_view sealed = {}) const;
  enum class SetUp : std::uint8_t {
    kDone,
    kWrongCode,  // or the secret was not offered to this user
    kHasOne,     // which stays as it is
  };
  /// Gives a user who has none the second factor that was offered as `sealed`. `code` counts as
  /// accepted.
  SetUp set_up(UserId user, std::string_view sealed, std::string_view code, Instant now);

 private:
  std::string seal(UserId user, std::string_view secret) const;
  std::optional<std::string> open(UserId user, std::string_view sealed) const;

  repositories::SecondFactors* storage_;
  const identity::KeyRing* ring_;
};

}  // namespace stampede::services::accounts

#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "model/ids.h"
#include "model/time.h"

namespace stampede::repositories {

/// The secrets behind operators' codes, sealed as the caller has them. Whoever is given another
/// one, or loses it, has no session any more: add(), put() and remove() raise the user's session
/// epoch in their transaction. Thread-safe; calls block.
class SecondFactors {
 public:
  virtual ~SecondFactors() = default;

  struct Stored {
    std::string secret;
    std::int64_t last_step = 0;  // of the last code that was accepted
  };
  virtual std::optional<Stored> find(UserId user) = 0;
  /// Gives the user a first one, of which the code of `step` was accepted. False, and nothing
  /// changed, if the user has one.
  virtual bool add(UserId user, std::string_view secret, std::int64_t step, Instant now) = 0;
  /// Replaces what the user had.
  virtual void put(UserId user, std::string_view secret, Instant now) = 0;
  /// False if the user had none.
  virtual bool remove(UserId user, Instant now) = 0;
  /// Remembers that the code of `step` was accepted, and stores the secret as it is sealed now.
  /// False, and nothing changed, if that code or a later one was accepted before, or if the secret
  /// is not `before` any more.
  virtual bool accept(UserId user, std::int64_t step, std::string_view before,
                      std::string_view secret) = 0;
};

}  // namespace stampede::repositories

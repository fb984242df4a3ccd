#pragma once

#include <chrono>
#include <string>

#include "captcha/captcha.h"
#include "identity/guess_limit.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::captcha {

/// Bounds how many challenges of each kind a buyer is given a minute (of external ones: how many
/// tokens are judged), which begins with the first.
/// Thread-safe; of more than 65,536 buyers and kinds in a minute the oldest are forgotten.
class FetchLimit {
 public:
  explicit FetchLimit(int a_minute) : limit_(a_minute) {}

  /// Charges one; false if there were too many.
  [[nodiscard]] bool admit(UserId buyer, Kind kind, Now now) {
    return limit_.charge(key(buyer, kind), now.tick);
  }
  /// How many of this kind the buyer has been given within the minute that is under way.
  int given(UserId buyer, Kind kind, Now now) { return limit_.tries(key(buyer, kind), now.tick); }
  /// None was given: it does not count.
  void forgive(UserId buyer, Kind kind) { limit_.forgive(key(buyer, kind)); }
  /// Until the buyer is given more; rounded up.
  std::chrono::milliseconds left(UserId buyer, Kind kind, Now now) {
    return std::chrono::ceil<std::chrono::milliseconds>(limit_.left(key(buyer, kind), now.tick));
  }

 private:
  static std::string key(UserId buyer, Kind kind) {
    return "pwe"[static_cast<std::size_t>(kind)] + std::to_string(buyer.value);
  }

  identity::GuessLimit limit_;
};

}  // namespace stampede::captcha

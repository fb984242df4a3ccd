#pragma once

#include <chrono>
#include <string>

#include "identity/guess_limit.h"
#include "model/ids.h"
#include "model/time.h"

namespace stampede::captcha {

/// Bounds guessing at captchas: five wrong answers a minute per buyer. Thread-safe; of more than
/// 65,536 buyers in a minute the oldest are forgotten.
///
///   if (!wrong_answers.admit(buyer, now)) → too many
///   if (tokens.solves(...)) wrong_answers.forgive(buyer) → a pass
class WrongAnswers {
 public:
  static constexpr int kMost = 5;

  /// Charges an answer before it is looked at, so that parallel ones cannot slip through together;
  /// false if there were too many wrong ones.
  [[nodiscard]] bool admit(UserId buyer, Now now) { return limit_.charge(key(buyer), now.tick); }
  /// The answer was right: it does not count.
  void forgive(UserId buyer) { limit_.forgive(key(buyer)); }
  /// Until the buyer's minute is over, and answers are looked at again; rounded up.
  std::chrono::milliseconds left(UserId buyer, Now now) {
    return std::chrono::ceil<std::chrono::milliseconds>(limit_.left(key(buyer), now.tick));
  }

 private:
  static std::string key(UserId buyer) { return std::to_string(buyer.value); }

  identity::GuessLimit limit_{kMost};
};

}  // namespace stampede::captcha

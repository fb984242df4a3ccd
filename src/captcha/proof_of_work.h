#pragma once

#include <chrono>
#include <cstdint>
#include <string>

#include "concurrency/mutex.h"
#include "model/time.h"

namespace stampede::captcha {

/// The alternative to pictures, as ALTCHA does it (https://altcha.org, version 1): find the number
/// for which SHA-256(salt + number) is the challenge. The device of a buyer tries them all; whether
/// the answer is right, the sealed token tells without a hash. Thread-safe.
class ProofOfWork {
 public:
  /// What the buyer's device is told, but `number`.
  struct Task {
    std::string salt;         // 32 hexadecimal digits
    std::string challenge;    // 64 hexadecimal digits: SHA-256 of the salt and the number's digits
    std::int64_t most = 0;    // the number is none beyond
    std::int64_t number = 0;  // the answer
  };

  /// Up to `most` numbers must be tried while few tasks are asked for.
  explicit ProofOfWork(std::int64_t most) : most_(most) {}

  /// A new task, for a buyer who is given the `nth` within a minute, from 1. Beyond kOwnCalm each
  /// costs that buyer twice as much as the one before it. Beyond kCalm buyers in kWindow, in the
  /// window before or in this one, each costs everybody as many times more; what a buyer is given
  /// after the first one in a minute does not count towards that, so that nobody makes it dear for
  /// others by asking often. The dearer of both is the price, kDearest times at most.
  Task give(Tick now, int nth);
  static constexpr int kOwnCalm = 4;  // a page needs one in two minutes, or for each unit
  static constexpr std::chrono::seconds kWindow{10};
  static constexpr std::int64_t kCalm = 100;
  static constexpr std::int64_t kDearest = 16;

 private:
  /// Counts a buyer's first task; the price of each, as a factor.
  std::int64_t price_for_all(Tick now, bool first);

  const std::int64_t most_;
  concurrency::Mutex mutex_;
  Tick window_ STAMPEDE_GUARDED_BY(mutex_);  // its beginning
  std::int64_t given_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::int64_t given_before_ STAMPEDE_GUARDED_BY(mutex_) = 0;
};

}  // namespace stampede::captcha

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <string>
#include <string_view>
#include <unordered_map>

#include "captcha/captcha.h"
#include "concurrency/mutex.h"
#include "model/time.h"

namespace stampede::captcha {

/// The tokens that were accepted: each is for one use. For kRepeatable, the same intent of the same
/// buyer may send its token again, because the answer may have been lost; as with a picture, that
/// only earns another pass for the same purchase. Kept for longer than any provider's token lives;
/// of more than `capacity`, the oldest are forgotten, and the provider alone refuses those. Keeps
/// no token, only its fingerprint: some 200 bytes each. Thread-safe.
class SpentTokens {
 public:
  static constexpr std::chrono::seconds kKept{600};
  static constexpr std::chrono::seconds kRepeatable = Tokens::kLifetime;

  enum class Known : std::uint8_t {
    kNew,
    kRepeated,  // by the same intent, soon enough
    kSpent
  };

  explicit SpentTokens(std::size_t capacity = 65'536) : capacity_(capacity) {}

  Known look(std::string_view token, const Subject& subject, Tick now);
  /// The same, and a new one is spent from now on: of two at once, the second is not new.
  Known spend(std::string_view token, const Subject& subject, Tick now);

 private:
  struct Spent {
    std::string intent;  // a fingerprint
    Tick at;
  };

  Known known(const std::string& token, const std::string& intent, Tick now)
      STAMPEDE_REQUIRES(mutex_);
  void forget_oldest() STAMPEDE_REQUIRES(mutex_);

  const std::size_t capacity_;
  concurrency::Mutex mutex_;
  std::unordered_map<std::string, Spent> spent_ STAMPEDE_GUARDED_BY(mutex_);
  std::deque<std::string> order_ STAMPEDE_GUARDED_BY(mutex_);  // the keys of spent_, oldest first
};

}  // namespace stampede::captcha

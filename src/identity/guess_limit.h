#pragma once

#include <chrono>
#include <cstddef>
#include <deque>
#include <string>
#include <unordered_map>
#include <utility>

#include "concurrency/mutex.h"
#include "model/time.h"

namespace stampede::identity {

/// Bounds guessing: at most `limit` tries of one key in a window, which begins with its first try.
/// Charge a try before it is judged, so that parallel ones cannot slip through together, and give
/// it back if it was right. Thread-safe. Of more than `capacity` keys in a window, the oldest are
/// forgotten.
class GuessLimit {
 public:
  static constexpr std::chrono::minutes kWindow{1};

  explicit GuessLimit(int limit, std::size_t capacity = 65'536, Tick::duration window = kWindow)
      : limit_(limit), capacity_(capacity), window_(window) {}

  /// True if charge() would refuse now.
  bool exhausted(const std::string& key, Tick now) { return tries(key, now) >= limit_; }
  /// Charged in the key's window and not forgiven.
  int tries(const std::string& key, Tick now);
  /// Counts one try; false, and nothing counted, if there were too many.
  [[nodiscard]] bool charge(const std::string& key, Tick now);
  /// Takes one charge back.
  void forgive(const std::string& key);
  /// Until the key's window ends; zero if it has none.
  Tick::duration left(const std::string& key, Tick now);

 private:
  struct Tries {
    int count = 0;
    Tick began;
  };

  /// Windows that are over.
  void forget_before(Tick now) STAMPEDE_REQUIRES(mutex_);
  void forget_oldest() STAMPEDE_REQUIRES(mutex_);

  const int limit_;
  const std::size_t capacity_;
  const Tick::duration window_;
  concurrency::Mutex mutex_;
  std::unordered_map<std::string, Tries> tries_ STAMPEDE_GUARDED_BY(mutex_);
  std::deque<std::pair<Tick, std::string>> began_ STAMPEDE_GUARDED_BY(mutex_);  // a key's first try
};

}  // namespace stampede::identity

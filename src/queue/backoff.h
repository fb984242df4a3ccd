#pragma once

#include <algorithm>
#include <chrono>
#include <cstdint>
#include <random>

namespace stampede::queue {

/// Pauses between tries to connect: 0.1 s, doubled up to 2 s, each shortened by up to a half at
/// random, so that the clients of a broker that comes back do not come all at once.
class Backoff {
 public:
  explicit Backoff(std::uint64_t seed) : random_(static_cast<std::uint32_t>(seed)) {}

  std::chrono::milliseconds next() {
    const auto half = pause_ / 2;
    const auto pause =
        half + std::chrono::milliseconds{static_cast<std::int64_t>(random_()) % (half.count() + 1)};
    pause_ = std::min(pause_ * 2, kLast);
    return pause;
  }
  void reset() { pause_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{100};
  static constexpr std::chrono::milliseconds kLast{2'000};
  std::chrono::milliseconds pause_ = kFirst;
  std::minstd_rand random_;
};

}  // namespace stampede::queue

#pragma once

#include <algorithm>
#include <chrono>
#include <random>

namespace stampede::queue::rabbitmq {

/// Pauses between tries to connect: 0.1 s, doubled up to 2 s, each shortened by up to a half at
/// random, so that the clients of a broker that comes back do not come all at once.
class Backoff {
 public:
  std::chrono::milliseconds next() {
    const auto pause = std::uniform_int_distribution(pause_.count() / 2, pause_.count())(random_);
    pause_ = std::min(pause_ * 2, kLast);
    return std::chrono::milliseconds{pause};
  }
  void reset() { pause_ = kFirst; }

 private:
  static constexpr std::chrono::milliseconds kFirst{100};
  static constexpr std::chrono::milliseconds kLast{2'000};
  std::chrono::milliseconds pause_ = kFirst;
  std::minstd_rand random_{std::random_device{}()};
};

}  // namespace stampede::queue::rabbitmq

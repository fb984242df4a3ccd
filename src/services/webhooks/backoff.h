#pragma once

#include <chrono>

namespace stampede::services::webhooks {

/// An endpoint that has not acknowledged an event for so long, nor anything else meanwhile, is
/// disabled; where it has, the event is given up.
inline constexpr std::chrono::hours kGiveUpAfter{72};
/// Longest wait that a receiver may ask for (`Retry-After`).
inline constexpr std::chrono::hours kLongestRetryAfter{1};

/// How long to wait once `attempts` (1 or more) have failed: 5 s, 30 s, 2 min, 10 min, 1 h, 3 h,
/// and 8 h from then on, each by a quarter more or less, as `draw` has it (0 to 1), so that not all
/// that failed at once comes again at once.
std::chrono::milliseconds wait_after(int attempts, double draw);

}  // namespace stampede::services::webhooks

#include "services/webhooks/backoff.h"

#include <algorithm>
#include <array>
#include <cstdint>

namespace stampede::services::webhooks {

std::chrono::milliseconds wait_after(int attempts, double draw) {
  using namespace std::chrono_literals;
  constexpr std::array<std::chrono::milliseconds, 7> kWaits{5s, 30s, 2min, 10min, 1h, 3h, 8h};
  constexpr double kSpread = 0.25;
  const auto last = static_cast<int>(kWaits.size()) - 1;
  const auto wait = kWaits[static_cast<std::size_t>(std::clamp(attempts - 1, 0, last))];
  const double factor = 1 - kSpread + 2 * kSpread * draw;
  return std::chrono::milliseconds{
      static_cast<std::int64_t>(static_cast<double>(wait.count()) * factor)};
}

}  // namespace stampede::services::webhooks

#include "services/admission/early_attempts.h"

namespace stampede::services::admission {

bool EarlyAttempts::note(UserId buyer, Tick now) {
  return buyers_.with(buyer.value, [&](Counts& counts) {
    auto [found, fresh] = counts.try_emplace(buyer, Count{now, 0});
    Count& count = found->second;
    if (now - count.since >= kWindow) count = {now, 0};
    if (++count.attempts < kMost) return false;
    counts.erase(found);
    return true;
  });
}

void EarlyAttempts::sweep(Tick now) {
  for (std::size_t i = 0; i < buyers_.size(); ++i) {
    buyers_.with_stripe(i, [&](Counts& counts) {
      boost::unordered::erase_if(
          counts, [&](const auto& entry) { return now - entry.second.since >= kWindow; });
    });
  }
}

}  // namespace stampede::services::admission

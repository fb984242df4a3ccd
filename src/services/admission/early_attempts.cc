#include "services/admission/early_attempts.h"

namespace stampede::services::admission {

bool EarlyAttempts::note(UserId buyer, Tick now) {
  return buyers_.with(buyer.value, [&](Buyers& buyers) {
    const auto found = buyers.try_emplace(buyer).first;
    Recent& recent = found->second;
    Tick& oldest = recent.ticks[recent.count % recent.ticks.size()];
    if (recent.count >= recent.ticks.size() && now - oldest < kWindow) {
      buyers.erase(found);
      return true;
    }
    oldest = now;
    ++recent.count;
    return false;
  });
}

void EarlyAttempts::sweep(Tick now) {
  for (std::size_t i = 0; i < buyers_.size(); ++i) {
    buyers_.with_stripe(i, [&](Buyers& buyers) {
      boost::unordered::erase_if(
          buyers, [&](const auto& entry) { return now - entry.second.last() >= kWindow; });
    });
  }
}

}  // namespace stampede::services::admission

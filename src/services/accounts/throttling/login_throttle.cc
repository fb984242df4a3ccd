#include "services/accounts/throttling/login_throttle.h"

#include <algorithm>
#include <iterator>

namespace stampede::services::accounts {
namespace {

/// Of an account about which too many strangers were wrong.
constexpr int kFreeUnderAttack = 1;
/// For so long the wrong tries of a network tell that it guesses.
constexpr std::chrono::minutes kGuessing{10};
constexpr std::size_t kRememberedNetworks = 65'536;

}  // namespace

bool GrowingDelay::waits(const std::string& key, int free, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto found = by_key_.find(key);
  return found != by_key_.end() && too_soon(*found->second, free, now);
}

bool GrowingDelay::charge(const std::string& key, int free, Tick now) {
  const concurrency::MutexLock lock(mutex_);
  forget_before(now);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) {
    if (rows_.size() >= capacity_) forget_oldest();
    rows_.push_back({.key = key, .wrong = 1, .last = now});
    by_key_[key] = std::prev(rows_.end());
    return true;
  }
  const auto row = found->second;
  if (too_soon(*row, free, now)) return false;
  ++row->wrong;
  row->last = now;
  rows_.splice(rows_.end(), rows_, row);
  return true;
}

void GrowingDelay::was_right(const std::string& key) {
  const concurrency::MutexLock lock(mutex_);
  const auto found = by_key_.find(key);
  if (found == by_key_.end()) return;
  rows_.erase(found->second);
  by_key_.erase(found);
}

bool GrowingDelay::too_soon(const Row& row, int free, Tick now) {
  if (row.wrong < free) return false;
  std::chrono::minutes delay = kFirst;
  for (int i = free; i < row.wrong && delay < kLongest; ++i) delay *= 2;
  return now < row.last + std::min(delay, kLongest);
}

void GrowingDelay::forget_before(Tick now) {
  while (!rows_.empty() && rows_.front().last + kRemembered <= now) forget_oldest();
}

void GrowingDelay::forget_oldest() {
  by_key_.erase(rows_.front().key);
  rows_.pop_front();
}

LoginThrottle::Source::Source(std::string_view name, std::uint64_t number, std::string_view device)
    : stranger(device.empty()),
      account((stranger ? "stranger\n" : "device\n") + std::string(name)),
      network(std::to_string(number)),
      place(account + '\n' + (stranger ? network : std::string(device))) {}

LoginThrottle::LoginThrottle(const Limits& limits)
    : wrong_per_place_(limits.wrong_per_place),
      wrong_of_networks_(limits.wrong_per_network),
      guesses_of_networks_(limits.wrong_of_guesser, kRememberedNetworks, kGuessing),
      wrong_of_accounts_(limits.wrong_per_account),
      right_of_places_(limits.right_per_place),
      right_of_accounts_(limits.right_per_account) {}

bool LoginThrottle::guesses(std::uint64_t network, Tick now) {
  return guesses_of_networks_.exhausted(std::to_string(network), now);
}

bool LoginThrottle::exhausted(const Source& source, Tick now) {
  if (right_of_places_.exhausted(source.place, now) ||
      right_of_accounts_.exhausted(source.account, now)) {
    return true;
  }
  const bool attacked = wrong_of_accounts_.exhausted(source.account, now);
  if (source.stranger ? wrong_of_networks_.exhausted(source.network, now) : attacked) return true;
  return wrong_of_places_.waits(source.place, attacked ? kFreeUnderAttack : wrong_per_place_, now);
}

std::optional<LoginThrottle::Charge> LoginThrottle::charge(const Source& source, Tick now) {
  const Charge charge{.account = wrong_of_accounts_.charge(source.account, now)};
  if (source.stranger ? wrong_of_networks_.charge(source.network, now) : charge.account) {
    const int free = charge.account ? wrong_per_place_ : kFreeUnderAttack;
    if (wrong_of_places_.charge(source.place, free, now)) {
      // Beyond the limit none is counted; guesses() says so.
      if (source.stranger) static_cast<void>(guesses_of_networks_.charge(source.network, now));
      return charge;
    }
    if (source.stranger) wrong_of_networks_.forgive(source.network);
  }
  if (charge.account) wrong_of_accounts_.forgive(source.account);
  return std::nullopt;
}

void LoginThrottle::was_right(const Source& source, Charge charged, Tick now) {
  wrong_of_places_.was_right(source.place);
  if (charged.account) wrong_of_accounts_.forgive(source.account);
  if (source.stranger) {
    wrong_of_networks_.forgive(source.network);
    guesses_of_networks_.forgive(source.network);  // itself,
    guesses_of_networks_.forgive(source.network);  // and a wrong one: people mistype
  }
  // Beyond the limits none is counted; exhausted() says so before the next one is tried.
  static_cast<void>(right_of_places_.charge(source.place, now));
  static_cast<void>(right_of_accounts_.charge(source.account, now));
}

}  // namespace stampede::services::accounts

#include "services/admission/fair_bucket.h"

#include <algorithm>
#include <random>

#include "net/network.h"

namespace stampede::services::admission {
namespace {

constexpr int kPlaceBits = 13;
constexpr std::size_t kPlaces = std::size_t{1} << kPlaceBits;

FairBucket::Options with_secret(FairBucket::Options options) {
  if (options.rate <= 0) return options;
  std::random_device device;
  while (options.secret == 0) options.secret = std::uint64_t{device()} << 32 | device();
  return options;
}

}  // namespace

FairBucket::FairBucket(const Options& options)
    : options_(with_secret(options)),
      size_(options.rate, options.burst),
      share_size_(options.rate * kShare, options.burst * kShare),
      shares_(options.rate > 0 ? std::make_unique<Share[]>(kPlaces) : nullptr) {}

/// Multiply-shift hashing (Dietzfelbinger, Hagerup, Katajainen, Penttonen, 1997).
FairBucket::Share& FairBucket::share_of(std::uint64_t network) const {
  return shares_[network * (options_.secret | 1) >> (64 - kPlaceBits)];
}

std::optional<std::chrono::milliseconds> FairBucket::refuse(std::string_view address, Tick now) {
  // What is left of a rush is shared; before that nobody needs to know who asks.
  if (address.empty() || !tokens_.below_half(size_, now)) {
    if (tokens_.take(size_, now)) return std::nullopt;
    return turns_.next(size_, now, options_.longest_wait);
  }
  const std::uint64_t network = net::network_of(address, options_.ipv6_prefix);
  Share& share = share_of(network);
  // Also while nobody else asks: so that it has nothing left to hurry with when others come.
  const bool within_share = share.tokens.take(share_size_, now);
  const bool bound_by_share = others_ask(network, now) && !within_share;
  if (!bound_by_share && tokens_.take(size_, now)) return std::nullopt;
  // The turns of all are for those within their shares: else one would move them into the future.
  Turns& turns = within_share ? turns_ : share.turns;
  return turns.next(bound_by_share ? share_size_ : size_, now, options_.longest_wait);
}

/// Reads and writes of several threads may mix: then a network is found a moment later.
bool FairBucket::others_ask(std::uint64_t network, Tick now) {
  const std::uint64_t before = last_network_.exchange(network, std::memory_order_relaxed);
  const Tick asked = last_asked_.exchange(now, std::memory_order_relaxed);
  if (before != network && asked > now - kOthersCount) {
    others_asked_.store(now, std::memory_order_relaxed);
  }
  return others_asked_.load(std::memory_order_relaxed) > now - kOthersCount;
}

std::chrono::milliseconds FairBucket::Turns::next(const TokenBucket::Size& size, Tick now,
                                                  std::chrono::milliseconds longest) {
  const std::int64_t now_ns = std::chrono::nanoseconds{now.time_since_epoch()}.count();
  const std::int64_t most = std::chrono::nanoseconds{longest}.count();
  std::int64_t last = last_.load(std::memory_order_relaxed);
  std::int64_t turn = 0;
  do {
    turn = std::max(last, now_ns) + size.interval;
    if (turn - now_ns > most) return longest;
  } while (!last_.compare_exchange_weak(last, turn, std::memory_order_relaxed));
  return std::max(std::chrono::milliseconds{1}, std::chrono::ceil<std::chrono::milliseconds>(
                                                    std::chrono::nanoseconds{turn - now_ns}));
}

}  // namespace stampede::services::admission

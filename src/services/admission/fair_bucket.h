#pragma once

#include <atomic>
#include <chrono>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string_view>

#include "model/time.h"
#include "net/network.h"
#include "services/admission/token_bucket.h"

namespace stampede::services::admission {

/// A token bucket for the clients of many networks (net::network_of). A network that is alone may
/// take everything. Once another one has asked within the last minute and less than half of the
/// bucket is left, a network gets no more than its share: a bucket of its own, of a tenth of the
/// rate and of the size. Thread-safe, without locks.
///
/// The networks' buckets are a fixed number of places that networks are spread over by a secret
/// hash; two networks of one place have one share together.
class FairBucket {
 public:
  struct Options {
    double rate = 0;   // tokens per second, 0.001 to 10^9; 0: nobody is refused
    double burst = 1;  // the size, at least 1
    int ipv6_prefix = net::kCustomerPrefix;  // of net::network_of
    std::uint64_t secret = 0;                // 0: a random one
    /// Of what a refused client is told, at least 1 ms. A client that does not wait is refused
    /// again for as long as others take the tokens, but is not told to come later: so this bounds
    /// what honest clients lose to it.
    std::chrono::milliseconds longest_wait{30'000};
  };
  static constexpr double kShare = 0.1;
  static constexpr std::chrono::minutes kOthersCount{1};

  explicit FairBucket(const Options& options);

  /// Takes one token for a client of that address: nullopt if there is one. Otherwise how long the
  /// client is to wait, 1 ms to longest_wait: those who are refused are given turns, one for each
  /// token that comes; beyond their share, of their network alone. An empty address (of a client
  /// that another validator does not name) has no share and is bound by the whole bucket alone.
  std::optional<std::chrono::milliseconds> refuse(std::string_view address, Tick now);

 private:
  /// Hands out the times at which tokens come, to those who found none.
  class Turns {
   public:
    std::chrono::milliseconds next(const TokenBucket::Size& size, Tick now,
                                   std::chrono::milliseconds longest);

   private:
    std::atomic<std::int64_t> last_{std::numeric_limits<std::int64_t>::min()};  // nanoseconds
  };
  struct Share {
    TokenBucket tokens;
    Turns turns;
  };

  Share& share_of(std::uint64_t network) const;
  bool others_ask(std::uint64_t network, Tick now);

  const Options options_;
  const TokenBucket::Size size_;
  const TokenBucket::Size share_size_;
  TokenBucket tokens_;
  Turns turns_;
  std::unique_ptr<Share[]> shares_;  // kPlaces; none: nobody is refused
  // Of the clients who asked while less than half was left.
  std::atomic<std::uint64_t> last_network_{0};
  std::atomic<Tick> last_asked_{Tick::min()};    // by that network
  std::atomic<Tick> others_asked_{Tick::min()};  // by one other than the one that asked before it
};

}  // namespace stampede::services::admission

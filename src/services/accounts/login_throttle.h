#pragma once

#include <string>
#include <string_view>

#include "identity/guess_limit.h"
#include "model/time.h"

namespace stampede::services::accounts {

/// Bounds wrong passwords per name and network, and per network. Thread-safe.
class LoginThrottle {
 public:
  /// The account that is tried, and the address the try comes from.
  struct Source {
    /// `account` is a name as fold_case() gives it, or anything else that tells accounts apart.
    Source(std::string_view account, std::string client_network)
        : network(std::move(client_network)), pair(network + '\n' + std::string(account)) {}
    std::string network;
    std::string pair;
  };

  /// Wrong tries a minute.
  LoginThrottle(int per_name, int per_network) : pairs_(per_name), networks_(per_network) {}

  /// True if a try would be refused now: a cheap look before work is queued.
  bool exhausted(const Source& source, Tick now) {
    return pairs_.exhausted(source.pair, now) || networks_.exhausted(source.network, now);
  }
  /// Charges a try before the password is looked at; false, and nothing charged, if there were too
  /// many wrong ones.
  [[nodiscard]] bool charge(const Source& source, Tick now) {
    if (!pairs_.charge(source.pair, now)) return false;
    if (networks_.charge(source.network, now)) return true;
    pairs_.forgive(source.pair);
    return false;
  }
  /// The password was right: the try does not count.
  void forgive(const Source& source) {
    pairs_.forgive(source.pair);
    networks_.forgive(source.network);
  }

 private:
  identity::GuessLimit pairs_;
  identity::GuessLimit networks_;
};

}  // namespace stampede::services::accounts

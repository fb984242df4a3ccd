#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "identity/guess_limit.h"
#include "model/time.h"

namespace stampede::services::accounts {

/// Bounds tries to log in, a minute: wrong ones, because they guess; right ones, because each costs
/// as much work. Strangers are counted by account and network, by network, and by account. A device
/// that an account has logged in from before (services/accounts/devices.h) is counted by itself, so
/// that nobody's guesses keep an owner out (OWASP: Slow Down Online Guessing Attacks with Device
/// Cookies). Thread-safe.
class LoginThrottle {
 public:
  struct Limits {
    int wrong_per_name = 5;       // of one account from one network, or from one device
    int wrong_per_network = 120;  // of strangers
    int wrong_per_account = 20;   // of strangers, from all networks
    int right_per_name = 20;      // of one account from one network, or from one device
    int right_per_account = 60;   // of strangers, from all networks
  };

  /// The account that is tried, and from where.
  struct Source {
    /// `account` is a name as fold_case() gives it, or anything else that tells accounts apart.
    /// `device`: names a device that it knows; empty: a stranger's.
    Source(std::string_view account, std::uint64_t network, std::string_view device = {});

    bool stranger() const { return known_device.empty(); }
    /// What wrong and right tries of an account are counted by.
    const std::string& place() const { return stranger() ? pair : known_device; }

    std::string account;
    std::string network;
    std::string pair;  // the two
    std::string known_device;
  };

  explicit LoginThrottle(const Limits& limits);

  /// True if a try would be refused now: a cheap look before work is queued.
  bool exhausted(const Source& source, Tick now);
  /// Charges a wrong try before the password is looked at; false, and nothing charged, if there
  /// were too many.
  [[nodiscard]] bool charge(const Source& source, Tick now);
  /// The password was right: the try is counted as such.
  void was_right(const Source& source, Tick now);

 private:
  identity::GuessLimit wrong_of_places_;
  identity::GuessLimit wrong_of_networks_;
  identity::GuessLimit wrong_of_accounts_;
  identity::GuessLimit right_of_places_;
  identity::GuessLimit right_of_accounts_;
};

}  // namespace stampede::services::accounts

#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

#include "concurrency/mutex.h"
#include "identity/guess_limit.h"
#include "model/time.h"

namespace stampede::services::accounts {

/// Wrong tries of a key in a row: after those that are free each has to wait twice as long as the
/// one before it, from a minute up to an hour (NIST SP 800-63B, 5.2.2). A right one ends the row,
/// and so does a day without a wrong one. Of more than `capacity` keys the one whose last try is
/// the oldest is forgotten. Thread-safe.
class GrowingDelay {
 public:
  static constexpr std::chrono::minutes kFirst{1};
  static constexpr std::chrono::minutes kLongest{60};
  static constexpr std::chrono::hours kRemembered{24};

  explicit GrowingDelay(std::size_t capacity = 65'536) : capacity_(capacity) {}

  /// True if charge() would refuse now.
  bool waits(const std::string& key, int free, Tick now);
  /// Counts a wrong try; false, and nothing counted, if it comes too soon. `free`: 1 or more.
  [[nodiscard]] bool charge(const std::string& key, int free, Tick now);
  void was_right(const std::string& key);

 private:
  struct Row {
    std::string key;
    int wrong = 0;
    Tick last = {};
  };
  using Rows = std::list<Row>;

  static bool too_soon(const Row& row, int free, Tick now);
  void forget_before(Tick now) STAMPEDE_REQUIRES(mutex_);
  void forget_oldest() STAMPEDE_REQUIRES(mutex_);

  const std::size_t capacity_;
  concurrency::Mutex mutex_;
  Rows rows_ STAMPEDE_GUARDED_BY(mutex_);  // in the order of their last tries
  std::unordered_map<std::string, Rows::iterator> by_key_ STAMPEDE_GUARDED_BY(mutex_);
};

/// Bounds tries to log in: wrong ones, because they guess; right ones, because each costs as much
/// work. Known devices of an account (services/accounts/devices.h) and strangers are counted apart,
/// so that nobody's guesses keep an owner's device out (OWASP: Slow Down Online Guessing Attacks
/// with Device Cookies). The place of a try is the device, or for a stranger the network; wrong
/// tries of one account from one place wait longer and longer. Once too many strangers were wrong
/// about an account, each network has one free try of it instead of several: so guesses are slowed,
/// however many networks make them, and an owner with a new browser on a network of its own is let
/// in by its first try. Thread-safe.
class LoginThrottle {
 public:
  struct Limits {
    int wrong_per_place = 5;      // of one account, free of delay
    int wrong_per_network = 600;  // of strangers, a minute
    int wrong_per_account = 20;   // of its devices; and of strangers, from all networks; a minute
    int wrong_of_guesser = 20;    // of strangers, beyond the right ones, in 10 minutes
    int right_per_place = 20;     // of one account, a minute
    int right_per_account = 60;   // from its devices; and of strangers; a minute
  };

  /// The account that is tried, and from where.
  struct Source {
    /// `account` is a name as fold_case() gives it, or anything else that tells accounts apart.
    /// `device`: names a device that it knows; empty: a stranger's.
    Source(std::string_view account, std::uint64_t network, std::string_view device = {});

    bool stranger;
    std::string account;  // of devices and of strangers: two
    std::string network;
    std::string place;
  };

  /// What a try was charged to, beside its place and (a stranger's) its network.
  struct Charge {
    bool account;
  };

  explicit LoginThrottle(const Limits& limits);

  /// True if strangers of that network guess: lately many more of their tries were wrong than
  /// right.
  bool guesses(std::uint64_t network, Tick now);
  /// True if a try would be refused now: a cheap look before work is queued.
  bool exhausted(const Source& source, Tick now);
  /// Charges a wrong try before the password is looked at; nullopt, and nothing charged, if there
  /// were too many.
  [[nodiscard]] std::optional<Charge> charge(const Source& source, Tick now);
  /// The password was right: the try is counted as such.
  void was_right(const Source& source, Charge charged, Tick now);

 private:
  const int wrong_per_place_;
  GrowingDelay wrong_of_places_;
  identity::GuessLimit wrong_of_networks_;
  identity::GuessLimit guesses_of_networks_;
  identity::GuessLimit wrong_of_accounts_;
  identity::GuessLimit right_of_places_;
  identity::GuessLimit right_of_accounts_;
};

}  // namespace stampede::services::accounts

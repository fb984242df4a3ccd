#pragma once

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "concurrency/fair_queue.h"
#include "model/user.h"
#include "net/network.h"
#include "repositories/accounts/accounts.h"
#include "services/accounts/account_error.h"
#include "services/accounts/devices.h"
#include "services/accounts/second_factor.h"
#include "services/accounts/sessions.h"
#include "services/accounts/throttling/login_throttle.h"

namespace stampede::services::accounts {

/// A logged-in user: what the cookies are made of.
struct Login {
  UserId user;
  std::string name;
  std::string sign;         // value of the session's cookie, or of the console's `operator`
  std::string device = {};  // of the cookie `device`; empty: the browser's own stays as it is
};

/// What somebody types to log in.
struct Credentials {
  std::string name;
  std::string password;
  std::string code = {};  // of the second factor; empty: none was typed
};

using LoginDone = std::move_only_function<void(std::expected<Login, AccountError>)>;

/// Since the start.
struct Statistics {
  std::uint64_t registered = 0;
  std::uint64_t logged_in = 0;
  std::array<std::uint64_t, kAccountErrors> refused{};  // by AccountError
};

/// Where a try comes from.
struct Client {
  std::string address;
  std::string device = {};  // the cookie `device`
  bool secure = false;      // over TLS: the session is good behind `__Host-` alone
};

/// Registration, login, logout and passwords. Argon2id runs on a small pool of threads of low
/// priority, so that a flood of logins never slows a purchase; what waits for a thread waits in a
/// FairQueue, so that it does not keep others out either: proven users (by a session, or a device
/// that the account knows), strangers, those who register, and strangers of networks that guess
/// take turns; of each, IPv6 sites (/48) and IPv4 addresses; of a site its networks, and of a
/// network its accounts. Where few of one kind wait, a thread more is there for them. LoginThrottle
/// says how tries are counted, and which networks guess. What is refused without a look at the
/// password is refused late (concurrency::SlowRefusals): else a flood of it would take the
/// processor time that the passwords of others need. Thread-safe. Callbacks run once, on a thread
/// of its own or (bad names and passwords) on the caller's. `repository`, `sessions` and `devices`
/// must outlive it.
class Accounts {
 public:
  struct Options {
    unsigned threads = 1;
    bool thread_for_few = true;  // one more: concurrency::FairPool
    concurrency::FairQueue::Limits queue = {};
    LoginThrottle::Limits tries = {};
    int registrations_per_network = 600;           // a minute
    std::chrono::milliseconds refusal_delay{500};  // kThrottled and kOverloaded
    int ipv6_prefix = net::kCustomerPrefix;        // of net::network_of
    /// Whose cookies these are. The passwords of viewers, operators and owners are accepted at the
    /// console alone, and those of buyers at the shop alone: elsewhere name or password is wrong.
    Sessions::Site site = Sessions::Site::kShop;
    /// Asked for a code once the password is right; a wrong code counts as a wrong password. None:
    /// the password is enough. Outlives the accounts.
    SecondFactor* second_factor = nullptr;
  };
  Accounts(repositories::Accounts& repository, Sessions& sessions, const Devices& devices,
           Options options);
  /// Calls stop(): waiting work gets kOverloaded, and no callback runs afterwards.
  ~Accounts();

  /// Waits for running work; waiting and later work gets kOverloaded. Afterwards no callback runs.
  /// To be called at a shutdown, while everything that the callbacks use still exists.
  void stop();

  void register_buyer(std::string name, std::string password, const Client& client, Now now,
                      LoginDone done);
  void log_in(Credentials credentials, const Client& client, Now now, LoginDone done);
  void log_in(std::string name, std::string password, const Client& client, Now now,
              LoginDone done) {
    log_in({std::move(name), std::move(password)}, client, now, std::move(done));
  }
  /// Proves the old password first; every other session ends.
  void change_password(UserId user, std::string old_password, std::string new_password,
                       const Client& client, Now now, LoginDone done);
  /// Every session of the user ends, this one too. `done(true)` once it is durable.
  void log_out(UserId user, const Client& client, Now now,
               std::move_only_function<void(bool)> done);

  Statistics statistics() const;

  /// For operators' commands: blocking, and storage errors go through. An empty password makes a
  /// user whom no password opens, until one is set (identity/password.h makes random ones).
  static std::expected<UserId, AccountError> create(repositories::Accounts& repository,
                                                    std::string_view name,
                                                    std::string_view password, UserRole role,
                                                    Instant now);
  /// For operators' commands: blocking, and storage errors go through. Ends every session of the
  /// user; kWrongLogin if there is no such user.
  static std::expected<SessionEpoch, AccountError> set_password(repositories::Accounts& repository,
                                                                UserId user,
                                                                std::string_view password,
                                                                Instant now);

 private:
  class Implementation;
  std::unique_ptr<Implementation> implementation_;
};

}  // namespace stampede::services::accounts

#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <list>
#include <string>
#include <string_view>
#include <unordered_map>

#include "concurrency/mutex.h"

namespace stampede::services::accounts {

/// Tasks of many networks and accounts that wait for a thread, handed out fairly: one of each
/// network in turn, and of a network one of each account in turn (fair queueing: J. Nagle, RFC
/// 970). Thread-safe.
class FairQueue {
 public:
  using Task = std::move_only_function<void()>;
  struct Limits {
    std::size_t in_all = 1024;
    std::size_t per_network = 512;
    std::size_t per_account = 4;  // of one network
  };
  enum class Refused : std::uint8_t {
    kNot,
    kAccount,  // it has as many waiting as it may
    kFull      // its network has, or all together
  };
  struct Pushed {
    Refused refused = Refused::kNot;
    /// Of the network that has the most waiting: where the queue was full, its newest task has made
    /// room. To be destroyed by the caller; the queue is as long as before.
    Task displaced = nullptr;
  };

  explicit FairQueue(const Limits& limits) : limits_(limits) {}

  /// `task` is untouched if it is refused.
  Pushed push(std::uint64_t network, std::string_view account, Task&& task);
  /// The next task; empty if there is none.
  Task pop();

 private:
  struct Account {
    std::string name;
    std::deque<Task> tasks;
  };
  struct Network {
    std::uint64_t number = 0;
    std::size_t size = 0;  // tasks of all its accounts
    std::list<Account> in_turn = {};
    std::unordered_map<std::string, std::list<Account>::iterator> by_name = {};
  };
  using Networks = std::list<Network>;

  Networks::iterator longest() STAMPEDE_REQUIRES(mutex_);
  /// Of the account whose turn is last.
  Task take_newest(Networks::iterator network) STAMPEDE_REQUIRES(mutex_);
  void drop_empty(Networks::iterator network, std::list<Account>::iterator account)
      STAMPEDE_REQUIRES(mutex_);

  const Limits limits_;
  concurrency::Mutex mutex_;
  std::size_t size_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  Networks in_turn_ STAMPEDE_GUARDED_BY(mutex_);
  std::unordered_map<std::uint64_t, Networks::iterator> by_number_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::services::accounts

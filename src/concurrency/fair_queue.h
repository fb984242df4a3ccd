#pragma once

#include <cstddef>
#include <deque>
#include <functional>
#include <list>
#include <span>
#include <string>
#include <unordered_map>

#include "concurrency/mutex.h"

namespace stampede::concurrency {

/// Tasks that wait for a thread, handed out fairly. Each comes by a path of names, from the widest
/// group to the narrowest; at every level the groups that have something waiting take turns (fair
/// queueing: J. Nagle, RFC 970; at several levels: Bennett and Zhang, Hierarchical Packet Fair
/// Queueing Algorithms, 1996). When it is full, the newest task of the longest group makes room, so
/// that no group can fill it up against one that has less waiting. Thread-safe.
class FairQueue {
 public:
  using Task = std::move_only_function<void()>;
  /// Of a queue all paths have the same length, 1 at least.
  using Path = std::span<const std::string>;
  struct Limits {
    std::size_t in_all = 1024;
    std::size_t per_path = 4;
  };
  enum class Result : std::uint8_t {
    kQueued,
    kPathIsFull,  // refused: it has as many waiting as it may
    kFull  // refused: at no level another group has more waiting than the newcomer's then had
  };
  struct Pushed {
    Result result = Result::kQueued;
    /// The task that has made room. To be destroyed by the caller; the queue is as long as before.
    Task displaced = nullptr;
  };

  explicit FairQueue(const Limits& limits) : limits_(limits) {}

  /// `task` is untouched if it is refused.
  Pushed push(Path path, Task&& task);
  /// The next task; empty if there is none.
  Task pop();

 private:
  struct Group {
    std::string name;
    Group* parent = nullptr;
    std::size_t size = 0;           // tasks, of all groups in it
    std::deque<Task> tasks = {};    // of the narrowest alone
    std::list<Group> in_turn = {};  // the groups in it; the first is next
    std::unordered_map<std::string, std::list<Group>::iterator> by_name = {};
  };

  /// The group in `group` of that name, or null.
  static Group* find(Group& group, const std::string& name);
  /// Of those that are as long, the one whose turn is last.
  static Group& longest_in(Group& group);
  /// The group that is to make room for a task of that path, or null.
  Group* too_long_beside(Path path) STAMPEDE_REQUIRES(mutex_);
  static Task take_newest(Group* group);
  /// Counts one task less, and forgets groups that are empty.
  static void shrink(Group* narrowest);
  static void append(Group* group, Path path, Task&& task);

  const Limits limits_;
  Mutex mutex_;
  Group all_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::concurrency

#pragma once

#include <cstddef>
#include <cstdint>
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
/// Queueing Algorithms, 1996). A group that had nothing waiting comes first, once, as a new queue
/// does in RFC 8290, section 4.2; of five turns the other groups have one at least. When it is
/// full, the newest task of the longest group makes room, so that no group can fill it up against
/// one that has less waiting. Thread-safe.
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
  /// The next task of a group that has `few` waiting at most; the widest such groups come first.
  /// Not of one that is in a wider group with more than `few` groups: the few of many are a flood,
  /// too. Empty if there is no such group. It counts as a turn of that group.
  Task pop_of_few(std::size_t few);
  /// How many groups of every level are remembered: none if nothing waits, and otherwise about five
  /// for each task at most.
  std::size_t groups() const;

 private:
  /// Newcomers that may come one after another while another group has something waiting.
  static constexpr std::size_t kNewcomersInARow = 4;

  struct Group {
    enum class Place : std::uint8_t { kNewcomer, kInTurn, kResting };

    std::string name;
    Group* parent = nullptr;
    std::size_t size = 0;         // tasks, of all groups in it
    std::deque<Task> tasks = {};  // of the narrowest alone
    /// The groups in it with tasks that have not had a turn, in the order in which they came.
    std::list<Group> newcomers = {};
    /// Those that have; the first is next.
    std::list<Group> in_turn = {};
    /// Those that have none any more, for one round of the others: they are no newcomers if they
    /// come again at once.
    std::list<Group> resting = {};
    std::unordered_map<std::string, std::list<Group>::iterator> by_name = {};
    std::size_t newcomers_in_a_row = 0;  // whose turn was the last one, kNewcomersInARow at most
    std::uint64_t turns = 0;             // that groups in `in_turn` had
    Place place = Place::kNewcomer;      // in its parent
    std::uint64_t rests_until = 0;       // by the parent's `turns`
  };

  /// The group in `group` of that name, or null.
  static Group* find(Group& group, const std::string& name);
  /// The group in `group`, which has tasks, whose turn it is; it is behind the others then.
  static Group& take_turn(Group& group);
  /// In `group`, for pop_of_few(); null if there is none. It is behind the others of its own then.
  static Group* group_of_few(Group& group, std::size_t few);
  /// Forgets those that have rested for their round.
  static void forget_rested(Group& group);
  static Group& put_behind(Group& group, std::list<Group>& from, std::list<Group>::iterator inner);
  /// The next task of `group`, which has some.
  Task take_next(Group* group) STAMPEDE_REQUIRES(mutex_);
  /// Of those that are as long, the one whose turn is last.
  static Group& longest_in(Group& group);
  /// The group that is to make room for a task of that path, or null.
  Group* too_long_beside(Path path) STAMPEDE_REQUIRES(mutex_);
  Task take_newest(Group* group) STAMPEDE_REQUIRES(mutex_);
  /// Counts one task less.
  void shrink(Group* narrowest) STAMPEDE_REQUIRES(mutex_);
  /// Of a group that has no task any more.
  static void rest(Group& group);
  static void append(Group* group, Path path, Task&& task);

  static std::size_t groups_in(const Group& group);

  const Limits limits_;
  mutable Mutex mutex_;
  Group all_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::concurrency

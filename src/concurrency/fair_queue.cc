#include "concurrency/fair_queue.h"

#include <algorithm>
#include <iterator>
#include <ranges>
#include <utility>

namespace stampede::concurrency {

FairQueue::Pushed FairQueue::push(Path path, Task&& task) {
  const MutexLock lock(mutex_);
  Group* own = &all_;
  for (const std::string& name : path) own = own == nullptr ? nullptr : find(*own, name);
  if (own != nullptr && own->size >= limits_.per_path) return {.result = Result::kPathIsFull};
  Pushed pushed;
  if (all_.size >= limits_.in_all) {
    Group* const too_long = too_long_beside(path);
    if (too_long == nullptr) return {.result = Result::kFull};
    pushed.displaced = take_newest(too_long);
  }
  append(&all_, path, std::move(task));
  return pushed;
}

FairQueue::Task FairQueue::pop() {
  const MutexLock lock(mutex_);
  return all_.size == 0 ? nullptr : take_next(&all_);
}

FairQueue::Task FairQueue::pop_of_few(std::size_t few) {
  const MutexLock lock(mutex_);
  Group* const group = group_of_few(all_, few);
  return group == nullptr ? nullptr : take_next(group);
}

FairQueue::Group* FairQueue::group_of_few(Group& group, std::size_t few) {
  if (group.newcomers.size() + group.in_turn.size() > few) return nullptr;
  for (std::list<Group>* groups : {&group.newcomers, &group.in_turn}) {
    const auto inner =
        std::ranges::find_if(*groups, [few](const Group& each) { return each.size <= few; });
    if (inner == groups->end()) continue;
    forget_rested(group);
    ++group.turns;
    return &put_behind(group, *groups, inner);
  }
  for (std::list<Group>* groups : {&group.newcomers, &group.in_turn}) {
    for (Group& inner : *groups) {
      if (Group* const found = group_of_few(inner, few)) return found;
    }
  }
  return nullptr;
}

FairQueue::Task FairQueue::take_next(Group* group) {
  while (!group->by_name.empty()) group = &take_turn(*group);
  Task task = std::move(group->tasks.front());
  group->tasks.pop_front();
  shrink(group);
  return task;
}

std::size_t FairQueue::groups() const {
  const MutexLock lock(mutex_);
  return groups_in(all_);
}

std::size_t FairQueue::groups_in(const Group& group) {
  std::size_t count = group.by_name.size();
  for (const auto& [name, inner] : group.by_name) count += groups_in(*inner);
  return count;
}

FairQueue::Group* FairQueue::find(Group& group, const std::string& name) {
  const auto found = group.by_name.find(name);
  return found == group.by_name.end() ? nullptr : &*found->second;
}

void FairQueue::forget_rested(Group& group) {
  while (!group.resting.empty() && group.resting.front().rests_until <= group.turns) {
    group.by_name.erase(group.resting.front().name);
    group.resting.pop_front();
  }
}

FairQueue::Group& FairQueue::take_turn(Group& group) {
  forget_rested(group);
  const bool newcomer = !group.newcomers.empty() &&
                        (group.in_turn.empty() || group.newcomers_in_a_row < kNewcomersInARow);
  if (newcomer) {
    group.newcomers_in_a_row = std::min(group.newcomers_in_a_row + 1, kNewcomersInARow);
  } else {
    group.newcomers_in_a_row = 0;
    ++group.turns;
  }
  std::list<Group>& from = newcomer ? group.newcomers : group.in_turn;
  return put_behind(group, from, from.begin());
}

FairQueue::Group& FairQueue::put_behind(Group& group, std::list<Group>& from,
                                        std::list<Group>::iterator inner) {
  group.in_turn.splice(group.in_turn.end(), from, inner);
  inner->place = Group::Place::kInTurn;
  return *inner;
}

FairQueue::Group& FairQueue::longest_in(Group& group) {
  const auto longest = [](std::list<Group>& groups) -> Group* {
    const auto last = std::ranges::max_element(groups | std::views::reverse, {}, &Group::size);
    return groups.empty() ? nullptr : &*last;
  };
  Group* one = longest(group.in_turn);
  Group* other = longest(group.newcomers);
  if (group.newcomers.size() > kNewcomersInARow * group.in_turn.size()) std::swap(one, other);
  // The turn of `one` is the later one.
  if (one == nullptr || (other != nullptr && other->size > one->size)) return *other;
  return *one;
}

FairQueue::Group* FairQueue::too_long_beside(Path path) {
  Group* group = &all_;
  for (const std::string& name : path) {
    if (group->size == 0) return nullptr;
    Group* const own = find(*group, name);
    Group& longest = longest_in(*group);
    const std::size_t then = (own == nullptr ? 0 : own->size) + 1;
    if (&longest != own && longest.size > then) return &longest;
    // What its own group gives up stays with its own group.
    if (own == nullptr) return nullptr;
    group = own;
  }
  return nullptr;
}

FairQueue::Task FairQueue::take_newest(Group* group) {
  while (!group->by_name.empty()) group = &longest_in(*group);
  Task task = std::move(group->tasks.back());
  group->tasks.pop_back();
  shrink(group);
  return task;
}

void FairQueue::shrink(Group* narrowest) {
  for (Group* group = narrowest; group != nullptr;) {
    Group* const parent = group->parent;
    if (--group->size == 0 && parent != nullptr) rest(*group);
    group = parent;
  }
  if (all_.size == 0) all_ = {};
}

void FairQueue::rest(Group& group) {
  Group& parent = *group.parent;
  const auto entry = parent.by_name.find(group.name);
  const auto at = entry->second;
  if (group.place == Group::Place::kNewcomer) {
    parent.by_name.erase(entry);
    parent.newcomers.erase(at);
    return;
  }
  group.by_name.clear();
  group.resting.clear();
  parent.resting.splice(parent.resting.end(), parent.in_turn, at);
  group.place = Group::Place::kResting;
  group.rests_until = parent.turns + parent.in_turn.size();
}

void FairQueue::append(Group* group, Path path, Task&& task) {
  ++group->size;
  for (const std::string& name : path) {
    Group* inner = find(*group, name);
    if (inner == nullptr) {
      inner = &group->newcomers.emplace_back(Group{.name = name, .parent = group});
      group->by_name[name] = std::prev(group->newcomers.end());
    } else if (inner->place == Group::Place::kResting) {
      const bool in_turn = group->turns < inner->rests_until;
      std::list<Group>& to = in_turn ? group->in_turn : group->newcomers;
      to.splice(to.end(), group->resting, group->by_name.at(name));
      inner->place = in_turn ? Group::Place::kInTurn : Group::Place::kNewcomer;
    }
    ++inner->size;
    group = inner;
  }
  group->tasks.push_back(std::move(task));
}

}  // namespace stampede::concurrency

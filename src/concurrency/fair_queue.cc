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
  if (all_.size == 0) return nullptr;
  Group* group = &all_;
  while (!group->in_turn.empty()) {
    group->in_turn.splice(group->in_turn.end(), group->in_turn, group->in_turn.begin());
    group = &group->in_turn.back();
  }
  Task task = std::move(group->tasks.front());
  group->tasks.pop_front();
  shrink(group);
  return task;
}

FairQueue::Group* FairQueue::find(Group& group, const std::string& name) {
  const auto found = group.by_name.find(name);
  return found == group.by_name.end() ? nullptr : &*found->second;
}

FairQueue::Group& FairQueue::longest_in(Group& group) {
  return *std::ranges::max_element(group.in_turn | std::views::reverse, {}, &Group::size);
}

FairQueue::Group* FairQueue::too_long_beside(Path path) {
  Group* group = &all_;
  for (const std::string& name : path) {
    if (group->in_turn.empty()) return nullptr;
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
  while (!group->in_turn.empty()) group = &longest_in(*group);
  Task task = std::move(group->tasks.back());
  group->tasks.pop_back();
  shrink(group);
  return task;
}

void FairQueue::shrink(Group* narrowest) {
  for (Group* group = narrowest; group != nullptr;) {
    Group* const parent = group->parent;
    if (--group->size == 0 && parent != nullptr) {
      const auto entry = parent->by_name.find(group->name);
      const auto place = entry->second;
      parent->by_name.erase(entry);
      parent->in_turn.erase(place);
    }
    group = parent;
  }
}

void FairQueue::append(Group* group, Path path, Task&& task) {
  ++group->size;
  for (const std::string& name : path) {
    Group* inner = find(*group, name);
    if (inner == nullptr) {
      inner = &group->in_turn.emplace_back(Group{.name = name, .parent = group});
      group->by_name[name] = std::prev(group->in_turn.end());
    }
    ++inner->size;
    group = inner;
  }
  group->tasks.push_back(std::move(task));
}

}  // namespace stampede::concurrency

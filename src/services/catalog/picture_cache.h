#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

#include "concurrency/mutex.h"

namespace stampede::services::catalog {

/// The contents of the pictures asked for last, shared with the answers that send them. A content
/// is in memory once, however many slow readers take it and whether or not it is kept meanwhile.
/// Thread-safe.
class PictureCache {
 public:
  using Content = std::shared_ptr<const std::string>;

  /// Keeps up to `most_bytes` of contents.
  explicit PictureCache(std::size_t most_bytes) : most_bytes_(most_bytes) {}

  /// Null if it is neither kept nor still held by whoever found it before.
  Content find(std::string_view name);
  /// Evicts those that were not asked for longest, if there is no room.
  void put(const std::string& name, Content content);
  /// Evicts all others.
  void keep_only(const std::set<std::string>& names);

 private:
  struct Kept {
    std::string name;
    Content content;
  };
  using Place = std::list<Kept>::iterator;

  void evict(Place place) STAMPEDE_REQUIRES(mutex_);

  const std::size_t most_bytes_;
  concurrency::Mutex mutex_;
  std::list<Kept> kept_ STAMPEDE_GUARDED_BY(mutex_);  // asked for last first
  /// The keys are in kept_.
  std::unordered_map<std::string_view, Place> places_ STAMPEDE_GUARDED_BY(mutex_);
  std::size_t bytes_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  /// Evicted, but perhaps still held by others.
  std::map<std::string, std::weak_ptr<const std::string>, std::less<>> held_
      STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::services::catalog

#pragma once

#include <cstddef>
#include <functional>
#include <list>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>

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

  void evict(Place place);  // with mutex_ held

  const std::size_t most_bytes_;
  std::mutex mutex_;
  std::list<Kept> kept_;                                // guarded by mutex_; asked for last first
  std::unordered_map<std::string_view, Place> places_;  // guarded by mutex_; keys are in kept_
  std::size_t bytes_ = 0;                               // guarded by mutex_
  /// Evicted, but perhaps still held by others; guarded by mutex_.
  std::map<std::string, std::weak_ptr<const std::string>, std::less<>> held_;
};

}  // namespace stampede::services::catalog

#include "services/catalog/picture_cache.h"

#include <iterator>
#include <utility>

namespace stampede::services::catalog {

PictureCache::Content PictureCache::find(std::string_view name) {
  const concurrency::MutexLock lock(mutex_);
  const auto found = places_.find(name);
  if (found == places_.end()) {
    const auto held = held_.find(name);
    return held == held_.end() ? nullptr : held->second.lock();
  }
  kept_.splice(kept_.begin(), kept_, found->second);
  return kept_.front().content;
}

void PictureCache::put(const std::string& name, Content content) {
  const concurrency::MutexLock lock(mutex_);
  if (content->size() > most_bytes_ || places_.contains(name)) return;
  bytes_ += content->size();
  std::erase_if(held_, [](const auto& held) { return held.second.expired(); });
  while (bytes_ > most_bytes_) {
    const auto last = std::prev(kept_.end());
    held_.insert_or_assign(last->name, last->content);
    evict(last);
  }
  kept_.push_front({name, std::move(content)});
  places_.emplace(kept_.front().name, kept_.begin());
}

void PictureCache::keep_only(const std::set<std::string>& names) {
  const concurrency::MutexLock lock(mutex_);
  for (auto place = kept_.begin(); place != kept_.end();) {
    const auto next = std::next(place);
    if (!names.contains(place->name)) evict(place);
    place = next;
  }
}

void PictureCache::evict(Place place) {
  bytes_ -= place->content->size();
  places_.erase(place->name);
  kept_.erase(place);
}

}  // namespace stampede::services::catalog

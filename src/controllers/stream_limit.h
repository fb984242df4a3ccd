#pragma once

#include <cstddef>
#include <map>
#include <optional>
#include <utility>

#include "concurrency/mutex.h"
#include "model/ids.h"

namespace stampede::controllers {

/// Counts open streams against two limits: of all buyers together, and of each buyer, so that one
/// buyer cannot take every place. Thread-safe; must outlive its places.
class StreamLimit {
 public:
  struct Limits {
    std::size_t in_all = 4096;
    std::size_t per_buyer = 8;  // open pages
  };
  explicit StreamLimit(const Limits& limits) : limits_(limits) {}

  /// The place of one stream; gives it back when destroyed.
  class [[nodiscard]] Place {
   public:
    Place(StreamLimit& places, UserId buyer) : places_(&places), buyer_(buyer) {}
    Place(Place&& other) noexcept
        : places_(std::exchange(other.places_, nullptr)), buyer_(other.buyer_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(places_, other.places_);
      std::swap(buyer_, other.buyer_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (places_ != nullptr) places_->release(buyer_);
    }

    UserId buyer() const { return buyer_; }

   private:
    StreamLimit* places_;
    UserId buyer_;
  };

  /// nullopt if a limit is reached.
  std::optional<Place> take(UserId buyer);
  std::size_t taken() const;

 private:
  void release(UserId buyer);

  const Limits limits_;
  mutable concurrency::Mutex mutex_;
  std::size_t taken_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::map<UserId, std::size_t> taken_by_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::controllers

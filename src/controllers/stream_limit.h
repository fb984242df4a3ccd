#pragma once

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <optional>
#include <string_view>
#include <utility>

#include "concurrency/mutex.h"
#include "model/ids.h"
#include "net/network.h"

namespace stampede::controllers {

/// Counts open streams against three limits: of all together, of each buyer and of each address, so
/// that neither one buyer nor one address with many accounts can take every place. Thread-safe;
/// must outlive its places.
class StreamLimit {
 public:
  struct Limits {
    std::size_t in_all = 4096;
    std::size_t per_buyer = 8;  // open pages
    /// Many buyers may be behind one address; those who find no place ask now and then instead.
    std::size_t per_address = 512;
    int ipv6_prefix = net::kCustomerPrefix;  // of net::network_of
    /// A stream ends then; a page that still wants it opens it again, and proves who it is again.
    std::chrono::seconds oldest{600};
  };
  explicit StreamLimit(const Limits& limits) : limits_(limits) {}

  struct Taker {
    UserId buyer;
    std::string_view address;  // of the client
  };

  /// The place of one stream; gives it back when destroyed.
  class [[nodiscard]] Place {
   public:
    Place(StreamLimit& places, UserId buyer, std::uint64_t network)
        : places_(&places), buyer_(buyer), network_(network) {}
    Place(Place&& other) noexcept
        : places_(std::exchange(other.places_, nullptr)),
          buyer_(other.buyer_),
          network_(other.network_) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(places_, other.places_);
      std::swap(buyer_, other.buyer_);
      std::swap(network_, other.network_);
      return *this;
    }
    Place(const Place&) = delete;
    Place& operator=(const Place&) = delete;
    ~Place() {
      if (places_ != nullptr) places_->release(buyer_, network_);
    }

    UserId buyer() const { return buyer_; }

   private:
    StreamLimit* places_;
    UserId buyer_;
    std::uint64_t network_;
  };

  /// nullopt if a limit is reached.
  std::optional<Place> take(const Taker& taker);
  std::size_t taken() const;

 private:
  void release(UserId buyer, std::uint64_t network);

  const Limits limits_;
  mutable concurrency::Mutex mutex_;
  std::size_t taken_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::map<UserId, std::size_t> taken_by_ STAMPEDE_GUARDED_BY(mutex_);
  std::map<std::uint64_t, std::size_t> taken_from_ STAMPEDE_GUARDED_BY(mutex_);
};

}  // namespace stampede::controllers

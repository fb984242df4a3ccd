#pragma once

#include <algorithm>
#include <atomic>
#include <boost/asio/ip/address.hpp>
#include <boost/unordered/unordered_flat_map.hpp>
#include <chrono>
#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "concurrency/mutex.h"
#include "net/address_range.h"
#include "net/network.h"

namespace stampede::http {

/// An IPv4 address that arrived over an IPv6 socket, as itself.
boost::asio::ip::address normalised(const boost::asio::ip::address& address);

/// Counts open connections against their caps: in all, and for each network (net::network_of).
/// Thread-safe; must outlive its slots.
class ConnectionCaps {
 public:
  ConnectionCaps(std::size_t in_all, std::size_t per_address,
                 int ipv6_prefix = net::kCustomerPrefix)
      : in_all_(in_all), per_address_(per_address), ipv6_prefix_(ipv6_prefix) {}

  /// One connection's place under the caps; gives it back when destroyed.
  class [[nodiscard]] Slot {
   public:
    Slot(ConnectionCaps& caps, std::optional<std::uint64_t> key) : caps_(&caps), key_(key) {}
    Slot(Slot&& other) noexcept : caps_(std::exchange(other.caps_, nullptr)), key_(other.key_) {}
    Slot(const Slot&) = delete;
    Slot& operator=(const Slot&) = delete;
    Slot& operator=(Slot&&) = delete;
    ~Slot() {
      if (caps_ != nullptr) {
        caps_->release(key_);
      }
    }
    /// Open connections of its network, itself among them; 0 if it is exempt.
    std::size_t of_its_network() const { return key_ ? caps_->of_network(*key_) : 0; }
    /// Its network holds more than a 64th of all that there may be, and more than a browser opens.
    bool of_many() const { return caps_->is_many(of_its_network()); }

   private:
    ConnectionCaps* caps_;
    std::optional<std::uint64_t> key_;
  };

  enum class Reached { kInAll, kPerAddress };

  /// Or which cap is reached: the one of a network is a 64th where no more than a 64th is left. An
  /// `exempt` peer counts only towards the cap in all.
  std::expected<Slot, Reached> acquire(const boost::asio::ip::address& peer, bool exempt);
  std::size_t open() const;
  /// Fifteen of sixteen are taken. Takes no lock.
  bool scarce() const { return scarce_.load(std::memory_order_relaxed); }
  /// False if some are still open at `deadline`.
  bool wait_until_none(std::chrono::steady_clock::time_point deadline) const;

 private:
  static constexpr std::size_t kOfABrowser = 8;

  bool is_many(std::size_t held) const { return held > std::max(in_all_ / 64, kOfABrowser); }
  void release(std::optional<std::uint64_t> key);
  void note_scarce() STAMPEDE_REQUIRES(mutex_);
  std::size_t of_network(std::uint64_t key) const;

  const std::size_t in_all_;
  const std::size_t per_address_;
  const int ipv6_prefix_;
  mutable concurrency::Mutex mutex_;
  mutable concurrency::Condition none_open_;
  std::size_t open_ STAMPEDE_GUARDED_BY(mutex_) = 0;
  std::atomic<bool> scarce_{false};
  boost::unordered_flat_map<std::uint64_t, std::size_t> by_address_ STAMPEDE_GUARDED_BY(mutex_);
};

/// The proxies whose X-Forwarded-* headers are believed.
class TrustedProxies {
 public:
  /// Each is an address or a network, as net::AddressRange::parse() takes them. Throws
  /// std::invalid_argument naming an entry that is neither.
  explicit TrustedProxies(const std::vector<std::string>& proxies);

  bool contains(const boost::asio::ip::address& address) const;
  /// The last hop of an X-Forwarded-For that is no trusted proxy itself; empty if there is none or
  /// it is no address. What stands before it was written by a stranger.
  std::string_view client_of(std::string_view forwarded_for) const;

 private:
  std::vector<net::AddressRange> proxies_;
};

}  // namespace stampede::http

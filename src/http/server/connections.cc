#include "http/server/connections.h"

#include <algorithm>
#include <stdexcept>

#include "http/text.h"
#include "net/network.h"

namespace stampede::http {
namespace {

namespace ip = boost::asio::ip;

std::uint64_t network_of(const ip::address& address, int ipv6_prefix) {
  if (address.is_v4()) return net::network_of(address.to_v4().to_bytes());
  return net::network_of(address.to_v6().to_bytes(), ipv6_prefix);
}

}  // namespace

ip::address normalised(const ip::address& address) {
  if (address.is_v6() && address.to_v6().is_v4_mapped()) {
    return ip::make_address_v4(ip::v4_mapped, address.to_v6());
  }
  return address;
}

std::expected<ConnectionCaps::Slot, ConnectionCaps::Reached> ConnectionCaps::acquire(
    const ip::address& peer, bool exempt) {
  const concurrency::MutexLock guard(mutex_);
  if (open_ >= in_all_) {
    return std::unexpected(Reached::kInAll);
  }
  std::optional<std::uint64_t> key;
  if (!exempt) {
    key = network_of(peer, ipv6_prefix_);
    const auto found = by_address_.find(*key);
    const std::size_t held = found == by_address_.end() ? 0 : found->second;
    // The last places are for networks that hold few.
    const bool last_places = open_ >= in_all_ - in_all_ / 64;
    if (held >= per_address_ || (last_places && is_many(held))) {
      return std::unexpected(Reached::kPerAddress);
    }
    ++by_address_[*key];
  }
  ++open_;
  note_scarce();
  return std::expected<Slot, Reached>(std::in_place, *this, key);
}

std::size_t ConnectionCaps::of_network(std::uint64_t key) const {
  const concurrency::MutexLock guard(mutex_);
  const auto found = by_address_.find(key);
  return found == by_address_.end() ? 0 : found->second;
}

void ConnectionCaps::release(std::optional<std::uint64_t> key) {
  const concurrency::MutexLock guard(mutex_);
  if (key) {
    const auto found = by_address_.find(*key);
    if (--found->second == 0) {
      by_address_.erase(found);
    }
  }
  if (--open_ == 0) {
    none_open_.notify_all();
  }
  note_scarce();
}

void ConnectionCaps::note_scarce() {
  scarce_.store(open_ >= in_all_ - in_all_ / 16, std::memory_order_relaxed);
}

std::size_t ConnectionCaps::open() const {
  const concurrency::MutexLock guard(mutex_);
  return open_;
}

bool ConnectionCaps::wait_until_none(std::chrono::steady_clock::time_point deadline) const {
  const concurrency::MutexLock guard(mutex_);
  return none_open_.wait_until(mutex_, deadline,
                               [&]() STAMPEDE_REQUIRES(mutex_) { return open_ == 0; });
}

TrustedProxies::TrustedProxies(const std::vector<std::string>& proxies) {
  for (const std::string& text : proxies) {
    const auto range = net::AddressRange::parse(text);
    if (!range) {
      throw std::invalid_argument("trusted proxy '" + text +
                                  "': expected an address such as 10.0.0.1 or 2001:db8::1, or a "
                                  "network such as 10.0.0.0/8");
    }
    proxies_.push_back(*range);
  }
}

bool TrustedProxies::contains(const ip::address& address) const {
  return std::ranges::any_of(proxies_, [&](const net::AddressRange& proxy) {
    return address.is_v4() ? proxy.contains(address.to_v4().to_bytes())
                           : proxy.contains(address.to_v6().to_bytes());
  });
}

std::string_view TrustedProxies::client_of(std::string_view forwarded_for) const {
  while (!forwarded_for.empty()) {
    const auto comma = forwarded_for.rfind(',');
    const std::string_view hop =
        trimmed(comma == std::string_view::npos ? forwarded_for : forwarded_for.substr(comma + 1));
    forwarded_for = comma == std::string_view::npos ? "" : forwarded_for.substr(0, comma);
    boost::system::error_code error;
    const auto address = ip::make_address(std::string(hop), error);
    if (error || hop.find('\0') != std::string_view::npos) {  // where make_address() stops
      return {};
    }
    if (!contains(address)) {
      return hop;
    }
  }
  return {};
}

}  // namespace stampede::http

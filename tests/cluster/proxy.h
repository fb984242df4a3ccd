#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "net/host_port.h"
#include "tests/support/servers/child.h"
#include "tests/support/servers/own_loopback.h"
#include "tests/support/temp_dir.h"

namespace stampede::test_support {

/// What takes the places of the addresses that the configurations in deploy/ have.
struct Upstreams {
  std::string web;  // "host:port"
  std::string validator_a;
  std::string validator_b;
  std::uint16_t console_a = 0;  // port of its /readyz, at the same host
  std::uint16_t console_b = 0;
};

/// A real proxy on its configuration in deploy/, of which only addresses and folders are others.
/// Killed with its object. For one thread.
class Proxy {
 public:
  enum class Kind { kNginx, kHaproxy };

  /// At a port of its own, of an address that no other process uses. Returns once it accepts
  /// connections; throws std::runtime_error with what it said otherwise.
  Proxy(Kind kind, const Upstreams& upstreams, const std::string& host = own_loopback());

  const net::HostPort& address() const { return address_; }

 private:
  Child start(Kind kind, const Upstreams& upstreams) const;
  Child start_nginx(const Upstreams& upstreams) const;
  Child start_haproxy(const Upstreams& upstreams) const;

  TempDir folder_;
  const net::HostPort address_;
  Child child_;
};

}  // namespace stampede::test_support

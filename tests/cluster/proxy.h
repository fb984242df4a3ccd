#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "tests/support/child.h"
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

  /// Returns once it accepts connections; throws std::runtime_error with what it said otherwise.
  Proxy(Kind kind, const Upstreams& upstreams);

  std::uint16_t port() const { return port_; }

 private:
  Child start(Kind kind, const Upstreams& upstreams) const;
  Child start_nginx(const Upstreams& upstreams) const;
  Child start_haproxy(const Upstreams& upstreams) const;

  TempDir folder_;
  std::uint16_t port_;
  Child child_;
};

}  // namespace stampede::test_support

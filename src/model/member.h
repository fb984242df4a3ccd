#pragma once

#include <string>

namespace stampede {

/// Points of each member on the ring, unless the operator says another number.
inline constexpr int kVirtualNodes = 150;

/// A validator as its peers know it.
struct Member {
  std::string node;         // its name in the ring; see kNodeNameForm
  std::string address;      // "host:port" where other roles reach it
  std::string incarnation;  // of this process alone: 16 hexadecimal digits, drawn at its start

  /// Whom its leases are granted to: a restarted process never resumes a lease.
  std::string holder() const { return node + '/' + incarnation; }

  friend bool operator==(const Member&, const Member&) = default;
};

}  // namespace stampede

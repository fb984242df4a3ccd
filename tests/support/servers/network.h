#pragma once

#include <deque>
#include <string>
#include <vector>

namespace stampede::test_support {

/// A network namespace (Linux): interfaces, addresses and routes of its own. It lives as long as
/// this object or a process in it.
class NetworkNamespace {
 public:
  /// A new, empty one. Needs root; throws std::system_error if the kernel refuses.
  NetworkNamespace();
  ~NetworkNamespace();
  NetworkNamespace(const NetworkNamespace&) = delete;
  NetworkNamespace& operator=(const NetworkNamespace&) = delete;

  /// Where the kernel shows it to other programs, such as `ip link set ... netns`.
  std::string path() const;

 private:
  friend class Inside;
  int descriptor_ = -1;
};

/// While it lives, the calling thread is in that namespace. The sockets that it opens and the
/// children that it starts belong to it, and stay there. For one thread; objects are destroyed in
/// reverse order.
class Inside {
 public:
  /// nullptr: stays where it is.
  explicit Inside(const NetworkNamespace* where);
  ~Inside();
  Inside(const Inside&) = delete;
  Inside& operator=(const Inside&) = delete;

 private:
  int before_ = -1;
};

/// One computer of a Network.
struct Machine {
  NetworkNamespace place;
  std::string address;  // "10.77.0.2"
};

/// Computers with a network of their own, simulated by the kernel: each is a namespace, and a
/// bridge joins them. Nothing outside sees them, and the kernel removes them with the object. The
/// thread that made it is on the bridge, at 10.77.0.1, as long as it lives. For that one thread.
class Network {
 public:
  /// Needs root; throws std::system_error or std::runtime_error saying what was refused.
  Network();

  /// Another computer; it lives as long as the network.
  const Machine& add_machine();

  /// From now on whatever the two send to each other vanishes: no refusal, no reset, as when a
  /// cable is cut. All other links stay.
  void cut(const Machine& one, const Machine& other);
  void heal(const Machine& one, const Machine& other);

 private:
  NetworkNamespace bridge_;
  Inside on_the_bridge_;
  std::deque<Machine> machines_;
};

}  // namespace stampede::test_support

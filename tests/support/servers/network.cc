#include "tests/support/servers/network.h"

#include <fcntl.h>
#include <fmt/format.h>
#include <sched.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <cerrno>
#include <stdexcept>
#include <system_error>

#include "tests/support/servers/child.h"

namespace stampede::test_support {
namespace {

/// No machine has this address, so every machine drops a frame that is sent to it.
constexpr const char* kNoMachine = "02:00:00:00:00:01";

void check(int result, const std::string& what) {
  if (result < 0) throw std::system_error(errno, std::generic_category(), what);
}

int open_current() {
  // The namespace of this thread: each thread of a process may be in another one.
  const auto path = fmt::format("/proc/self/task/{}/ns/net", syscall(SYS_gettid));
  const int descriptor = open(path.c_str(), O_RDONLY | O_CLOEXEC);
  check(descriptor, path);
  return descriptor;
}

/// Runs `ip` with these words.
void ip(const std::string& words) {
  std::vector<std::string> command{"ip"};
  for (std::size_t begin = 0; begin < words.size();) {
    const std::size_t end = std::min(words.find(' ', begin), words.size());
    command.push_back(words.substr(begin, end - begin));
    begin = end + 1;
  }
  const CommandResult result = run_command(command);
  if (result.exit != 0) throw std::runtime_error(fmt::format("ip {}: {}", words, result.err));
}

}  // namespace

NetworkNamespace::NetworkNamespace() {
  const int before = open_current();
  const int made = unshare(CLONE_NEWNET);
  if (made == 0) descriptor_ = open_current();
  const int error = errno;
  if (made == 0) check(setns(before, CLONE_NEWNET), "back to the network namespace before");
  close(before);
  errno = error;
  check(made, "a network namespace (needs root)");
}

NetworkNamespace::~NetworkNamespace() { close(descriptor_); }

std::string NetworkNamespace::path() const {
  return fmt::format("/proc/{}/fd/{}", getpid(), descriptor_);
}

Inside::Inside(const NetworkNamespace* where) {
  if (where == nullptr) return;
  before_ = open_current();
  check(setns(where->descriptor_, CLONE_NEWNET), "into a network namespace");
}

Inside::~Inside() {
  if (before_ < 0) return;
  setns(before_, CLONE_NEWNET);
  close(before_);
}

Network::Network() : on_the_bridge_(&bridge_) {
  ip("link set lo up");
  ip("link add bridge type bridge");
  ip("address add 10.77.0.1/24 dev bridge");
  ip("link set bridge up");
}

const Machine& Network::add_machine() {
  const std::size_t number = machines_.size() + 2;
  Machine& machine = machines_.emplace_back();
  machine.address = fmt::format("10.77.0.{}", number);
  ip(fmt::format("link add port{} type veth peer name eth0 netns {}", number,
                 machine.place.path()));
  ip(fmt::format("link set port{} master bridge up", number));
  const Inside inside(&machine.place);
  ip("link set lo up");
  ip(fmt::format("address add {}/24 dev eth0", machine.address));
  ip("link set eth0 up");
  ip("route add default via 10.77.0.1");
  return machine;
}

void Network::cut(const Machine& one, const Machine& other) {
  for (const auto& [from, to] : {std::pair{&one, &other}, {&other, &one}}) {
    const Inside inside(&from->place);
    ip(fmt::format("neighbour replace {} lladdr {} nud permanent dev eth0", to->address,
                   kNoMachine));
  }
}

void Network::heal(const Machine& one, const Machine& other) {
  for (const auto& [from, to] : {std::pair{&one, &other}, {&other, &one}}) {
    const Inside inside(&from->place);
    ip(fmt::format("neighbour del {} dev eth0", to->address));
  }
}

}  // namespace stampede::test_support

#include "tests/support/cluster/servers.h"

#include <fmt/format.h>

#include <vector>

#include "tests/support/servers/own_loopback.h"

namespace stampede::test_support {

Servers::Servers(const Options& options) {
  if (options.wiring == Wiring::kNetwork) network_.emplace();
  start_brokers(options.brokers);
  const Site here = site("database");
  database_.emplace(MariadbServer::Options{.address = here.address, .place = here.place});
  for (const auto& broker : brokers_) broker->await_ready();
}

void Servers::start_brokers(int count) {
  std::vector<Site> sites;
  std::vector<std::string> addresses;
  for (int i = 0; i < count; ++i) {
    sites.push_back(site(i == 0 ? "broker" : fmt::format("broker {}", i)));
    if (count > 1) addresses.push_back(sites.back().address);
  }
  for (const Site& site : sites) {
    brokers_.push_back(
        std::make_unique<RabbitmqServer>(RabbitmqServer::Options{.address = site.address,
                                                                 .place = site.place,
                                                                 .user = kQueueUser,
                                                                 .password = kQueuePassword,
                                                                 .nodes = addresses}));
  }
}

std::string Servers::broker_addresses() const {
  std::vector<std::string> addresses;
  for (const auto& broker : brokers_) addresses.push_back(fmt::format("{:?}", broker->address()));
  return fmt::format("{}", fmt::join(addresses, ", "));
}

const Machine& Servers::machine(const std::string& name) {
  const Machine*& machine = machines_[name];
  if (machine == nullptr) machine = &network_.value().add_machine();
  return *machine;
}

Site Servers::site(const std::string& name) {
  if (!network_) return {.address = own_loopback()};
  const Machine& own = machine(name);
  return {.address = own.address, .place = &own.place};
}

void Servers::cut(const std::string& one, const std::string& other) {
  network_.value().cut(machine(one), machine(other));
}

void Servers::heal(const std::string& one, const std::string& other) {
  network_.value().heal(machine(one), machine(other));
}

}  // namespace stampede::test_support

#include "tests/simulation/cluster_world.h"

#include <algorithm>
#include <ranges>

#include "queue/codec.h"

namespace stampede::simulation {

using namespace std::chrono_literals;

ClusterWorld::ClusterWorld(std::uint64_t seed, Bug bug, bool print)
    : World(seed, WorldKind::kCluster, bug, print) {
  add_sales();
  for (std::size_t i = 1; i <= stage_.profile.quantities; ++i) add_quantity(i);
  for (std::size_t i = 0; i < stage_.profile.validators; ++i) {
    validators_.push_back(
        std::make_unique<SimValidator>(SimValidator::Parts{.stage = stage_,
                                                           .network = network_,
                                                           .broker = broker_,
                                                           .quantities = quantities_,
                                                           .all = validators_,
                                                           .checks = checks_},
                                       i));
  }
  broker_.kept = [this](const std::string& body) { note_arrival(body); };
  plan_changes();
  start();
  web_.emplace(stage_, "web");
  web_->start();
  open({.servers = servers(),
        .web = *web_,
        .broker = &broker_,
        .nodes = nodes(),
        .quantities = quantity_processes(),
        .validators = validator_processes(),
        .fail_over = [this] { fail_over(); }});
}

/// What the other server has is what was committed a moment ago.
void ClusterWorld::fail_over() {
  if (!stage_.faults) return;
  auto state = std::make_shared<repositories::memory::MemoryStore::State>(database_.store.state());
  const auto bans = std::make_shared<SimDatabase::Bans>(database_.bans);
  const std::int64_t catalog = database_.catalog;
  stage_.scheduler.after(stage_.random.between(50ms, 4s), [this, state, bans, catalog] {
    if (!stage_.faults) return;
    stage_.trace.note("database", "FAULT: fails over, and lacks its tail");
    database_.catalog = catalog;
    for (Sale sale : database_.store.view().sales | std::views::values) {  // made anew
      sale.unleased = sale.quantity;
      if (state->sales.try_emplace(sale.id, sale).second) database_.note_sales_changed();
    }
    database_.store.restore(std::move(*state));
    database_.lose_bans(std::move(*bans));
    database_.locks.clear();
    ++database_.failovers;
    database_.clock_ahead = stage_.random.between(-800ms, 800ms);
    ++database_.changes;
    checks_.lost_tail();
    if (database_.failovers == stage_.profile.failovers) return;
    stage_.scheduler.after(stage_.random.between(1s, 10s), [this] { fail_over(); });
  });
}

std::vector<Process*> ClusterWorld::validator_processes() {
  std::vector<Process*> processes;
  for (auto& validator : validators_) processes.push_back(&validator->process());
  return processes;
}

std::vector<CheckServer*> ClusterWorld::servers() {
  std::vector<CheckServer*> servers;
  for (auto& validator : validators_) servers.push_back(validator.get());
  return servers;
}

void ClusterWorld::add_quantity(std::size_t number) {
  auto& quantity = *quantities_.emplace_back(std::make_unique<SimQuantity>(
      stage_, network_, broker_, database_, "quantity " + std::to_string(number)));
  quantity.set_meanwhile([this] {
    if (!stage_.chance(stage_.profile.interleaved)) return;
    for (SimConsumer& consumer : consumers_) consumer.hurry();
  });
  quantity.replied = [this](const auto& heartbeat, const auto& reply) {
    add_behind(heartbeat, reply);
  };
  quantity.granted = [this](LeaseId lease, const peers::LeaseAsk& ask) {
    checks_.purchases.granted(lease, ask.holder, ask.number);
  };
}

/// The validator that is being told "sold out" stands still until long after that stopped being
/// true.
void ClusterWorld::add_behind(const peers::Heartbeat& heartbeat,
                              const peers::HeartbeatReply& reply) {
  const bool sold_out = !reply.stock.empty() && reply.stock.front().sold_out();
  if (!sold_out || !stage_.chance(stage_.profile.added_behind_reply)) return;
  for (auto& validator : validators_) {
    if (validator->holder() != heartbeat.member.holder()) continue;
    stage_.scheduler.after(0us, [this, &validator] {
      add_stock();
      validator->process().freeze(stage_.random.between(2s, 4s));
    });
  }
}

void ClusterWorld::note_arrival(const std::string& body) {
  const auto messages = queue::decode(body);
  if (!messages) throw Breach("a message came otherwise than it was sent");
  for (const queue::Message& message : *messages) {
    const auto* purchase = std::get_if<Purchase>(&message);
    if (purchase != nullptr) checks_.purchases.arrived(*purchase);
  }
}

void ClusterWorld::start() {
  for (auto& quantity : quantities_) quantity->start();
  for (auto& validator : validators_) validator->start();
  for (SimConsumer& consumer : consumers_) consumer.start();
}

std::vector<Process*> ClusterWorld::quantity_processes() {
  std::vector<Process*> processes;
  for (auto& quantity : quantities_) processes.push_back(&quantity->process());
  return processes;
}

std::vector<Node> ClusterWorld::nodes() {
  const auto node_of = [](auto& part) {
    return Node{&part.process(), [&part] { part.start(); }, [&part] { part.kill(); }};
  };
  std::vector<Node> nodes{Node{&*web_, nullptr, nullptr}};
  for (auto& quantity : quantities_) nodes.push_back(node_of(*quantity));
  for (auto& validator : validators_) {
    nodes.push_back(node_of(*validator));
    nodes.back().leave = [&validator](auto gone) { validator->leave(std::move(gone)); };
  }
  for (SimConsumer& consumer : consumers_) nodes.push_back(node_of(consumer));
  return nodes;
}

std::string ClusterWorld::unrest() const {
  if (broker_.depth() > 0) return "the queues are not empty";
  for (const auto& quantity : quantities_) {
    if (quantity->unresolved() > 0) return "quantity control's markers are not in the queue";
  }
  for (const auto& validator : validators_) {
    if (validator->unresolved() > 0) return "a validator's purchases are not in the queue";
  }
  for (const auto& [id, lease] : database_.store.view().leases) {
    const bool held = std::ranges::any_of(
        validators_, [&](const auto& validator) { return validator->holder() == lease.holder; });
    if (lease.state == LeaseState::kClosed) continue;
    if (!held) return "a lease of a dead holder is open";
    if (database_.store.view().sales.at(lease.sale).ended(database_.process.now().wall - 2s)) {
      return "a sale has ended, and has a lease";
    }
  }
  return {};
}

}  // namespace stampede::simulation

#include "tests/simulation/world.h"

#include <algorithm>
#include <array>
#include <memory>
#include <vector>

#include "queue/codec.h"
#include "tests/simulation/buyers.h"
#include "tests/simulation/checks.h"
#include "tests/simulation/faults.h"
#include "tests/simulation/sim_consumer.h"
#include "tests/simulation/sim_validator.h"

namespace stampede::simulation {

using namespace std::chrono_literals;

namespace {

/// After the faults, everything must be resolved within this time (I10).
constexpr Duration kBound = 60s;
/// What comes later than quiet would not be noticed otherwise.
constexpr Duration kAftermath = 5s;

class World {
 public:
  World(std::uint64_t seed, Bug bug, bool print);
  /// Throws Breach.
  void run();
  Outcome outcome() const;

 private:
  void add_sale();
  void add_quantity(std::size_t number);
  void plan_changes();
  void add_stock();
  void add_behind(const peers::Heartbeat& heartbeat, const peers::HeartbeatReply& reply);
  void end_early();
  void note_arrival(const std::string& body);
  void start();
  std::vector<Node> nodes();
  std::vector<const Process*> quantity_processes();
  /// What still goes on, in words; empty if nothing does.
  std::string unrest() const;
  void step();

  Stage stage_;
  Network network_{stage_};
  SimDatabase database_{stage_};
  SimBroker broker_{stage_, network_};
  Checks checks_{stage_, database_};
  std::vector<std::unique_ptr<SimQuantity>> quantities_;
  std::array<SimConsumer, 2> consumers_{
      SimConsumer{stage_, network_, broker_, database_, "consumer 1"},
      SimConsumer{stage_, network_, broker_, database_, "consumer 2"}};
  std::vector<std::unique_ptr<SimValidator>> validators_;
  std::unique_ptr<Buyers> buyers_;
  std::unique_ptr<Faults> faults_;
  std::uint64_t events_ = 0;
};

World::World(std::uint64_t seed, Bug bug, bool print) : stage_(seed, bug, print) {
  add_sale();
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
  buyers_ = std::make_unique<Buyers>(Buyers::Parts{.stage = stage_,
                                                   .network = network_,
                                                   .validators = validators_,
                                                   .database = database_,
                                                   .checks = checks_});
  faults_ = std::make_unique<Faults>(Faults::Parts{.stage = stage_,
                                                   .network = network_,
                                                   .broker = broker_,
                                                   .database = database_,
                                                   .nodes = nodes(),
                                                   .quantities = quantity_processes()});
}

void World::add_quantity(std::size_t number) {
  auto& quantity = *quantities_.emplace_back(std::make_unique<SimQuantity>(
      stage_, network_, broker_, database_, "quantity " + std::to_string(number)));
  quantity.set_meanwhile([this] {
    if (!stage_.chance(stage_.profile.interleaved)) return;
    for (SimConsumer& consumer : consumers_) consumer.hurry();
  });
  quantity.replied = [this](const auto& heartbeat, const auto& reply) {
    add_behind(heartbeat, reply);
  };
}

void World::add_sale() {
  const Instant begins = database_.process.now().wall;
  Sale sale{.id = SaleId{1},
            .product = ProductId{1},
            .price_cents = 100,
            .quantity = stage_.profile.units,
            .per_buyer_limit = stage_.profile.limit,
            .starts_at = begins + std::chrono::milliseconds{stage_.random.between(-5'000, 3'000)},
            .ends_at = std::nullopt,
            .captcha = false};
  if (const auto ends = stage_.profile.ends) {
    sale.ends_at = begins + std::chrono::floor<std::chrono::milliseconds>(*ends);
  }
  database_.store.add_sale(sale);
  if (const auto pause = stage_.profile.follow_up) {
    Sale next = sale;
    next.id = SaleId{2};
    next.quantity = stage_.random.between(1, 20);
    next.starts_at = *sale.ends_at + std::chrono::floor<std::chrono::milliseconds>(*pause);
    next.ends_at.reset();
    database_.store.add_sale(next);
  }
  stage_.trace.note("sale", "units, limit", {sale.quantity, sale.per_buyer_limit});
}

/// The operator's: units added, also after the last was sold; an end that comes early.
void World::plan_changes() {
  Random& random = stage_.random;
  for (int i = 0; i < 3; ++i) {
    if (!random.chance(stage_.profile.stock_added)) continue;
    stage_.scheduler.after(random.between(1s, 60s), [this] { add_stock(); });
  }
  if (!stage_.profile.ends_early) return;
  stage_.scheduler.after(random.between(5s, 40s), [this] { end_early(); });
}

void World::add_stock() {
  const Sale& sale = database_.store.view().sales.at(SaleId{1});
  if (sale.ended(database_.process.now().wall)) return;
  const std::int64_t units = stage_.random.between(1, 5);
  stage_.trace.note("operator", "adds units", {units});
  database_.store.add_stock(sale.id, units);
  ++database_.changes;
  ++database_.catalog;
}

/// The validator that is being told "sold out" stands still until long after that stopped being
/// true.
void World::add_behind(const peers::Heartbeat& heartbeat, const peers::HeartbeatReply& reply) {
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

void World::end_early() {
  stage_.trace.note("operator", "ends the sale");
  database_.store.end_sale(SaleId{1}, database_.process.now().wall);
  ++database_.changes;
  ++database_.catalog;
  database_.sales_changed = database_.catalog;
}

void World::note_arrival(const std::string& body) {
  const auto messages = queue::decode(body);
  if (!messages) throw Breach("a message came otherwise than it was sent");
  for (const queue::Message& message : *messages) {
    const auto* purchase = std::get_if<Purchase>(&message);
    if (purchase != nullptr) checks_.purchases.arrived(*purchase);
  }
}

void World::start() {
  for (auto& quantity : quantities_) quantity->start();
  for (auto& validator : validators_) validator->start();
  for (SimConsumer& consumer : consumers_) consumer.start();
}

std::vector<const Process*> World::quantity_processes() {
  std::vector<const Process*> processes;
  for (auto& quantity : quantities_) processes.push_back(&quantity->process());
  return processes;
}

std::vector<Node> World::nodes() {
  const auto node_of = [](auto& part) {
    return Node{&part.process(), [&part] { part.start(); }, [&part] { part.kill(); }};
  };
  std::vector<Node> nodes{Node{&buyers_->web(), nullptr, nullptr}};
  for (auto& quantity : quantities_) nodes.push_back(node_of(*quantity));
  for (auto& validator : validators_) {
    nodes.push_back(node_of(*validator));
    nodes.back().leave = [&validator](auto gone) { validator->leave(std::move(gone)); };
  }
  for (SimConsumer& consumer : consumers_) nodes.push_back(node_of(consumer));
  return nodes;
}

std::string World::unrest() const {
  if (!buyers_->done()) return "buyers wait for their answers";
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
    if (lease.state != LeaseState::kClosed && !held) return "a lease of a dead holder is open";
  }
  return {};
}

void World::step() {
  stage_.scheduler.step();
  ++events_;
  checks_.after_event();
}

void World::run() {
  auto& scheduler = stage_.scheduler;
  while (stage_.faults) step();
  const Duration bound = scheduler.time() + kBound;
  for (std::string why = unrest(); !why.empty(); why = unrest()) {
    if (scheduler.time() > bound) throw Breach("I10: " + why + ", long after the last fault");
    const Duration next = scheduler.time() + 250ms;
    while (scheduler.time() < next) step();
  }
  const Duration aftermath = scheduler.time() + kAftermath;
  while (scheduler.time() < aftermath) step();
  checks_.at_end(buyers_->demand());
}

Outcome World::outcome() const {
  Outcome outcome{.breach = {}, .trace = stage_.trace.hash(), .events = events_};
  for (const Order& order : database_.store.view().orders) {
    ++(order.active() ? outcome.live : outcome.failed);
  }
  return outcome;
}

}  // namespace

Outcome run(std::uint64_t seed, Bug bug, bool print) {
  const auto world = std::make_unique<World>(seed, bug, print);
  std::string breach;
  try {
    world->run();
  } catch (const Breach& found) {
    breach = found.what();
  } catch (const std::logic_error& error) {  // of a rule, or of what the store refuses
    breach = std::string("the rules gave up: ") + error.what();
  }
  Outcome outcome = world->outcome();
  outcome.breach = std::move(breach);
  return outcome;
}

}  // namespace stampede::simulation

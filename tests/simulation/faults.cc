#include "tests/simulation/faults.h"

#include <algorithm>

namespace stampede::simulation {

using namespace std::chrono_literals;

Faults::Faults(Parts parts) : parts_(std::move(parts)) {
  const Profile& profile = parts_.stage.profile;
  again_and_again(profile.connections_drop, &Faults::drop_connections);
  again_and_again(profile.broker_away, &Faults::take_broker_away);
  again_and_again(profile.broker_blocks, &Faults::block_broker);
  again_and_again(profile.queue_missing, &Faults::lose_queue);
  again_and_again(profile.queue_unusable, &Faults::spoil_queue);
  again_and_again(profile.database_away, &Faults::take_database_away);
  again_and_again(profile.part_fails, &Faults::fail_part);
  again_and_again(profile.disk_full, &Faults::fill_disk);
  again_and_again(profile.garbage, &Faults::send_garbage);
  again_and_again(profile.links_cut, &Faults::cut_link);
  again_and_again(profile.isolated, &Faults::isolate);
  again_and_again(profile.kills, &Faults::kill);
  again_and_again(profile.leaves, &Faults::leave);
  again_and_again(profile.quantity_restarts, &Faults::restart_quantity);
  again_and_again(profile.quantity_cut, &Faults::cut_quantity);
  again_and_again(profile.freezes, &Faults::freeze);
  again_and_again(profile.wrong_clocks, &Faults::turn_clock);
  again_and_again(profile.suspends, &Faults::suspend);
  again_and_again(profile.sale_row_held, &Faults::hold_sale_row);
  if (profile.fails_over) {
    parts_.stage.scheduler.after(parts_.stage.random.between(2s, profile.faults_end - 1s),
                                 parts_.fail_over);
  }
  parts_.stage.scheduler.after(profile.faults_end, [this] { mend(); });
}

void Faults::again_and_again(bool chosen, Strike strike) {
  if (!chosen) return;
  Stage& stage = parts_.stage;
  stage.scheduler.after(stage.random.between(100ms, stage.profile.pause), [this, strike] {
    if (!parts_.stage.faults) return;
    (this->*strike)();
    again_and_again(true, strike);
  });
}

Duration Faults::a_while(Duration longest) {
  Random& random = parts_.stage.random;
  return random.between(10ms, random.chance(0.5) ? longest : longest / 10);
}

void Faults::undo(Duration longest, std::function<void()> what) {
  parts_.stage.scheduler.after(a_while(longest), std::move(what));
}

const Node& Faults::any() {
  const auto count = static_cast<std::int64_t>(parts_.nodes.size());
  return parts_.nodes[static_cast<std::size_t>(parts_.stage.random.between(0, count - 1))];
}

Process& Faults::any_quantity() {
  const auto last = static_cast<std::int64_t>(parts_.quantities.size()) - 1;
  return *parts_.quantities[static_cast<std::size_t>(parts_.stage.random.between(0, last))];
}

Process& Faults::any_validator() {
  const auto last = static_cast<std::int64_t>(parts_.validators.size()) - 1;
  return *parts_.validators[static_cast<std::size_t>(parts_.stage.random.between(0, last))];
}

void Faults::drop_connections() {
  const Process& process = *any().process;
  parts_.stage.trace.note(process.name(), "FAULT: its connections to the broker drop");
  parts_.broker->drop(process);
}

void Faults::take_broker_away() {
  parts_.stage.trace.note("broker", "FAULT: away");
  parts_.broker->set_away(true);
  undo(8s, [this] { parts_.broker->set_away(false); });
}

void Faults::block_broker() {
  parts_.stage.trace.note("broker", "FAULT: blocked");
  parts_.broker->set_blocked(true);
  undo(5s, [this] { parts_.broker->set_blocked(false); });
}

void Faults::lose_queue() {
  const auto shard = static_cast<std::int32_t>(parts_.stage.random.between(0, queue::kShards - 1));
  parts_.stage.trace.note("broker", "FAULT: a queue is missing", {shard});
  parts_.broker->set_missing(shard, true);
  undo(4s, [this, shard] { parts_.broker->set_missing(shard, false); });
}

/// As if somebody had declared it with other properties; publishers see that when they declare it.
void Faults::spoil_queue() {
  const auto shard = static_cast<std::int32_t>(parts_.stage.random.between(0, queue::kShards - 1));
  parts_.stage.trace.note("broker", "FAULT: a queue cannot be used", {shard});
  parts_.broker->set_unusable(shard, true);
  undo(15s, [this, shard] { parts_.broker->set_unusable(shard, false); });
}

/// A table is locked, or a query of it takes too long; all others answer.
void Faults::fail_part() {
  using Part = SimDatabase::Part;
  const auto last = static_cast<std::int64_t>(Part::kSessions);
  auto part = static_cast<Part>(parts_.stage.random.between(1, last));
  if (parts_.stage.profile.edited) part = Part::kSales;
  parts_.stage.trace.note("database", "FAULT: a part of it fails", {static_cast<int>(part)});
  parts_.database.failing = part;
  undo(12s, [this] { parts_.database.failing = Part::kNone; });
}

void Faults::take_database_away() {
  parts_.stage.trace.note("database", "FAULT: away");
  parts_.database.away = true;
  undo(10s, [this] { parts_.database.away = false; });
}

void Faults::fill_disk() {
  parts_.stage.trace.note("database", "FAULT: its disk is full");
  parts_.database.full = true;
  undo(8s, [this] { parts_.database.full = false; });
}

void Faults::send_garbage() {
  const auto shard = static_cast<std::int32_t>(parts_.stage.random.between(0, queue::kShards - 1));
  parts_.stage.trace.note("broker", "FAULT: a message that nobody can read", {shard});
  parts_.broker->put(shard, "not of this shop");
}

void Faults::cut_link() {
  const Process& one = *any().process;
  const auto other = parts_.stage.random.between(0, 5);
  const Process& two = other == 0   ? parts_.broker->process()
                       : other == 1 ? parts_.database.process
                                    : *any().process;
  if (&one == &two) return;
  parts_.stage.trace.note(one.name(), "FAULT: is cut off from");
  parts_.stage.trace.note(two.name(), "... this one");
  parts_.network.cut(one, two);
  undo(10s, [this, &one, &two] { parts_.network.heal(one, two); });
}

/// Off the network as a whole: it hears of nothing, and goes on.
void Faults::isolate() {
  const Process& one = *any().process;
  parts_.stage.trace.note(one.name(), "FAULT: is cut off from everybody");
  std::vector<const Process*> all{&parts_.broker->process(), &parts_.database.process};
  for (const Node& node : parts_.nodes) all.push_back(node.process);
  for (const Process* other : all) parts_.network.cut(one, *other);
  undo(12s, [this, &one, all] {
    for (const Process* other : all) parts_.network.heal(one, *other);
  });
}

/// For longer than a lease lives, and nothing else is in the way.
void Faults::cut_quantity() {
  const Process& one = *any().process;
  if (std::ranges::find(parts_.quantities, &one) != parts_.quantities.end()) return;
  parts_.stage.trace.note(one.name(), "FAULT: is cut off from quantity control");
  for (const Process* quantity : parts_.quantities) parts_.network.cut(one, *quantity);
  parts_.stage.scheduler.after(parts_.stage.random.between(1s, 14s), [this, &one] {
    for (const Process* quantity : parts_.quantities) parts_.network.heal(one, *quantity);
  });
}

void Faults::start_later(const Node& node) {
  undo(8s, [this, &node] {
    if (node.process->running()) return;
    parts_.stage.trace.note(node.process->name(), "started again");
    node.start();
  });
}

void Faults::kill() {
  const Node& node = any();
  if (!node.kill || !node.process->running()) return;
  parts_.stage.trace.note(node.process->name(), "FAULT: killed");
  node.kill();
  start_later(node);
}

void Faults::leave() {
  const Node& node = any();
  if (!node.leave || !node.process->running() || node.process->frozen()) return;
  parts_.stage.trace.note(node.process->name(), "leaves");
  node.leave([this, &node] { start_later(node); });
}

/// So fast that nobody misses it.
void Faults::restart_quantity() {
  const Node& node = *std::ranges::find(parts_.nodes, &any_quantity(), &Node::process);
  if (!node.process->running()) return;
  parts_.stage.trace.note(node.process->name(), "FAULT: killed, and starts at once");
  node.kill();
  parts_.stage.scheduler.after(parts_.stage.random.between(10ms, 300ms), [&node] {
    if (!node.process->running()) node.start();
  });
}

void Faults::freeze() {
  const Node& node = any();
  node.process->freeze(a_while(12s));
  // The broker misses its heartbeats.
  if (parts_.broker != nullptr && parts_.stage.random.chance(0.4)) {
    undo(6s, [this, &node] {
      if (node.process->frozen()) parts_.broker->drop(*node.process);
    });
  }
}

/// By an hour, or by a little more than is tolerated.
void Faults::turn_clock() {
  Random& random = parts_.stage.random;
  const std::chrono::milliseconds error{random.chance(0.5) ? 3'600'000
                                                           : random.between(1'000, 30'000)};
  Process& validator = any_validator();
  parts_.stage.trace.note(validator.name(), "FAULT: its wall clock is wrong");
  validator.set_wall_error(random.chance(0.5) ? error : -error);
  undo(15s, [&validator] { validator.set_wall_error(std::chrono::milliseconds{0}); });
}

/// A validator, or a quantity control, which may lead.
void Faults::suspend() {
  Process& process = parts_.stage.random.chance(0.3) ? any_quantity() : any_validator();
  parts_.stage.trace.note(process.name(), "FAULT: suspended");
  process.suspend(parts_.stage.random.between(1s, 12s));
}

/// By somebody else's transaction, for so long that requests for leases go unanswered: heartbeats
/// go on.
void Faults::hold_sale_row() {
  parts_.stage.trace.note("database", "FAULT: a sale's row is locked");
  parts_.database.sale_row_held = true;
  undo(12s, [this] { parts_.database.sale_row_held = false; });
}

void Faults::mend_broker() {
  parts_.broker->set_away(false);
  parts_.broker->set_blocked(false);
  for (std::int32_t shard = 0; shard < queue::kShards; ++shard) {
    parts_.broker->set_missing(shard, false);
    parts_.broker->set_unusable(shard, false);
  }
}

void Faults::mend() {
  parts_.stage.trace.note("world", "faults end");
  parts_.stage.faults = false;
  if (parts_.broker != nullptr) mend_broker();
  parts_.database.away = false;
  parts_.database.full = false;
  parts_.database.sale_row_held = false;
  parts_.database.failing = SimDatabase::Part::kNone;
  parts_.network.heal_all();
  for (const Node& node : parts_.nodes) {
    node.process->thaw();
    node.process->set_wall_error(std::chrono::milliseconds{0});
    if (!node.process->running()) node.start();
  }
}

}  // namespace stampede::simulation

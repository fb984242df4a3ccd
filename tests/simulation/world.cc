#include "tests/simulation/world.h"

#include <utility>

#include "services/orders/order_changes.h"
#include "telemetry/log.h"
#include "tests/simulation/cluster_world.h"
#include "tests/simulation/serve_world.h"

namespace stampede::simulation {

using namespace std::chrono_literals;

namespace {

/// After the faults, everything must be resolved within this time (I10).
constexpr Duration kBound = 60s;
/// The same where what is not paid is sold again, and may not be paid again.
constexpr Duration kBoundOfHolds = 240s;
/// A hold that is due has expired within this time, where somebody leads (M3).
constexpr Duration kExpiredWithin = 5s;
/// What comes later than quiet would not be noticed otherwise.
constexpr Duration kAftermath = 5s;

}  // namespace

World::World(std::uint64_t seed, WorldKind kind, Bug bug, bool print)
    : stage_(seed, kind, bug, print) {}

void World::open(Parts parts) {
  buyers_ = std::make_unique<Buyers>(Buyers::Parts{.stage = stage_,
                                                   .network = network_,
                                                   .servers = std::move(parts.servers),
                                                   .web = parts.web,
                                                   .database = database_,
                                                   .checks = checks_});
  faults_ = std::make_unique<Faults>(Faults::Parts{.stage = stage_,
                                                   .network = network_,
                                                   .broker = parts.broker,
                                                   .database = database_,
                                                   .nodes = std::move(parts.nodes),
                                                   .quantities = std::move(parts.quantities),
                                                   .validators = std::move(parts.validators),
                                                   .fail_over = std::move(parts.fail_over)});
  if (!stage_.profile.hold) return;
  payments_ = std::make_unique<Payments>(stage_, network_, database_, checks_);
  payments_->start();
}

std::string World::open_holds() const {
  if (!payments_) return {};
  const Instant now = database_.process.now().wall;
  for (const Order& order : database_.store.view().orders) {
    const bool held = order.status == OrderStatus::kHeld;
    if (held && *order.pay_by + kGrace + kExpiredWithin < now) return "a hold has not expired";
  }
  return payments_->done() ? "" : "payments are not told, or not returned";
}

void World::add_sales() {
  const Instant begins = database_.process.now().wall;
  Sale sale{
      .id = SaleId{1},
      .product = ProductId{1},
      .price_cents = 100,
      .quantity = stage_.profile.units,
      .per_buyer_limit = stage_.profile.limit,
      .starts_at = begins + std::chrono::milliseconds{stage_.profile.edited
                                                          ? stage_.random.between(6'000, 10'000)
                                                          : stage_.random.between(-5'000, 3'000)},
      .ends_at = std::nullopt,
      .captcha = false,
      .hold = stage_.profile.hold};
  if (const auto ends = stage_.profile.ends) {
    sale.ends_at = begins + std::chrono::floor<std::chrono::milliseconds>(*ends);
    if (stage_.profile.edited) *sale.ends_at += 15s;
  }
  database_.store.add_sale(sale);
  if (const auto pause = stage_.profile.follow_up) {
    Sale next = sale;
    next.id = SaleId{2};
    next.quantity = stage_.random.between(1, 20);
    next.starts_at = *sale.ends_at + std::chrono::floor<std::chrono::milliseconds>(*pause);
    next.ends_at.reset();
    if (stage_.profile.late_sale) {
      plan_late_sale(next, begins);
    } else {
      database_.store.add_sale(next);
    }
  }
  if (stage_.profile.old_orders) add_old_orders();
  stage_.trace.note("sale", "units, limit", {sale.quantity, sale.per_buyer_limit});
}

/// About when it begins, and perhaps between the two statements that read sales and bans.
void World::plan_late_sale(const Sale& sale, Instant begins) {
  late_sale_ = sale;
  const Duration at = std::max<Duration>(
      0us, sale.starts_at - begins + stage_.random.between(Duration{-2s}, Duration{3s}));
  stage_.scheduler.after(at, [this] { make_late_sale(); });
  database_.between = [this, at] {
    if (!late_sale_ || stage_.scheduler.time() < at - 2s) return;
    // Something else changes, so that sales are read.
    if (stage_.random.chance(0.2)) database_.note_sales_changed();
    if (stage_.random.chance(0.1)) make_late_sale();
  };
}

void World::make_late_sale() {
  if (!late_sale_ || !buyers_) return;
  const Sale sale = *std::exchange(late_sale_, std::nullopt);
  buyers_->ban_some();
  stage_.trace.note("operator", "makes a sale", {sale.id.value});
  database_.bans_when_made[sale.id] = database_.ban_changes;
  database_.store.add_sale(sale);
  ++database_.changes;
  database_.note_sales_changed();
}

/// The sale sold out more than a day ago, and units are added to it now.
void World::add_old_orders() {
  auto state = database_.store.state();
  Sale& sale = state.sales.at(SaleId{1});
  const Instant now = database_.process.now().wall;
  sale.starts_at = now - 48h;
  sale.unleased = 0;
  const LeaseId lease{++state.last_lease};
  state.leases[lease] = {.id = lease,
                         .sale = sale.id,
                         .granted = sale.quantity,
                         .sold = sale.quantity,
                         .state = LeaseState::kClosed};
  state.last_closed_at[sale.id] = now - 25h;
  for (std::int64_t i = 1; i <= sale.quantity; ++i) {
    const auto key = *IdempotencyKey::parse("buyer-" + std::to_string(i) + "-key-of-long-ago");
    const Order& order = state.orders.emplace_back(Order{.number = OrderNumber{i},
                                                         .sale = sale.id,
                                                         .buyer = UserId{i},
                                                         .intent = key,
                                                         .slot = 1,
                                                         .lease = lease,
                                                         .seq = i,
                                                         .created_at = now - 26h});
    state.shards.at(0).add(order);
    checks_.purchases.sold_long_ago(order);
    checks_.attempted(order.buyer, key);
  }
  database_.sold_long_ago = sale.quantity;
  database_.store.restore(std::move(state));
  ++database_.changes;
  for (const Order& order : database_.store.view().orders) {
    checks_.said_yes(order.intent, order.number);
  }
}

/// The operator's: units added, also after the last was sold; an end that comes early.
void World::plan_changes() {
  Random& random = stage_.random;
  for (int i = 0; i < 3; ++i) {
    if (!random.chance(stage_.profile.stock_added)) continue;
    stage_.scheduler.after(random.between(1s, 60s), [this] { add_stock(); });
  }
  if (stage_.profile.edited) {
    stage_.scheduler.after(random.between(0us, 6s), [this] { edit(); });
  }
  operator_.start();
  for (std::int64_t i = 0; i < stage_.profile.cancels; ++i) {
    operator_.after(random.between(1s, stage_.profile.faults_end), [this] { cancel_some(); });
  }
  if (!stage_.profile.ends_early) return;
  stage_.scheduler.after(random.between(5s, 40s), [this] { end_early(); });
}

void World::add_stock() {
  const Sale& sale = database_.store.view().sales.at(SaleId{1});
  if (sale.ended(database_.process.now().wall)) return;
  if (database_.locked(sale.id)) return again(&World::add_stock);
  const std::int64_t units = stage_.random.between(1, 5);
  stage_.trace.note("operator", "adds units", {units});
  database_.store.add_stock(sale.id, units);
  database_.grown = true;
  ++database_.changes;
  database_.note_sales_changed();
}

/// One of those that are active.
void World::cancel_some() {
  std::vector<OrderNumber> active;
  for (const Order& order : database_.store.view().orders) {
    if (order.active()) active.push_back(order.number);
  }
  if (active.empty()) return;
  const auto last = static_cast<std::int64_t>(active.size()) - 1;
  cancel(active[static_cast<std::size_t>(stage_.random.between(0, last))]);
}

/// Again where it is not known that it was done; and sometimes all the same.
void World::cancel(OrderNumber number) {
  bool again = stage_.random.chance(0.2);
  try {
    const auto done = services::orders::OrderChanges(operators_client_)
                          .cancel(number, "operator", "", database_.process.now().wall);
    // A failover may have lost the order, and a hold may have expired meanwhile.
    if (!done && database_.failovers == 0 && !stage_.profile.hold)
      throw Breach("a cancelling: " + done.error());
    stage_.trace.note("operator", "cancels order", {number.value});
    database_.grown = true;  // for those who ask from now on
  } catch (const repositories::StorageError&) {
    again = true;
  }
  if (again) operator_.after(stage_.random.between(10ms, 3s), [this, number] { cancel(number); });
}

/// The row is locked by another transaction: once it may be free.
void World::again(void (World::*what)()) {
  stage_.scheduler.after(stage_.random.between(1ms, 50ms), [this, what] { (this->*what)(); });
}

/// As Catalog::change_sale() does it: other terms, as long as nothing is leased or sold and the
/// start is far enough.
void World::edit() {
  if (database_.locked(SaleId{1})) return again(&World::edit);
  auto state = database_.store.state();
  Sale& sale = state.sales.at(SaleId{1});
  const Instant now = database_.process.now().wall;
  if (sale.terms_fixed(now) || sale.unleased != sale.quantity || !state.orders.empty()) return;
  sale.per_buyer_limit = static_cast<std::int32_t>(stage_.random.between(1, 3));
  sale.quantity = sale.unleased = stage_.random.between(1, 20);
  sale.starts_at += std::chrono::milliseconds{stage_.random.between(-900, 4'000)};
  stage_.trace.note("operator", "edits the sale", {sale.quantity, sale.per_buyer_limit});
  database_.store.restore(std::move(state));
  ++database_.changes;
  database_.note_sales_changed();
  database_.sales_changed = database_.catalog;
}

void World::end_early() {
  if (database_.locked(SaleId{1})) return again(&World::end_early);
  stage_.trace.note("operator", "ends the sale");
  database_.store.end_sale(SaleId{1}, database_.process.now().wall);
  ++database_.changes;
  database_.note_sales_changed();
  database_.sales_changed = database_.catalog;
}

void World::step() {
  stage_.scheduler.step();
  ++events_;
  checks_.after_event();
}

void World::run() {
  auto& scheduler = stage_.scheduler;
  while (stage_.faults) step();
  const Duration bound = scheduler.time() + (stage_.profile.hold ? kBoundOfHolds : kBound);
  const auto reason = [&]() -> std::string {
    if (!buyers_->done()) return "buyers wait for their answers";
    const std::string holds = open_holds();
    return holds.empty() ? unrest() : holds;
  };
  const auto run_for = [&](Duration time) {
    const Duration until = scheduler.time() + time;
    while (scheduler.time() < until) step();
  };
  do {
    for (std::string why = reason(); !why.empty(); why = reason()) {
      if (scheduler.time() > bound) throw Breach("I10: " + why + ", long after the last fault");
      run_for(250ms);
    }
    run_for(kAftermath);  // in which somebody may buy, and pay
  } while (!open_holds().empty());
  checks_.at_end(buyers_->demand());
}

Outcome World::outcome() const {
  Outcome outcome{.breach = {}, .trace = stage_.trace.hash(), .events = events_};
  for (const Order& order : database_.store.view().orders) {
    ++(order.active() ? outcome.active : outcome.failed);
  }
  return outcome;
}

Outcome run(std::uint64_t seed, Bug bug, bool print) {
  telemetry::set_level(
      telemetry::Level::kOff);  // of rules that log what fails: here everything does
  constexpr std::uint64_t kServeEvery = 5;
  std::unique_ptr<World> world;
  if (seed % kServeEvery == 0) {
    world = std::make_unique<ServeWorld>(seed, bug, print);
  } else {
    world = std::make_unique<ClusterWorld>(seed, bug, print);
  }
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

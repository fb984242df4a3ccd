#include "tests/simulation/actors/sim_serve.h"

#include <algorithm>
#include <optional>
#include <vector>

#include "consumers/consumer_steps.h"
#include "queue/local/local_queue.h"
#include "schedules/order_changes_feed.h"
#include "schedules/order_loading.h"
#include "schedules/periods.h"
#include "schedules/reload.h"
#include "services/leasing/leasing.h"
#include "services/orders/hold_expiry.h"
#include "tests/simulation/actors/keys.h"
#include "tests/simulation/actors/spoilt_source.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using consumers::ConsumerSteps;
using repositories::StorageError;
using services::purchase::Rules;
using services::purchase::Waiter;

namespace {

/// A buyer who waits is answered after Rules::wait, by the next housekeeping; beyond that come the
/// late turns of its timer.
constexpr Duration kLongestServeWait = Rules{}.wait + schedules::kHousekeepingPeriod + 50ms;

Rules rules_of_serve(const Stage& stage) {
  const bool hasty = stage.bug == Bug::kIntervalForgotten;
  return {.check_rate = 0, .interval = hasty ? 0ms : stage.profile.interval, .stripes = 2};
}

}  // namespace

/// Hears of what the checkout takes, on its way into the queue.
class HeardQueue final : public queue::OrderQueue {
 public:
  HeardQueue(queue::local::LocalQueue& queue, std::function<void(const Purchase&)> taken,
             std::function<void()> filled)
      : queue_(&queue), taken_(std::move(taken)), filled_(std::move(filled)) {}

  queue::Published publish(const Purchase& purchase) override {
    const auto published = queue_->publish(purchase);
    if (published == queue::Published::kRefused) return published;
    taken_(purchase);
    filled_();
    return published;
  }
  void publish(const queue::CloseMarker& marker) override {
    queue_->publish(marker);
    filled_();
  }

 private:
  queue::local::LocalQueue* queue_;
  std::function<void(const Purchase&)> taken_;
  std::function<void()> filled_;
};

/// What the process has in memory, as `stampede serve` wires it.
struct SimServe::Up {
  explicit Up(SimServe& owner);

  /// Throws StorageError.
  void start();
  void reload();
  void reload_or_throw();
  void load_orders();
  void housekeeping();
  void expire_holds();
  void filled();
  void receive();
  void write();
  void tell(std::function<void()> what);
  Now now() const { return owner.process_.now(); }

  SimServe& owner;
  Stage& stage;
  captcha::Tokens captcha;
  services::accounts::Sessions sessions;
  services::purchase::Post post;
  queue::local::LocalQueue local;
  HeardQueue queue;
  services::admission::Blacklist blacklist;
  services::admission::Blacklist bans_of_before;  // Bug::kBansLate alone
  services::catalog::Catalog catalog;
  services::purchase::Checkout checkout;
  services::leasing::Leasing leasing;
  schedules::OrderLoading loading;
  std::optional<schedules::OrderChangesFeed> changes;
  schedules::Reload reloading;
  services::orders::OrderWriter rows;
  consumers::BatchWriter writer;
  SpoiltSource source{stage, local};
  ConsumerSteps steps{source, writer};
  services::orders::HoldExpiry expiry{owner.client_, grace(stage)};

  bool consuming = false;
  int rounds = 0;                             // of housekeeping
  std::vector<std::function<void()>> untold;  // of what was written
  bool serving = false;
  bool leaving = false;
  LeaseId left_over;  // leases up to it are of processes before this one

  // Of the request that is being decided.
  Duration clock_read{};
  Tick tick{};
  SaleId named;
  std::int64_t bans_known = -1;
  std::int64_t sales_known = -1;
  std::int64_t sessions_known = 0;
};

SimServe::Up::Up(SimServe& serve)
    : owner(serve),
      stage(*owner.stage_),
      captcha(key_ring()),
      sessions(key_ring()),
      post([&process = owner.process_](auto task) { process.after(0us, std::move(task)); }),
      local(stage.profile.queue_capacity),
      queue(
          local,
          [this](const Purchase& purchase) {
            owner.checks_->purchases.taken(
                {.purchase = purchase,
                 .holder = owner.process_.name() + "/" + std::to_string(owner.process_.life()),
                 .clock_read = clock_read,
                 .tick = tick,
                 .bans_known = bans_known,
                 .sales_known = sales_known,
                 .named = named});
            owner.checks_->purchases.arrived(purchase);
          },
          [this] { filled(); }),
      catalog(owner.catalog_),
      checkout(rules_of_serve(stage), {.captcha = captcha, .queue = queue, .blacklist = blacklist}),
      leasing(owner.client_, queue, checkout),
      loading(owner.client_, checkout, stage.profile.orders_at_once),
      reloading({.changes = owner.catalog_,
                 .accounts = owner.catalog_,
                 .keys = key_ring(),
                 .catalog = catalog,
                 .sessions = sessions,
                 .bans =
                     schedules::Reload::Parts::Bans{
                         owner.catalog_, stage.bug == Bug::kBansLate ? bans_of_before : blacklist},
                 .catalog_changed =
                     [this](const std::vector<Sale>& sales, const std::vector<Product>&) {
                       checkout.load_sales(sales);
                       sales_known = owner.database_->catalog;
                     },
                 .review_stock =
                     [this](Now at) {
                       changes->step();
                       if (stage.bug != Bug::kEndedSaleKept)
                         checkout.catalog().close_ended(at.wall);
                       leasing.review(at, loading.progress().complete);
                     }}),
      rows(owner.client_, 0),
      writer(rows, {.shard = 0, .quarantine = &owner.client_},
             {.settled =
                  [this](std::span<const Order> orders) {
                    tell([this, orders = std::vector(orders.begin(), orders.end())] {
                      checkout.settle(orders);
                    });
                  },
              .closed = [this](std::span<const LeaseId>) { tell([this] { reload(); }); },
              .quarantined =
                  [this](std::span<const Purchase> purchases) {
                    if (stage.bug == Bug::kQuarantineUntold) return;
                    tell([this, purchases = std::vector(purchases.begin(), purchases.end())] {
                      for (const Purchase& purchase : purchases) {
                        owner.checks_->purchases.given_back(purchase);
                      }
                      checkout.note_refused(purchases);
                    });
                  },
              .away = [this](bool away) { local.stall(away); }},
             {}) {
  const auto& leases = owner.database_->store.view().leases;
  if (!leases.empty()) left_over = leases.rbegin()->first;
}

void SimServe::Up::start() {
  if (stage.bug != Bug::kLeftOverForgotten) leasing.close_left_over();
  if (stage.bug == Bug::kLoadedTooSoon) checkout.doubt_from(Tick::max());
  std::vector<queue::Message> batch;
  while (local.depth() > 0 && local.receive(batch, 10'000)) rows.write(batch);
  const std::int64_t newest = owner.client_.newest().at(0).seq;
  changes.emplace(owner.client_, checkout, 0, newest);
  reload_or_throw();
  serving = true;
  if (local.depth() > 0) filled();
}

void SimServe::Up::reload_or_throw() {
  reloading.run(now());
  bans_known = owner.catalog_.bans_polled();
  sessions_known = static_cast<std::int64_t>(owner.database_->sessions.size());
  if (stage.bug != Bug::kBansLate) return;
  owner.process_.after(500ms, [this] {
    std::vector<BlacklistEntry> bans;
    for (const auto& [buyer, entry] : owner.database_->banned) bans.push_back(entry);
    blacklist.load(bans);
  });
}

void SimServe::Up::reload() {
  try {
    reload_or_throw();
  } catch (const StorageError&) {
    stage.trace.note(owner.process_.name(), "could not reload");
  }
}

void SimServe::Up::load_orders() {
  try {
    loading.step(now());
  } catch (const StorageError&) {
    stage.trace.note(owner.process_.name(), "could not load orders");
  }
}

void SimServe::Up::housekeeping() {
  checkout.expire_waits(now().tick);
  if (++rounds % schedules::kSweepEvery == 0) checkout.sweep(now());
}

void SimServe::Up::filled() {
  if (!serving || std::exchange(consuming, true)) return;
  const bool slow = stage.chance(stage.profile.slow_publish);
  owner.process_.after(slow ? stage.random.between(1ms, 3s) : stage.random.between(10us, 20ms),
                       [this] { owner.run([this] { receive(); }); });
}

/// What OrderConsumer's thread does, with events between its steps.
void SimServe::Up::receive() {
  const auto most = static_cast<std::size_t>(stage.random.between(1, 20));
  if (local.depth() == 0 || steps.step(now().wall, most) == ConsumerSteps::Outcome::kShut) {
    consuming = false;
    return;
  }
  write();
}

void SimServe::Up::expire_holds() {
  try {
    expiry.step();
  } catch (const StorageError&) {
    stage.trace.note(owner.process_.name(), "could not expire holds");
  }
}

void SimServe::Up::write() {
  const bool away = steps.step(now().wall, 0) == ConsumerSteps::Outcome::kAway;
  const bool done = steps.next() == ConsumerSteps::Next::kAcknowledge;
  const bool half = stage.bug == Bug::kHalfIsAll && !away && !done;
  if (done) (void)steps.step(now().wall, 0);
  if (half) steps = ConsumerSteps(source, writer);
  // Others run between the commit and its news.
  const Duration next = stage.random.between(10us, 5ms);
  owner.process_.after(away ? writer.pause() : next, [this] {
    owner.run([this] {
      for (const auto& what : std::exchange(untold, {})) what();
      steps.next() == ConsumerSteps::Next::kReceive ? receive() : write();
    });
  });
}

void SimServe::Up::tell(std::function<void()> what) { untold.push_back(std::move(what)); }

SimServe::SimServe(Stage& stage, Network& network, SimDatabase& database, Checks& checks)
    : stage_(&stage),
      database_(&database),
      checks_(&checks),
      process_(stage, "serve"),
      client_(stage, network, database, process_),
      catalog_(client_, database) {
  client_.flush_failed = [this] {
    flush_failed_ = true;
    throw FlushFailed{};
  };
}

SimServe::~SimServe() = default;

void SimServe::run(const std::function<void()>& what) {
  try {
    what();
  } catch (const FlushFailed&) {
    // Whoever runs several steps may tell another failure instead.
  }
  if (flush_failed_) end("a flush failed");
}

void SimServe::end(const char* why) {
  stage_->trace.note(process_.name(), why);
  kill();
  stage_->scheduler.after(stage_->random.between(100ms, 2s), [this] {
    if (!process_.running()) start();
  });
}

void SimServe::start() {
  process_.start();
  up_ = std::make_unique<Up>(*this);
  try {
    run([this] { up_->start(); });
  } catch (const StorageError&) {
    end("could not start");
  }
  if (!process_.running()) return;
  every(schedules::kReloadPeriod, &Up::reload);
  every(stage_->profile.load_every, &Up::load_orders);
  every(schedules::kHousekeepingPeriod, &Up::housekeeping);
  if (stage_->profile.hold) every(schedules::kExpiryPeriod, &Up::expire_holds);
}

void SimServe::every(Duration period, void (Up::*what)()) {
  process_.after(period, [this, period, what] {
    const bool loads = what == &Up::load_orders;
    if (loads && up_->loading.progress().complete) return;
    every(period, what);
    run([this, what] { ((*up_).*what)(); });
  });
}

void SimServe::kill() {
  process_.kill();
  flush_failed_ = false;
  up_.reset();
}

void SimServe::check(const Check& check, const Network::Answer<Answer>& answer) {
  if (up_->leaving) return;  // its listeners are closed
  if (!check.cookie.empty()) {
    const bool opened =
        up_->sessions.authenticate(check.cookie, process_.now().wall) == check.buyer;
    checks_->purchases.session(check.buyer, check.session, opened, up_->sessions_known);
    // The buyer logs in again.
    if (!opened) return answer({.verdict = Verdict::kUnavailable});
  }
  const bool slow = stage_->chance(0.02);
  const Duration delay =
      slow ? stage_->random.between(1ms, 500ms) : stage_->random.between(5us, 50us);
  process_.after(delay, [this, check, answer, now = process_.now(),
                         read = stage_->scheduler.time()] { decide(check, now, read, answer); });
  if (stage_->chance(stage_->profile.frozen_in_request)) {
    process_.freeze(stage_->random.between(1s, 12s));
  }
}

void SimServe::decide(const Check& check, Now now, Duration read,
                      const Network::Answer<Answer>& answer) {
  up_->clock_read = read;
  up_->tick = now.tick;
  up_->named = check.sale;
  const auto wait = [&] { return Waiter{.post = &up_->post, .resume = resume(answer)}; };
  const auto decided =
      up_->checkout.attempt({check.buyer, check.product, check.key, {}, now, check.sale}, wait);
  if (!decided) return;
  if (decided->verdict == Verdict::kSoldOut) checks_->said_sold_out(check.sale, read);
  answer(*decided);
}

std::move_only_function<void(Answer&&)> SimServe::resume(const Network::Answer<Answer>& answer) {
  return [this, answer, began = stage_->scheduler.time(),
          stood = process_.stood_still()](Answer&& late) {
    checks_->waited(stage_->scheduler.time() - began - (process_.stood_still() - stood),
                    kLongestServeWait);
    answer(late);
  };
}

/// Listeners close, requests are answered, the last batch is written.
void SimServe::leave(std::function<void()> gone) {
  if (std::exchange(up_->leaving, true)) return;
  process_.after(2s, [this, gone = std::move(gone)]() mutable {
    up_->checkout.catalog().stop_selling();
    up_->local.shut();
    finish_leaving(std::move(gone), stage_->scheduler.time() + 10s);
  });
}

void SimServe::finish_leaving(std::function<void()> gone, Duration deadline) {
  if (!up_->consuming || stage_->scheduler.time() >= deadline) {
    kill();
    return gone();
  }
  process_.after(50ms, [this, gone = std::move(gone), deadline]() mutable {
    finish_leaving(std::move(gone), deadline);
  });
}

std::string SimServe::unrest() const {
  if (!up_) return "nobody serves";
  if (up_->consuming) return "purchases wait to be written";
  if (!up_->loading.progress().complete) return "orders are being loaded";
  for (const auto& [id, lease] : database_->store.view().leases) {
    if (lease.state == LeaseState::kClosed) continue;
    if (id <= up_->left_over) return "a lease of a dead process is open";
    if (database_->store.view().sales.at(lease.sale).ended(process_.now().wall)) {
      return "a sale has ended, and has a lease";
    }
  }
  return {};
}

}  // namespace stampede::simulation

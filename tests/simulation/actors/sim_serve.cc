#include "tests/simulation/actors/sim_serve.h"

#include <vector>

#include "app/embedded/embedded_sale.h"
#include "consumers/consumer_steps.h"
#include "queue/local/local_queue.h"
#include "schedules/periods.h"
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

/// What the process has in memory. It hears of what the sale hands to the queue, on its way there.
struct SimServe::Up final : queue::OrderQueue {
  explicit Up(SimServe& owner);

  queue::Published publish(const Purchase& purchase) override;
  void publish(const queue::CloseMarker& marker) override;

  /// Throws StorageError.
  void start();
  void reload();
  void note_known();
  void attempt(const std::string& job, const std::function<void()>& round);
  void load_orders() {
    attempt("load orders", [this] { sale.load_orders(now()); });
  }
  void housekeeping() { sale.housekeep(now()); }
  void expire_holds() {
    attempt("expire holds", [this] { sale.expire_holds(); });
  }
  void filled();
  void receive();
  void write();
  consumers::BatchWriter::Listener listener();
  template <class T>
  std::function<void(std::span<const T>)> later(std::function<void(std::span<const T>)> what);
  Now now() const { return owner.process_.now(); }

  SimServe& owner;
  Stage& stage;
  captcha::Tokens captcha;
  services::accounts::Sessions sessions;
  services::purchase::Post post;
  queue::local::LocalQueue local;
  services::catalog::Catalog catalog;
  app::EmbeddedSale sale;
  consumers::BatchWriter writer;
  SpoiltSource source{stage, local};
  ConsumerSteps steps{source, writer};

  bool consuming = false;
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
      catalog(owner.catalog_),
      sale({.rules = rules_of_serve(stage),
            .captcha = captcha,
            .keys = key_ring(),
            .sessions = sessions,
            .catalog = catalog,
            .queue = *this,
            .storage = {.changes = owner.catalog_,
                        .accounts = owner.catalog_,
                        .blacklist = owner.catalog_,
                        .leases = owner.client_,
                        .orders = owner.client_,
                        .order_events = owner.client_,
                        .order_store = owner.client_,
                        .quarantine = owner.client_},
            .show = [this](const std::vector<Product>&) { sales_known = owner.database_->catalog; },
            .want_reload = [this] { reload(); },
            .orders_per_step = stage.profile.orders_at_once,
            .grace = grace(stage)}),
      writer(sale.writer(), sale.dead_letters(), listener(), {}) {
  const auto& leases = owner.database_->store.view().leases;
  if (!leases.empty()) left_over = leases.rbegin()->first;
}

/// Each told after its batch: others run between the commit and its news.
consumers::BatchWriter::Listener SimServe::Up::listener() {
  auto told = sale.listener();
  std::function<void(std::span<const Purchase>)> quarantined =
      [this, note = std::move(told.quarantined)](std::span<const Purchase> purchases) {
        if (stage.bug == Bug::kQuarantineUntold) return;
        for (const Purchase& purchase : purchases) owner.checks_->purchases.given_back(purchase);
        note(purchases);
      };
  return {.settled = later(std::move(told.settled)),
          .closed = later(std::move(told.closed)),
          .quarantined = later(std::move(quarantined)),
          .away = [this](bool away) { local.stall(away); }};
}

template <class T>
std::function<void(std::span<const T>)> SimServe::Up::later(
    std::function<void(std::span<const T>)> what) {
  return [this, what = std::move(what)](std::span<const T> news) {
    untold.push_back([what, news = std::vector(news.begin(), news.end())] { what(news); });
  };
}

queue::Published SimServe::Up::publish(const Purchase& purchase) {
  const auto published = local.publish(purchase);
  if (published == queue::Published::kRefused) return published;
  owner.checks_->purchases.taken(
      {.purchase = purchase,
       .holder = owner.process_.name() + "/" + std::to_string(owner.process_.life()),
       .clock_read = clock_read,
       .tick = tick,
       .bans_known = bans_known,
       .sales_known = sales_known,
       .named = named});
  owner.checks_->purchases.arrived(purchase);
  filled();
  return published;
}

void SimServe::Up::publish(const queue::CloseMarker& marker) {
  if (stage.bug == Bug::kEndedSaleKept && owner.over(marker.lease)) return;
  local.publish(marker);
  filled();
}

void SimServe::Up::start() {
  sale.start(now());
  if (stage.bug == Bug::kLoadedTooSoon) sale.checkout().doubt_from(Tick::max());
  note_known();
  serving = true;
  if (local.depth() > 0) filled();
}

/// What the last reload has read.
void SimServe::Up::note_known() {
  bans_known = owner.catalog_.bans_listed();
  sessions_known = static_cast<std::int64_t>(owner.database_->sessions.size());
}

void SimServe::Up::reload() {
  attempt("reload", [this] {
    sale.reload(now());
    note_known();
  });
}

/// The next round tries again.
void SimServe::Up::attempt(const std::string& job, const std::function<void()>& round) {
  try {
    round();
  } catch (const StorageError&) {
    stage.trace.note(owner.process_.name(), "could not " + job);
  }
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
    if (loads && up_->sale.loading().complete) return;
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
  const auto decided = up_->sale.checkout().attempt(
      {check.buyer, check.product, check.key, {}, now, check.sale}, wait);
  if (!decided) return;
  checks_->said_refusal(decided->verdict, check.sale, read);
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
    up_->sale.checkout().catalog().stop_selling();
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
  if (!up_->sale.loading().complete) return "orders are being loaded";
  for (const auto& [id, lease] : database_->store.view().leases) {
    if (lease.state == LeaseState::kClosed) continue;
    if (id <= up_->left_over) return "a lease of a dead process is open";
    if (over(id)) return "a sale has ended, and has a lease";
  }
  return {};
}

/// Whether the sale has ended that this lease is of.
bool SimServe::over(LeaseId lease) const {
  const auto& state = database_->store.view();
  return state.sales.at(state.leases.at(lease).sale).ended(process_.now().wall);
}

}  // namespace stampede::simulation

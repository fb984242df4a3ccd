#include "tests/simulation/actors/buyers.h"

#include <algorithm>
#include <cstdio>

#include "services/admission/early_attempts.h"

namespace stampede::simulation {

using namespace std::chrono_literals;
using services::admission::EarlyAttempts;
using State = services::orders::BuyerOrders::PurchaseState;

namespace {

constexpr ProductId kProduct{1};
constexpr SaleId kSale{1};

}  // namespace

Buyers::Buyers(const Parts& parts)
    : parts_(parts),
      process_(parts.stage, "buyers"),
      client_(parts.stage, parts.network, parts.database, parts.web) {
  process_.start();
  for (std::int64_t buyer = 1; buyer <= parts.stage.profile.buyers; ++buyer)
    add_buyer(UserId{buyer});
  for (const Order& order : parts.database.store.view().orders) {
    WantedUnit& unit = units_.emplace_back(WantedUnit{order.buyer, order.intent});
    ++open_;
    later(unit, &Buyers::ask, 0us, parts.stage.profile.arrivals + 10s);
  }
}

void Buyers::add_buyer(UserId buyer) {
  auto& random = parts_.stage.random;
  const std::int64_t wanted = random.between(1, parts_.stage.profile.limit > 2 ? 6 : 2);
  wanted_[buyer].units = wanted;
  if (random.chance(parts_.stage.profile.banned)) {
    parts_.stage.scheduler.after(random.between(0us, parts_.stage.profile.faults_end),
                                 [this, buyer] { ban(buyer); });
    wanted_[buyer].keeps_right = false;
  }
  if (random.chance(parts_.stage.profile.logouts)) {
    parts_.stage.scheduler.after(random.between(0us, parts_.stage.profile.faults_end),
                                 [this, buyer] { log_out(buyer); });
  }
  for (std::int64_t i = 0; i < wanted; ++i) add_unit(buyer);
}

void Buyers::add_unit(UserId buyer) {
  auto& random = parts_.stage.random;
  const Profile& profile = parts_.stage.profile;
  const bool returns = random.chance(profile.follow_up ? 0.8 : 0.4);
  const std::int64_t repeats = returns ? random.between(1, 3) : 0;
  WantedUnit& unit = units_.emplace_back(WantedUnit{buyer, new_key(buyer), repeats});
  ++open_;
  Duration from = 0us;
  Duration to = profile.arrivals;
  if (profile.follow_up) {
    unit.sale = any_sale();
    if (unit.sale == SaleId{2}) from = std::max<Duration>(0us, *profile.ends - 1s);
    to = std::max(to, from + 10s);
  }
  if (profile.edited) {  // ten who come too early within a minute would be a script
    from += 8s;
    to += 10s;
  }
  later(unit, &Buyers::ask, from, to);
}

/// One of two, or none.
SaleId Buyers::any_sale() { return SaleId{parts_.stage.random.between(0, 2)}; }

void Buyers::ban_some() {
  for (auto& [buyer, entry] : wanted_) {
    if (!parts_.stage.random.chance(0.1)) continue;
    entry.keeps_right = false;
    ban(buyer);
  }
}

/// The clock is read, and the commit may come late, behind others.
void Buyers::log_out(UserId buyer) {
  auto& stage = parts_.stage;
  const bool slow = stage.random.chance(0.3);
  stage.scheduler.after(
      slow ? stage.random.between(10ms, 3s) : 1ms, [this, buyer, began = stage.scheduler.time()] {
        SimDatabase& database = parts_.database;
        const SessionEpoch epoch = ++database.session_epochs[buyer];
        database.sessions.push_back({buyer, epoch, began, parts_.stage.scheduler.time()});
        parts_.stage.trace.note("buyer", "logs out", {buyer.value, epoch});
      });
}

/// With the cookie of now, or with one that somebody kept.
Check Buyers::request(const WantedUnit& unit, SaleId sale, std::shared_ptr<const void> alive) {
  Check check{
      .buyer = unit.buyer, .product = kProduct, .key = unit.key, .sale = sale, .alive = alive};
  const Profile& profile = parts_.stage.profile;
  if (profile.logouts == 0 && !profile.keys_rotated) return check;
  check.session = parts_.database.session_epochs[unit.buyer];
  if (check.session > 0 && parts_.stage.chance(0.3)) --check.session;
  const bool rotated =
      profile.keys_rotated && parts_.stage.scheduler.time() >= *profile.keys_rotated;
  check.rotations = rotated && parts_.stage.random.chance(0.3) ? 1 : 0;
  std::string& cookie = cookies_[{unit.buyer, check.session, check.rotations}];
  if (cookie.empty()) {
    const auto& sessions = sessions_[static_cast<std::size_t>(check.rotations)];
    cookie = sessions.issue(unit.buyer, check.session, process_.now().wall);
  }
  check.cookie = cookie;
  return check;
}

void Buyers::ban(UserId buyer) {
  SimDatabase& database = parts_.database;
  parts_.stage.trace.note("buyer", "is banned", {buyer.value});
  database.put_ban({.user = buyer, .reason = "", .expires_at = std::nullopt, .created_at = {}});
  if (parts_.stage.random.chance(parts_.stage.profile.banned_twice)) ban_again(buyer);
  if (parts_.stage.random.chance(0.3)) return;
  parts_.stage.scheduler.after(parts_.stage.random.between(500ms, 6s), [this, &database, buyer] {
    parts_.stage.trace.note("buyer", "may buy again", {buyer.value});
    database.lift_ban(buyer);
  });
}

/// By an entry that expires soon, such as a validator makes. Until somebody lifts the ban it
/// stands.
void Buyers::ban_again(UserId buyer) {
  parts_.stage.scheduler.after(parts_.stage.random.between(1ms, 400ms), [this, buyer] {
    const Instant now = parts_.database.process.now().wall;
    parts_.database.put_ban(
        {.user = buyer, .reason = "", .expires_at = now + 1s, .created_at = now});
  });
}

Demand Buyers::demand() const {
  Demand demand;
  const Sale& sale = parts_.database.store.view().sales.at(kSale);
  for (const auto& [buyer, entry] : wanted_) {
    const auto units = std::min<std::int64_t>(entry.units, sale.per_buyer_limit);
    demand.most += units;
    if (!entry.keeps_right) continue;
    demand.least +=
        parts_.database.grown ? std::max<std::int64_t>(0, units - entry.sold_out) : units;
  }
  return demand;
}

IdempotencyKey Buyers::new_key(UserId buyer) {
  char text[40];
  std::snprintf(text, sizeof text, "buyer-%lld-key-%08lld", static_cast<long long>(buyer.value),
                static_cast<long long>(++last_key_));
  return *IdempotencyKey::parse(text);
}

void Buyers::later(WantedUnit& unit, void (Buyers::*what)(WantedUnit&), Duration low,
                   Duration high) {
  process_.after(parts_.stage.random.between(low, high),
                 [this, &unit, what] { (this->*what)(unit); });
}

void Buyers::ask(WantedUnit& unit) {
  auto& random = parts_.stage.random;
  const auto& sales = parts_.database.store.view().sales;
  if (unit.sale && !sales.contains(unit.sale)) return later(unit, &Buyers::ask, 50ms, 1s);
  const auto alive = std::make_shared<const int>(0);
  std::erase_if(unit.requests, [](const auto& request) { return request.expired(); });
  unit.alone = unit.requests.empty();
  unit.requests.push_back(alive);
  parts_.checks.attempted(unit.buyer, unit.key);
  const auto count = static_cast<std::int64_t>(parts_.servers.size());
  CheckServer& server = *parts_.servers[static_cast<std::size_t>(random.between(0, count - 1))];
  const bool impatient = random.chance(0.1);
  // The same key with another sale: no page does that, and it must not buy twice.
  const bool confused =
      parts_.stage.profile.follow_up && random.chance(parts_.stage.profile.confused);
  SaleId sale = confused ? any_sale() : unit.sale;
  if (sale && !sales.contains(sale)) sale = {};
  parts_.network.call<Answer>(
      process_, server.process(), impatient ? 1s : 8s, Network::Transport::kOnce,
      [&server, check = request(unit, sale, alive)](const Network::Answer<Answer>& back) {
        server.check(check, back);
      },
      [this, &unit, key = unit.key,
       after_yes = parts_.checks.told_yes(unit.key)](const std::optional<Answer>& answer) {
        if (answer && answer->verdict == Verdict::kPending) {
          parts_.checks.said_pending(key, after_yes);
        }
        hear(unit, answer);
      });
}

void Buyers::hear(WantedUnit& unit, const std::optional<Answer>& answer) {
  const auto entry = wanted_.find(unit.buyer);
  if (!answer) {
    if (entry != wanted_.end()) ++entry->second.early;  // it may have been
    return later(unit, &Buyers::ask, 50ms, 1s);
  }
  parts_.stage.trace.note(unit.key.text(), to_string(answer->verdict), {answer->lease.value});
  switch (answer->verdict) {
    case Verdict::kSold:
    case Verdict::kSoldAlready:
      return succeed(unit, answer->order);
    case Verdict::kHeld:
    case Verdict::kHeldAlready:
      parts_.checks.said_held(unit.key, answer->pay_by);
      return succeed(unit, answer->order);
    case Verdict::kPending:
      unit.lease = answer->lease;
      unit.pending_in = answer->sale ? answer->sale : kSale;
      return later(unit, &Buyers::follow, 10ms, 500ms);
    case Verdict::kPurchaseFailed:
      return fail(unit, answer->reason);
    case Verdict::kSoldOut:
      if (entry != wanted_.end()) ++entry->second.sold_out;
      return refuse(unit);
    case Verdict::kBlacklisted:
      if (entry != wanted_.end() && entry->second.early >= EarlyAttempts::kMost) {
        entry->second.keeps_right = false;  // that was a script's
      }
      return refuse(unit);
    case Verdict::kSaleEnded:
    case Verdict::kLimitReached:
      return refuse(unit);
    case Verdict::kKeyForgotten:  // its orders tell
      return finish(unit);
    case Verdict::kUnknownProduct:  // a sale of which that validator has not heard yet
      return later(unit, &Buyers::ask, 1s, 3s);
    case Verdict::kNotStarted: {
      if (entry != wanted_.end()) ++entry->second.early;
      const Duration until = answer->starts_at - process_.now().wall;
      return later(unit, &Buyers::ask, std::max<Duration>(until, 1s),
                   std::max<Duration>(until, 1s) + 2s);
    }
    case Verdict::kTooSoon:
    case Verdict::kBusy:
    case Verdict::kUnavailable:
      return later(unit, &Buyers::ask, 50ms, std::max<Duration>(answer->retry_after, 200ms));
    default:
      throw Breach("an answer that makes no sense here: " +
                   std::string(to_string(answer->verdict)));
  }
}

void Buyers::follow(WantedUnit& unit) {
  if (parts_.stage.random.chance(0.4)) return ask(unit);
  parts_.network.call<std::optional<Report>>(
      process_, parts_.web, 1s, Network::Transport::kOnce,
      [this, &unit, key = unit.key, sale = unit.pending_in,
       lease = unit.lease](const Network::Answer<std::optional<Report>>& back) {
        try {
          auto found = buyer_orders_.purchase(sale, unit.buyer, key, lease);
          const bool spoilt = parts_.stage.bug == Bug::kUnknownIsFailed;
          if (spoilt && found.state == State::kUnknown) found.state = State::kFailed;
          back(found);
        } catch (const repositories::StorageError&) {
          back(std::nullopt);
        }
      },
      [this, &unit](const std::optional<std::optional<Report>>& report) {
        hear_report(unit, report.value_or(std::nullopt));
      });
}

void Buyers::hear_report(WantedUnit& unit, const std::optional<Report>& report) {
  if (!report) return later(unit, &Buyers::follow, 100ms, 1s);
  parts_.stage.trace.note(unit.key.text(), "is reported", {static_cast<int>(report->state)});
  switch (report->state) {
    case State::kSuccess:
      return succeed(unit, report->number);
    case State::kFailed:
      return fail(unit, report->reason);
    case State::kPending:
      return later(unit, &Buyers::follow, 50ms, 800ms);
    case State::kUnknown:
      return later(unit, &Buyers::ask, 1ms, 200ms);
  }
}

void Buyers::succeed(WantedUnit& unit, OrderNumber number) {
  parts_.checks.said_yes(unit.key, number);
  finish(unit);
}

void Buyers::fail(WantedUnit& unit, FailureReason reason) {
  parts_.checks.said_failed(unit.key);
  if (reason == FailureReason::kLimitReached) return finish(unit);
  // Whoever does not pay would buy for ever.
  const bool gives_up = parts_.stage.scheduler.time() > parts_.stage.profile.faults_end;
  if (reason == FailureReason::kExpired && gives_up) return finish(unit);
  unit.key = new_key(unit.buyer);
  unit.requests.clear();
  later(unit, &Buyers::ask, 50ms, 2s);
}

void Buyers::refuse(WantedUnit& unit) {
  parts_.checks.said_no(unit.key, unit.alone);
  finish(unit);
}

void Buyers::finish(WantedUnit& unit) {
  // Nothing waits for a buyer who was answered and only asks once more (I10).
  const bool late = parts_.stage.scheduler.time() > parts_.stage.profile.faults_end + 30s;
  if (!late && unit.repeats-- > 0) return later(unit, &Buyers::ask, 500ms, 8s);
  --open_;
}

}  // namespace stampede::simulation

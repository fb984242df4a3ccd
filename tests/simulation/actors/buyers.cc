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
    Wish& wish = wishes_.emplace_back(Wish{order.buyer, order.intent});
    ++open_;
    later(wish, &Buyers::ask, 0us, parts.stage.profile.arrivals + 10s);
  }
}

void Buyers::add_buyer(UserId buyer) {
  auto& random = parts_.stage.random;
  const std::int64_t wanted = random.between(1, parts_.stage.profile.limit > 2 ? 6 : 2);
  wants_[buyer].units = wanted;
  if (random.chance(parts_.stage.profile.banned)) {
    parts_.stage.scheduler.after(random.between(0us, parts_.stage.profile.faults_end),
                                 [this, buyer] { ban(buyer); });
    wants_[buyer].keeps_right = false;
  }
  if (random.chance(parts_.stage.profile.logouts)) {
    parts_.stage.scheduler.after(random.between(0us, parts_.stage.profile.faults_end),
                                 [this, buyer] { log_out(buyer); });
  }
  for (std::int64_t i = 0; i < wanted; ++i) add_wish(buyer);
}

void Buyers::add_wish(UserId buyer) {
  auto& random = parts_.stage.random;
  const Profile& profile = parts_.stage.profile;
  const bool returns = random.chance(profile.follow_up ? 0.8 : 0.4);
  const std::int64_t repeats = returns ? random.between(1, 3) : 0;
  Wish& wish = wishes_.emplace_back(Wish{buyer, new_key(buyer), repeats});
  ++open_;
  Duration from = 0us;
  Duration to = profile.arrivals;
  if (profile.follow_up) {
    wish.sale = any_sale();
    if (wish.sale == SaleId{2}) from = std::max<Duration>(0us, *profile.ends - 1s);
    to = std::max(to, from + 10s);
  }
  if (profile.edited) {  // ten who come too early within a minute would be a script
    from += 8s;
    to += 10s;
  }
  later(wish, &Buyers::ask, from, to);
}

/// One of two, or none.
SaleId Buyers::any_sale() { return SaleId{parts_.stage.random.between(0, 2)}; }

void Buyers::ban_some() {
  for (auto& [buyer, want] : wants_) {
    if (!parts_.stage.random.chance(0.1)) continue;
    want.keeps_right = false;
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
Check Buyers::request(const Wish& wish, SaleId sale, std::shared_ptr<const void> alive) {
  Check check{
      .buyer = wish.buyer, .product = kProduct, .key = wish.key, .sale = sale, .alive = alive};
  const Profile& profile = parts_.stage.profile;
  if (profile.logouts == 0 && !profile.keys_rotated) return check;
  check.session = parts_.database.session_epochs[wish.buyer];
  if (check.session > 0 && parts_.stage.chance(0.3)) --check.session;
  const bool rotated =
      profile.keys_rotated && parts_.stage.scheduler.time() >= *profile.keys_rotated;
  check.rotations = rotated && parts_.stage.random.chance(0.3) ? 1 : 0;
  std::string& cookie = cookies_[{wish.buyer, check.session, check.rotations}];
  if (cookie.empty()) {
    const auto& sessions = sessions_[static_cast<std::size_t>(check.rotations)];
    cookie = sessions.issue(wish.buyer, check.session, process_.now().wall);
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
  for (const auto& [buyer, want] : wants_) {
    const auto units = std::min<std::int64_t>(want.units, sale.per_buyer_limit);
    demand.most += units;
    if (!want.keeps_right) continue;
    demand.least +=
        parts_.database.grown ? std::max<std::int64_t>(0, units - want.sold_out) : units;
  }
  return demand;
}

IdempotencyKey Buyers::new_key(UserId buyer) {
  char text[40];
  std::snprintf(text, sizeof text, "buyer-%lld-key-%08lld", static_cast<long long>(buyer.value),
                static_cast<long long>(++last_key_));
  return *IdempotencyKey::parse(text);
}

void Buyers::later(Wish& wish, void (Buyers::*what)(Wish&), Duration low, Duration high) {
  process_.after(parts_.stage.random.between(low, high),
                 [this, &wish, what] { (this->*what)(wish); });
}

void Buyers::ask(Wish& wish) {
  auto& random = parts_.stage.random;
  const auto& sales = parts_.database.store.view().sales;
  if (wish.sale && !sales.contains(wish.sale)) return later(wish, &Buyers::ask, 50ms, 1s);
  const auto alive = std::make_shared<const int>(0);
  std::erase_if(wish.requests, [](const auto& request) { return request.expired(); });
  wish.alone = wish.requests.empty();
  wish.requests.push_back(alive);
  parts_.checks.attempted(wish.buyer, wish.key);
  const auto count = static_cast<std::int64_t>(parts_.servers.size());
  CheckServer& server = *parts_.servers[static_cast<std::size_t>(random.between(0, count - 1))];
  const bool impatient = random.chance(0.1);
  // The same key with another sale: no page does that, and it must not buy twice.
  const bool confused =
      parts_.stage.profile.follow_up && random.chance(parts_.stage.profile.confused);
  SaleId sale = confused ? any_sale() : wish.sale;
  if (sale && !sales.contains(sale)) sale = {};
  parts_.network.call<Answer>(
      process_, server.process(), impatient ? 1s : 8s, Network::Transport::kOnce,
      [&server, check = request(wish, sale, alive)](const Network::Answer<Answer>& back) {
        server.check(check, back);
      },
      [this, &wish, key = wish.key,
       after_yes = parts_.checks.told_yes(wish.key)](const std::optional<Answer>& answer) {
        if (answer && answer->verdict == Verdict::kPending) {
          parts_.checks.said_pending(key, after_yes);
        }
        hear(wish, answer);
      });
}

void Buyers::hear(Wish& wish, const std::optional<Answer>& answer) {
  const auto want = wants_.find(wish.buyer);
  if (!answer) {
    if (want != wants_.end()) ++want->second.early;  // it may have been
    return later(wish, &Buyers::ask, 50ms, 1s);
  }
  parts_.stage.trace.note(wish.key.text(), to_string(answer->verdict), {answer->lease.value});
  switch (answer->verdict) {
    case Verdict::kSold:
    case Verdict::kSoldAlready:
      return succeed(wish, answer->order);
    case Verdict::kHeld:
    case Verdict::kHeldAlready:
      parts_.checks.said_held(wish.key, answer->pay_by);
      return succeed(wish, answer->order);
    case Verdict::kPending:
      wish.lease = answer->lease;
      wish.pending_in = answer->sale ? answer->sale : kSale;
      return later(wish, &Buyers::follow, 10ms, 500ms);
    case Verdict::kPurchaseFailed:
      return fail(wish, answer->reason);
    case Verdict::kSoldOut:
      if (want != wants_.end()) ++want->second.sold_out;
      return refuse(wish);
    case Verdict::kBlacklisted:
      if (want != wants_.end() && want->second.early >= EarlyAttempts::kMost) {
        want->second.keeps_right = false;  // that was a script's
      }
      return refuse(wish);
    case Verdict::kSaleEnded:
    case Verdict::kLimitReached:
      return refuse(wish);
    case Verdict::kKeyForgotten:  // its orders tell
      return finish(wish);
    case Verdict::kUnknownProduct:  // a sale of which that validator has not heard yet
      return later(wish, &Buyers::ask, 1s, 3s);
    case Verdict::kNotStarted: {
      if (want != wants_.end()) ++want->second.early;
      const Duration until = answer->starts_at - process_.now().wall;
      return later(wish, &Buyers::ask, std::max<Duration>(until, 1s),
                   std::max<Duration>(until, 1s) + 2s);
    }
    case Verdict::kTooSoon:
    case Verdict::kBusy:
    case Verdict::kUnavailable:
      return later(wish, &Buyers::ask, 50ms, std::max<Duration>(answer->retry_after, 200ms));
    default:
      throw Breach("an answer that makes no sense here: " +
                   std::string(to_string(answer->verdict)));
  }
}

void Buyers::follow(Wish& wish) {
  if (parts_.stage.random.chance(0.4)) return ask(wish);
  parts_.network.call<std::optional<Report>>(
      process_, parts_.web, 1s, Network::Transport::kOnce,
      [this, &wish, key = wish.key, sale = wish.pending_in,
       lease = wish.lease](const Network::Answer<std::optional<Report>>& back) {
        try {
          auto found = buyer_orders_.purchase(sale, wish.buyer, key, lease);
          const bool spoilt = parts_.stage.bug == Bug::kUnknownIsFailed;
          if (spoilt && found.state == State::kUnknown) found.state = State::kFailed;
          back(found);
        } catch (const repositories::StorageError&) {
          back(std::nullopt);
        }
      },
      [this, &wish](const std::optional<std::optional<Report>>& report) {
        hear_report(wish, report.value_or(std::nullopt));
      });
}

void Buyers::hear_report(Wish& wish, const std::optional<Report>& report) {
  if (!report) return later(wish, &Buyers::follow, 100ms, 1s);
  parts_.stage.trace.note(wish.key.text(), "is reported", {static_cast<int>(report->state)});
  switch (report->state) {
    case State::kSuccess:
      return succeed(wish, report->number);
    case State::kFailed:
      return fail(wish, report->reason);
    case State::kPending:
      return later(wish, &Buyers::follow, 50ms, 800ms);
    case State::kUnknown:
      return later(wish, &Buyers::ask, 1ms, 200ms);
  }
}

void Buyers::succeed(Wish& wish, OrderNumber number) {
  parts_.checks.said_yes(wish.key, number);
  finish(wish);
}

void Buyers::fail(Wish& wish, FailureReason reason) {
  parts_.checks.said_failed(wish.key);
  if (reason == FailureReason::kLimitReached) return finish(wish);
  // Whoever does not pay would buy for ever.
  const bool gives_up = parts_.stage.scheduler.time() > parts_.stage.profile.faults_end;
  if (reason == FailureReason::kExpired && gives_up) return finish(wish);
  wish.key = new_key(wish.buyer);
  wish.requests.clear();
  later(wish, &Buyers::ask, 50ms, 2s);
}

void Buyers::refuse(Wish& wish) {
  parts_.checks.said_no(wish.key, wish.alone);
  finish(wish);
}

void Buyers::finish(Wish& wish) {
  // Nothing waits for a buyer who was answered and only asks once more (I10).
  const bool late = parts_.stage.scheduler.time() > parts_.stage.profile.faults_end + 30s;
  if (!late && wish.repeats-- > 0) return later(wish, &Buyers::ask, 500ms, 8s);
  --open_;
}

}  // namespace stampede::simulation

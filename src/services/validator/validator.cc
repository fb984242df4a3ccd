#include "services/validator/validator.h"

#include <algorithm>
#include <utility>

#include "services/leasing/order_news.h"

namespace stampede::services::validator {
namespace {

/// The revision of a catalog without sales: quantity control answers it with all sales that there
/// are.
constexpr std::int64_t kTellAllSales = 0;

/// As the reply tells it, if it does.
std::optional<Instant> database_time(const peers::HeartbeatReply& reply) {
  if (reply.database_time == Instant{}) return std::nullopt;
  return reply.database_time;
}

}  // namespace

Validator::Validator(Parts parts)
    : member_(std::move(parts.member)),
      times_(parts.lease_times),
      sessions_(parts.sessions),
      low_stock_(std::move(parts.low_stock)),
      checkout_(parts.rules, {.captcha = parts.captcha,
                              .queue = parts.queue,
                              .blacklist = blacklist_,
                              .low_stock = [this](SaleId) { nudge_asks(); }}),
      holder_({.holder = member_.holder(),
               .checkout = checkout_,
               .queue = parts.queue,
               .stuck = std::move(parts.stuck),
               .can_publish = std::move(parts.can_publish),
               .shard_usable = std::move(parts.shard_usable)},
              times_),
      membership_(member_, times_.sure) {
  checkout_.load_ownership(membership_.ownership());
}

std::optional<Answer> Validator::attempt(const purchase::Attempt& attempt,
                                         const purchase::MakeWaiter& wait) {
  const auto [now, clock] = clocks_.read(attempt.now);
  if (clock == purchase::Attempt::Clock::kTrusted) return checkout_.attempt(attempt, wait);
  purchase::Attempt corrected = attempt;
  corrected.now = now;
  corrected.clock = clock;
  return checkout_.attempt(corrected, wait);
}

queue::Resolutions Validator::resolutions() {
  return {.queued = [this](auto purchases) { checkout_.note_queued(purchases); },
          .refused = [this](auto purchases) { checkout_.note_refused(purchases); }};
}

peers::Heartbeat Validator::compose(Now now) {
  peers::Heartbeat heartbeat{.member = member_, .leaving = leaving_};
  heartbeat.publishes = holder_.publishes();
  heartbeat.ring_epoch = membership_.ring().epoch();
  heartbeat.ring_nonce = membership_.nonce();
  heartbeat.leader_epoch = leader_epoch_;
  heartbeat.leases = holder_.to_renew(now.tick);
  heartbeat.undecided = checkout_.undecided_since(now.tick - times_.overdue);
  heartbeat.newest_lease = std::max(newest_lease_, holder_.newest());
  heartbeat.catalog_revision = terms_doubted_.exchange(false) ? kTellAllSales : catalog_revision_;
  heartbeat.blacklist_revision = blacklist_revision_;
  heartbeat.sessions_revision = sessions_revision_;
  heartbeat.cursors = cursors_;
  heartbeat.order_digests = order_digests_;
  heartbeat.blacklisted = blacklist_.take_unsaved();
  return heartbeat;
}

/// Why nothing of a reply may be acted on.
std::optional<std::string> Validator::disbelief(const peers::HeartbeatReply& reply, Now asked,
                                                Now now) {
  // Whatever holds from `asked` on would hold for too long.
  if (Clocks::jumped(asked, now)) return "a clock jumped while the heartbeat was under way";
  if (reply.leader_epoch < leader_epoch_) {
    return "it is of a quantity control that leads no more";
  }
  leader_epoch_ = reply.leader_epoch;
  if (membership_.outdated(reply)) {
    // Others may decide by that older ring, perhaps about the same buyers.
    checkout_.doubt_from(Tick::min());
    return "its ring is older than the one that this validator goes by";
  }
  return std::nullopt;
}

std::expected<bool, std::string> Validator::apply(const peers::HeartbeatReply& reply, Now asked,
                                                  Now now) {
  if (auto why = disbelief(reply, asked, now)) {
    return std::unexpected("quantity control's reply is not believed: " + *why);
  }
  newest_lease_ = std::max(newest_lease_, reply.newest_lease);
  const bool tail_lost = reply.start_over || tells_closed_lease_open(reply);
  take_news(reply, now);
  if (!tail_lost) take_orders(reply);
  take_ring(reply, now.tick);
  // A reply that starts over gives no word for a *no*: what the database lost may have been told.
  // Neither does one that does not say which ring stands.
  const bool gives_word = !leaving_ && !tail_lost && reply.ring_epoch != 0;
  if (gives_word) checkout_.doubt_from(asked.tick + times_.sure);
  if (tail_lost) {
    start_over();
  } else if (!reply.more) {
    all_is_known(reply, asked, now.tick);
  }
  for (const SalePosition& position : reply.stock) {
    checkout_.catalog().note_position(position,
                                      {database_time(reply).value_or(asked.wall), asked.tick});
  }
  // A validator that knows that the sales have changed, and not how, sells only until its leases
  // run out: one of the sales may have been ended early.
  if (catalog_revision_ == reply.catalog_revision) holder_.note_renewed(reply.renewed, asked.tick);
  holder_.recall(reply.recalled, now.tick);
  if (clocks_.tick_stood_still(database_time(reply), asked, now)) {
    // What holds until a deadline was counted by that tick.
    holder_.keep_only(reply.renewed);
    checkout_.catalog().doubt_sold_out();
    if (!gives_word) checkout_.doubt_from(Tick::min());
  }
  // The last step: from here on the clocks are believed again.
  clocks_.note(database_time(reply), asked, now);
  ready_ = true;
  // Where a part of the reply was left out there is more as well, and nothing to hurry for.
  return tail_lost || (reply.more && !reply.orders.empty());
}

/// True if a lease that was told closed is open again: the database has lost that it was closed,
/// and purchases of it may become orders after all.
bool Validator::tells_closed_lease_open(const peers::HeartbeatReply& reply) {
  if (reply.oldest_open == leasing::kNoneClosed) return false;  // nothing is told
  const bool open_again = reply.oldest_open < oldest_open_;
  oldest_open_ = reply.oldest_open;
  return open_again;
}

/// Sales last: a buyer who was banned before a sale was made must not buy in it.
void Validator::take_news(const peers::HeartbeatReply& reply, Now now) {
  if (reply.blacklist) {
    blacklist_.load(*reply.blacklist);
    blacklist_revision_ = reply.blacklist_revision;
  }
  // By the database's time: by a wall clock that is ahead, ended sessions would be forgotten.
  sessions_.load(reply.epochs, database_time(reply).value_or(now.wall));
  if (reply.sessions_revision >= 0) sessions_revision_ = reply.sessions_revision;
  if (reply.sales) {
    checkout_.load_sales(*reply.sales);
    catalog_revision_ = reply.catalog_revision;
  }
}

void Validator::take_orders(const peers::HeartbeatReply& reply) {
  checkout_.settle(reply.orders);
  for (const Order& order : reply.orders) newest_lease_ = std::max(newest_lease_, order.lease);
  orders_told_ += reply.orders.size();
  cursors_ = reply.cursors;
  order_digests_ = reply.order_digests;
  loading_ = reply.more && (loading_ || !reply.orders.empty());
}

/// All orders are here that were committed when the reply was asked for.
void Validator::all_is_known(const peers::HeartbeatReply& reply, Now asked, Tick now) {
  if (std::exchange(outcomes_doubted_, false)) checkout_.forget_doubted();
  if (membership_.settle(reply.oldest_open, now)) {
    checkout_.load_ownership(membership_.ownership());
  }
  checkout_.note_orders_known(asked.tick, reply.oldest_open, reply.closed);
  std::vector<SaleId> leased;
  for (const SalePosition& position : reply.stock) {
    if (position.leased > 0) leased.push_back(position.sale.id);
  }
  checkout_.catalog().note_leased(leased, database_time(reply).value_or(asked.wall));
}

/// The database has lost its tail. What it lost may have been told as a yes: those keys are
/// answered 503 until the orders that it still has are here, and then may buy again, which makes
/// the yes true. Nobody is told *no* meanwhile. Leases that it may have lost are given up; new ones
/// are sold from, because the consumer asks the database before each order.
void Validator::start_over() {
  ++start_overs_;
  membership_.doubt_everybody(std::max(newest_lease_, holder_.newest()));
  checkout_.load_ownership(membership_.ownership());
  checkout_.doubt_outcomes();
  outcomes_doubted_ = true;
  holder_.keep_only({});
  loading_ = true;
  oldest_open_ = {};
  cursors_.clear();
  order_digests_.clear();
  catalog_revision_ = blacklist_revision_ = sessions_revision_ = -1;
}

/// The ring is known to everybody who asks for an owner before anything is decided by it, and the
/// leases of the ring before have gone back.
void Validator::take_ring(const peers::HeartbeatReply& reply, Tick now) {
  if (!membership_.take_ring(reply, now)) return;
  routes_.load(membership_.ownership()->ring);
  holder_.give_back(reply.newest_lease);
  checkout_.load_ownership(membership_.ownership());
  holder_.note_ring(reply.ring_epoch, reply.ring_nonce);
  nudge_asks();  // a buyer may have found no unit meanwhile, when none could be asked for
}

void Validator::nudge_asks() const {
  if (low_stock_) low_stock_();
}

void Validator::unanswered(peers::Heartbeat&& sent) {
  if (sent.catalog_revision == kTellAllSales) terms_doubted_ = true;
  if (!sent.blacklisted.empty()) blacklist_.put_back(std::move(sent.blacklisted));
}

void Validator::leave() {
  leaving_ = true;
  checkout_.doubt_from(Tick::min());
}

void Validator::review(Now now) { holder_.review(clocks_.read(now).now); }

std::vector<peers::LeaseAsk> Validator::wanted(Now now) {
  if (leaving_) return {};
  return holder_.wanted(clocks_.read(now).now);
}

void Validator::answered(const peers::LeaseAsk& ask, const std::optional<peers::LeaseReply>& reply,
                         Now asked, Now now) {
  // Where a clock jumped meanwhile, the lease may be over: asked for again, it is the same one.
  if (reply && !Clocks::jumped(asked, now)) {
    if (reply->refusal == peers::LeaseReply::Refusal::kOtherTerms) terms_doubted_ = true;
    holder_.note_answer(ask, *reply, asked.tick, clocks_.read(now).now);
  } else {
    holder_.note_no_answer(ask, now.tick);
  }
}

void Validator::expire_waits(Now now) { checkout_.expire_waits(now.tick); }

void Validator::sweep(Now now) { checkout_.sweep(clocks_.read(now).now); }

}  // namespace stampede::services::validator

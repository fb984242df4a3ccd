#pragma once

#include <atomic>
#include <cstdint>
#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "captcha/captcha.h"
#include "peers/messages.h"
#include "queue/order_queue.h"
#include "services/accounts/sessions.h"
#include "services/admission/blacklist.h"
#include "services/leasing/holder.h"
#include "services/purchase/checkout.h"
#include "services/routing/route_table.h"
#include "services/validator/clocks.h"
#include "services/validator/membership.h"

namespace stampede::services::validator {

/// One validator of a cluster: decides about the buyers that the ring gives it, sells from stock
/// leases, and follows quantity control. It reads no clock and sends nothing: threads do in
/// `stampede validate`, events do in the simulation, and both run this.
///
/// Before the first reply of quantity control it owns nobody, and answers 503. From then on it
/// sells; it says *no* to a buyer once everything that was ever decided about that buyer is known
/// here, and by clocks that can be believed.
class Validator {
 public:
  /// What the references name outlives the validator, and the functions may be called as soon as it
  /// is built. They must not block.
  struct Parts {
    Member member;
    purchase::Rules rules;
    const captcha::Tokens& captcha;
    accounts::Sessions& sessions;
    queue::OrderQueue& queue;
    /// Leases with a purchase whose publish has been unresolved since before that tick.
    std::function<std::vector<LeaseId>(Tick)> stuck;
    /// Whether the queue takes purchases now. May be empty: always.
    std::function<bool()> can_publish = {};
    /// Whether purchases from that lease can reach a queue. May be empty: always.
    std::function<bool(LeaseId)> shard_usable = {};
    /// A further lease is wanted: wanted() has something to send. May be empty.
    std::function<void()> low_stock = {};
    leasing::LeaseTimes lease_times = {};
  };
  explicit Validator(Parts parts);

  /// An attempt of a buyer, as Checkout::attempt(). Thread-safe.
  std::optional<Answer> attempt(const purchase::Attempt& attempt, const purchase::MakeWaiter& wait);
  /// What the queue is to tell. Thread-safe.
  queue::Resolutions resolutions();

  // The heartbeat; for one thread at a time.

  /// What to tell quantity control now; what it counted is the caller's to add.
  peers::Heartbeat compose(Now now);
  /// The reply to a heartbeat sent at `asked`; true if another is to follow at once. An error says
  /// why the reply is not believed: then nothing of it is acted on, and it counts as none.
  std::expected<bool, std::string> apply(const peers::HeartbeatReply& reply, Now asked, Now now);
  /// No reply came: what was to be kept by the database is told again.
  void unanswered(peers::Heartbeat&& sent);
  /// From now on others may decide about its buyers: nobody is told *no* any more, and no lease is
  /// wanted. Every heartbeat says so.
  void leave();

  // Leases; thread-safe.

  /// Gives up what is past its deadline. To be called several times a second.
  void review(Now now);
  /// Requests for leases to send now.
  std::vector<peers::LeaseAsk> wanted(Now now);
  /// The answer to one, sent at `asked`; none: no answer came.
  void answered(const peers::LeaseAsk& ask, const std::optional<peers::LeaseReply>& reply,
                Now asked, Now now);

  /// Tells those who waited too long that their purchase is pending. To be called several times a
  /// second. Thread-safe, like everything below.
  void expire_waits(Now now);
  /// Forgets what nobody may ask about any more. To be called a few times a minute.
  void sweep(Now now);

  /// Whether it has heard of quantity control: it sells.
  bool ready() const { return ready_; }
  /// Whether orders of before its start are still on their way: buyers whom it does not know are
  /// not told *no*.
  bool loading() const { return loading_; }
  /// Orders that quantity control has told, also again.
  std::uint64_t orders_told() const { return orders_told_; }
  /// How often it began to read all orders again, because the database had lost what it knew.
  std::uint64_t start_overs() const { return start_overs_; }
  /// How far the machine's clocks can be believed.
  const Clocks& clocks() const { return clocks_; }

  purchase::Checkout& checkout() { return checkout_; }
  leasing::Holder& leases() { return holder_; }
  /// By which ring a buyer's owner is found.
  const routing::RouteTable& routes() const { return routes_; }
  const Member& member() const { return member_; }

 private:
  std::optional<std::string> disbelief(const peers::HeartbeatReply& reply, Now asked, Now now);
  bool tells_closed_lease_open(const peers::HeartbeatReply& reply);
  void take_news(const peers::HeartbeatReply& reply, Now now);
  void take_orders(const peers::HeartbeatReply& reply);
  void all_is_known(const peers::HeartbeatReply& reply, Now asked, Tick now);
  void take_ring(const peers::HeartbeatReply& reply, Tick now);
  void nudge_asks() const;
  void start_over();

  const Member member_;
  const leasing::LeaseTimes times_;
  accounts::Sessions& sessions_;
  const std::function<void()> low_stock_;
  admission::Blacklist blacklist_;
  purchase::Checkout checkout_;
  leasing::Holder holder_;
  routing::RouteTable routes_;
  Clocks clocks_;
  std::atomic<bool> ready_{false};
  std::atomic<bool> loading_{true};
  std::atomic<bool> leaving_{false};
  std::atomic<bool> terms_doubted_{false};  // of a sale: the next heartbeat asks for them all
  std::atomic<std::uint64_t> orders_told_{0};
  std::atomic<std::uint64_t> start_overs_{0};

  // The heartbeat's.
  Membership membership_;
  bool outcomes_doubted_ = false;
  std::int64_t leader_epoch_ = 0;
  std::int64_t catalog_revision_ = -1;
  std::int64_t blacklist_revision_ = -1;
  std::int64_t sessions_revision_ = -1;
  LeaseId newest_lease_;
  LeaseId oldest_open_;  // as told last; 0: never
  std::vector<std::int64_t> cursors_;
  std::vector<std::string> order_digests_;
};

}  // namespace stampede::services::validator

#pragma once

#include <functional>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "peers/messages.h"
#include "services/accounts/sessions.h"
#include "services/admission/blacklist.h"
#include "services/leasing/holder.h"
#include "services/purchase/checkout.h"
#include "services/routing/ring.h"

namespace stampede::schedules {

/// A validator's heartbeat: what it tells quantity control, and what it makes of the reply. Sending
/// is another's: a thread in the validator, an event in the simulator. For one thread at a time.
class Heartbeat {
 public:
  struct Parts {
    Member member;
    int virtual_nodes = services::routing::Ring::kVirtualNodes;
    services::purchase::Checkout& checkout;
    services::leasing::Holder& holder;
    services::admission::Blacklist& blacklist;
    services::accounts::Sessions& sessions;
    std::function<std::vector<std::pair<std::string, double>>()> counters;
    /// Told of each new ring, before anything is decided by it.
    std::function<void(std::shared_ptr<const services::routing::Ring>)> ring_changed;
    services::leasing::Terms terms = {};
  };
  /// The checkout owns nobody until the first reply.
  explicit Heartbeat(Parts parts);

  peers::Heartbeat compose(Now now);
  /// The reply to a heartbeat sent at `asked`; true if another is to follow at once.
  bool apply(const peers::HeartbeatReply& reply, Now asked, Now now);
  /// No reply came: what was to be kept by the database is told again.
  void unanswered(peers::Heartbeat&& sent);

  /// Before the last heartbeat, which says so: nobody is told *no* any more.
  void leave();

  /// Whether everything needed to sell has arrived once.
  bool ready() const { return ready_; }

 private:
  void take_ring(const peers::HeartbeatReply& reply, Tick now);
  void settle_gains(const peers::HeartbeatReply& reply, Tick now);

  const Parts parts_;
  bool ready_ = false;
  bool leaving_ = false;
  std::shared_ptr<const services::routing::Ownership> ownership_;
  std::int64_t catalog_revision_ = -1;
  std::int64_t blacklist_revision_ = -1;
  Instant epochs_since_{};
  std::vector<std::int64_t> cursors_;
};

}  // namespace stampede::schedules

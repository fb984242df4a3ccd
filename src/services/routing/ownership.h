#pragma once

#include <algorithm>
#include <memory>
#include <string>
#include <vector>

#include "model/time.h"
#include "services/routing/ring.h"

namespace stampede::services::routing {

/// Which buyers this process may decide about. Never changed once it is published: a changed ring
/// makes a new one.
struct Ownership {
  /// Buyers that came with a change of the ring and of whom not everything is known yet: another
  /// validator decided about them before.
  struct NewlyOwned {
    std::shared_ptr<const Ring> before;  // null: nothing was owned
    LeaseId newest_lease;             // other validators may have sold from leases up to this one
    Tick decides_from = Tick::min();  // until then their owner before may not know of the change
  };

  std::shared_ptr<const Ring> ring;  // null: this process is alone and owns everybody
  std::string node;
  std::vector<NewlyOwned> newly_owned;

  bool owns(UserId buyer) const { return ring == nullptr || owned_in(ring.get(), buyer); }
  /// All that was ever decided about this buyer is known here, so that a *no* is honest.
  bool settled(UserId buyer) const {
    return std::ranges::all_of(newly_owned, [&](const NewlyOwned& newly_owned_range) {
      return owned_in(newly_owned_range.before.get(), buyer);
    });
  }
  /// No earlier owner of this buyer decides about it any more.
  bool alone(UserId buyer, Tick now) const {
    return std::ranges::all_of(newly_owned, [&](const NewlyOwned& newly_owned_range) {
      return now >= newly_owned_range.decides_from ||
             owned_in(newly_owned_range.before.get(), buyer) ||
             !may_live(newly_owned_range.before.get(), buyer);
    });
  }

 private:
  /// A member that is off the ring was silent for so long that it decides nothing, or has left.
  bool may_live(const Ring* before, UserId buyer) const {
    const Member* owner = before == nullptr ? nullptr : before->owner(buyer);
    return std::ranges::any_of(ring->members(), [&](const Member& member) {
      return owner == nullptr ? member.node != node : member == *owner;
    });
  }
  bool owned_in(const Ring* which, UserId buyer) const {
    const Member* owner = which == nullptr ? nullptr : which->owner(buyer);
    return owner != nullptr && owner->node == node;
  }
};

}  // namespace stampede::services::routing

#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace stampede::simulation {

/// Faults planted at a seam of the simulation, each a mistake that somebody could make in the real
/// code. The simulation is worth something as long as it finds every one of them.
/// docs/reliability.md has what each needs to be found.
enum class Bug {
  kNone,
  // The expiry of holds.
  kNoGrace,  // expires an order as soon as its time to pay is over
  // Consumer.
  kAckBeforeCommit,         // acknowledges a batch when it arrives
  kAckTooMuch,              // acknowledges the next delivery as well
  kStaleAck,                // acknowledges on one connection what another delivered
  kUnknownCommitIsWritten,  // takes a commit whose answer was lost for done
  kMarkersFirst,            // writes a batch's markers before its purchases
  kLastMessageSkipped,      // writes a batch without its last message
  kHalfIsAll,               // takes the first part of a refused batch for all of it
  kBuyersNotLocked,         // reads a buyer's orders and does not lock the buyer's row
  kOwnSaleAlone,            // looks for an intent only in the sale of the purchase
  // Database.
  kCancelledCounts,      // shows the consumer cancelled orders as active
  kReturnedTwice,        // puts an order's unit back again when it is cancelled again
  kHoldFromPurchase,     // counts a hold from the purchase on, however long it waited in the queue
  kPaidExpires,          // expires orders that are paid
  kExpiredUnitKept,      // keeps the unit of one order that expires
  kLatePaymentKept,      // shows units that are not there where a late payment is decided
  kExpiredForgiven,      // shows the consumer orders that expired as cancelled
  kPaymentForgotten,     // does not record a payment that pays no order
  kPaymentToldTwice,     // takes a payment that is told again for another one
  kCancelledKeepsMoney,  // keeps the payment of an order that is cancelled
  kCommitIsLost,         // says committed before it is durable
  kClosedLooksOpen,      // shows a closed lease as open and charges it
  kIntentsHidden,        // does not find the order that an intent has become
  kUnsoldForgotten,      // counts only unleased units as stock
  kLimitIgnored,         // shows the consumer a limit that is one higher
  kChargeForgotten,      // charges no lease
  kFenceCloses,          // a fenced lease is closed at once
  kGrantRepeats,         // a repeated request for a lease is a new one
  kSeqHole,              // shows orders before one of a lower seq
  kAwayIsRefused,        // says that it refuses what it could not be asked
  kTermIgnored,          // takes what a quantity control writes that leads no more
  kUsedNumberGranted,    // grants a lease under a number that was granted before a failover
  kOtherTermsGranted,    // grants leases to a validator that knows other terms
  kLeaderCheckedApart,   // looks whether a granting process leads in another transaction
  kRevisionGivenAgain,   // gives the revision of a change that a failover has lost to the next one
  kShorterBanWins,       // an entry of a ban that expires replaces one that holds for longer
  // Publisher.
  kUnknownIsRefused,   // takes what a lost connection left unconfirmed for refused
  kStaleConfirms,      // takes the confirms of a lost connection for those of the next
  kNackIsRefused,      // takes what the broker would not confirm for refused
  kConfirmsMultiple,   // takes each confirm for all before it
  kRefusalsSwallowed,  // tells nobody what was refused
  kMarkerOvertakes,    // sends a marker while purchases of the lease are unresolved
  // Quantity control.
  kStaleOrders,           // reads the orders from a replica that lags
  kEverythingClosed,      // tells validators that no lease is open
  kNothingOpenClosesAll,  // the same, but only while no lease is open
  kOldestOpenLate,        // looks for the oldest open lease after it has read the orders
  kGuardRemoved,          // closes a lease at the end of its life
  kLostTooSoon,           // takes members off the ring while they still decide
  kMembersForgotten,      // begins with an empty ring
  kUnansweredIsVoid,      // takes a change of the ring that was not answered for one never made
  kStaleRingGranted,      // grants leases to a validator that knows an older ring
  kMoreForgotten,         // does not say that there are more orders
  kLateHeartbeatRejoins,  // a heartbeat that comes behind the farewell
  kNumbersGoOn,           // begins the lease numbers of its term behind those that are left
  kOrdersNotCompared,     // does not compare the orders that a validator knows with the database's
  kClosedLeaseGranted,    // answers a repeated request with a lease that is closed
  kBansPolledOnce,        // does not look for bans again once it has read the sales
  kSessionsByClock,  // tells the sessions that ended since, by the clocks of those who ended them
  kOneFailedPart,    // answers nothing where one part of the database fails
  kClosedUntold,     // does not tell which of the leases that it is asked about are closed
  kOpenToldClosed,   // tells leases that it is asked about closed, and they are not
  // Validator.
  kSameIncarnation,          // goes on as the process before it
  kRenewFromReply,           // counts a renewal from when the reply came
  kLeaseFromReply,           // the same for a lease
  kLongLife,                 // counts a longer life than quantity control
  kSoldOutStays,             // "sold out" never expires
  kDoubtFromReply,           // says no for 2 s after the reply came
  kNeverDoubts,              // says no however long it has heard nothing
  kTakeIgnoresDeadline,      // takes units from a lease past its deadline
  kLeaseTakenTwice,          // adds the lease of a repeated reply again
  kNewlyOwnedForgotten,      // says no to a newly owned range at once
  kNewlyOwnedDecidesAtOnce,  // sells to a newly owned range while its owner before may not know
  kMissedRing,               // takes its last ring for the one before this one
  kPendingIgnored,           // counts only sold units against the limit
  kIntervalForgotten,        // lets a buyer try again at once
  kBansIgnored,              // does not load the bans
  kSaleDropped,              // does not hear which sale a buyer means
  kEndIgnored,               // does not know when a sale ends
  kWaitsNeverExpire,         // lets buyers wait until there is an outcome
  kOrdersSkipped,            // loses an order that a heartbeat brought
  kRecallIgnored,            // keeps idle units while others wait
  kSessionsNotLoaded,        // loads no sessions that ended
  kStaleTokenAccepted,       // takes a forwarded request whose token is too old
  kSuspendedTimeForgotten,   // its clock stands still while its machine is suspended
  kWallClockBelieved,        // goes by its wall clock, however wrong
  kJumpIgnored,              // sells although its tick may have stood still
  kPendingAfterYes,          // says pending of a key that may have been told yes
  kStartOverIgnored,         // doubts nothing when the database has lost its tail
  kOwnVirtualNodes,          // draws the ring with virtual nodes of its own
  kRingUntold,               // does not tell by which ring it goes
  kUnusableShardKept,        // sells from a lease whose shard cannot be used
  kOldLeasesKept,            // waits for no lease of before a change of the ring
  kPreviousKeysDropped,      // opens nothing that was sealed before the keys were rotated
  kCancelledUnheard,         // does not hear that an order was cancelled
  kExpiredUnheard,           // does not hear that an order has expired
  kExpiredNotCounted,        // takes orders that expired for cancelled
  // Web.
  kUnknownIsFailed,  // says failed of a purchase that has no row
  // Serve.
  kLeftOverForgotten,   // leaves the leases of the process before it open
  kLoadedTooSoon,       // says no before all orders are loaded
  kLoadingSkips,        // takes orders that it could not load for none
  kEndedSaleKept,       // sends no close marker of a sale that has ended
  kQuarantineUntold,    // tells nobody that their purchase is in quarantine
  kBansLate,            // loads bans a round after the sales, when it sells already
  kLoadedAsCreated,     // loads orders without what happened to them since
  kNeverLoadedUnknown,  // takes buyers that it has never loaded for new ones
};

struct BugName {
  Bug bug;
  std::string_view name;
};

inline constexpr std::array kBugs{
    BugName{Bug::kAckBeforeCommit, "ack-before-commit"},
    BugName{Bug::kAckTooMuch, "ack-too-much"},
    BugName{Bug::kStaleAck, "stale-ack"},
    BugName{Bug::kUnknownCommitIsWritten, "unknown-commit-is-written"},
    BugName{Bug::kMarkersFirst, "markers-first"},
    BugName{Bug::kLastMessageSkipped, "last-message-skipped"},
    BugName{Bug::kCommitIsLost, "commit-is-lost"},
    BugName{Bug::kClosedLooksOpen, "closed-looks-open"},
    BugName{Bug::kIntentsHidden, "intents-hidden"},
    BugName{Bug::kUnsoldForgotten, "unsold-forgotten"},
    BugName{Bug::kLimitIgnored, "limit-ignored"},
    BugName{Bug::kChargeForgotten, "charge-forgotten"},
    BugName{Bug::kFenceCloses, "fence-closes"},
    BugName{Bug::kGrantRepeats, "grant-repeats"},
    BugName{Bug::kSeqHole, "seq-hole"},
    BugName{Bug::kUnknownIsRefused, "unknown-is-refused"},
    BugName{Bug::kStaleConfirms, "stale-confirms"},
    BugName{Bug::kNackIsRefused, "nack-is-refused"},
    BugName{Bug::kConfirmsMultiple, "confirms-multiple"},
    BugName{Bug::kRefusalsSwallowed, "refusals-swallowed"},
    BugName{Bug::kMarkerOvertakes, "marker-overtakes"},
    BugName{Bug::kStaleOrders, "stale-orders"},
    BugName{Bug::kEverythingClosed, "everything-closed"},
    BugName{Bug::kNothingOpenClosesAll, "nothing-open-closes-all"},
    BugName{Bug::kOldestOpenLate, "oldest-open-late"},
    BugName{Bug::kGuardRemoved, "guard-removed"},
    BugName{Bug::kLostTooSoon, "lost-too-soon"},
    BugName{Bug::kMembersForgotten, "members-forgotten"},
    BugName{Bug::kUnansweredIsVoid, "unanswered-is-void"},
    BugName{Bug::kStaleRingGranted, "stale-ring-granted"},
    BugName{Bug::kMoreForgotten, "more-forgotten"},
    BugName{Bug::kLateHeartbeatRejoins, "late-heartbeat-rejoins"},
    BugName{Bug::kSameIncarnation, "same-incarnation"},
    BugName{Bug::kRenewFromReply, "renew-from-reply"},
    BugName{Bug::kLeaseFromReply, "lease-from-reply"},
    BugName{Bug::kLongLife, "long-life"},
    BugName{Bug::kSoldOutStays, "sold-out-stays"},
    BugName{Bug::kDoubtFromReply, "doubt-from-reply"},
    BugName{Bug::kNeverDoubts, "never-doubts"},
    BugName{Bug::kTakeIgnoresDeadline, "take-ignores-deadline"},
    BugName{Bug::kLeaseTakenTwice, "lease-taken-twice"},
    BugName{Bug::kNewlyOwnedForgotten, "newly-owned-forgotten"},
    BugName{Bug::kNewlyOwnedDecidesAtOnce, "newly-owned-decides-at-once"},
    BugName{Bug::kMissedRing, "missed-ring"},
    BugName{Bug::kPendingIgnored, "pending-ignored"},
    BugName{Bug::kIntervalForgotten, "interval-forgotten"},
    BugName{Bug::kBansIgnored, "bans-ignored"},
    BugName{Bug::kSaleDropped, "sale-dropped"},
    BugName{Bug::kEndIgnored, "end-ignored"},
    BugName{Bug::kWaitsNeverExpire, "waits-never-expire"},
    BugName{Bug::kOrdersSkipped, "orders-skipped"},
    BugName{Bug::kRecallIgnored, "recall-ignored"},
    BugName{Bug::kSuspendedTimeForgotten, "suspended-time-forgotten"},
    BugName{Bug::kHalfIsAll, "half-is-all"},
    BugName{Bug::kAwayIsRefused, "away-is-refused"},
    BugName{Bug::kWallClockBelieved, "wall-clock-believed"},
    BugName{Bug::kJumpIgnored, "jump-ignored"},
    BugName{Bug::kLeftOverForgotten, "left-over-forgotten"},
    BugName{Bug::kLoadedTooSoon, "loaded-too-soon"},
    BugName{Bug::kLoadingSkips, "loading-skips"},
    BugName{Bug::kEndedSaleKept, "ended-sale-kept"},
    BugName{Bug::kQuarantineUntold, "quarantine-untold"},
    BugName{Bug::kBuyersNotLocked, "buyers-not-locked"},
    BugName{Bug::kOwnSaleAlone, "own-sale-alone"},
    BugName{Bug::kTermIgnored, "term-ignored"},
    BugName{Bug::kUsedNumberGranted, "used-number-granted"},
    BugName{Bug::kOtherTermsGranted, "other-terms-granted"},
    BugName{Bug::kNumbersGoOn, "numbers-go-on"},
    BugName{Bug::kOrdersNotCompared, "orders-not-compared"},
    BugName{Bug::kClosedLeaseGranted, "closed-lease-granted"},
    BugName{Bug::kBansPolledOnce, "bans-polled-once"},
    BugName{Bug::kSessionsByClock, "sessions-by-clock"},
    BugName{Bug::kSessionsNotLoaded, "sessions-not-loaded"},
    BugName{Bug::kStaleTokenAccepted, "stale-token-accepted"},
    BugName{Bug::kBansLate, "bans-late"},
    BugName{Bug::kNeverLoadedUnknown, "never-loaded-unknown"},
    BugName{Bug::kUnknownIsFailed, "unknown-is-failed"},
    BugName{Bug::kOldLeasesKept, "old-leases-kept"},
    BugName{Bug::kPreviousKeysDropped, "previous-keys-dropped"},
    BugName{Bug::kPendingAfterYes, "pending-after-yes"},
    BugName{Bug::kStartOverIgnored, "start-over-ignored"},
    BugName{Bug::kOwnVirtualNodes, "own-virtual-nodes"},
    BugName{Bug::kRingUntold, "ring-untold"},
    BugName{Bug::kUnusableShardKept, "unusable-shard-stops-the-others"},
    BugName{Bug::kOneFailedPart, "one-failed-part-loses-the-reply"},
    BugName{Bug::kShorterBanWins, "shorter-ban-wins"},
    BugName{Bug::kRevisionGivenAgain, "revision-given-again"},
    BugName{Bug::kClosedUntold, "closed-untold"},
    BugName{Bug::kOpenToldClosed, "open-told-closed"},
    BugName{Bug::kReturnedTwice, "returned-twice"},
    BugName{Bug::kCancelledCounts, "cancelled-counts"},
    BugName{Bug::kCancelledUnheard, "cancelled-unheard"},
    BugName{Bug::kLoadedAsCreated, "loaded-as-created"},
    BugName{Bug::kLeaderCheckedApart, "leader-checked-apart"},
    BugName{Bug::kHoldFromPurchase, "hold-from-purchase"},
    BugName{Bug::kNoGrace, "no-grace"},
    BugName{Bug::kPaidExpires, "paid-expires"},
    BugName{Bug::kExpiredUnitKept, "expired-unit-kept"},
    BugName{Bug::kLatePaymentKept, "late-payment-kept"},
    BugName{Bug::kExpiredForgiven, "expired-forgiven"},
    BugName{Bug::kExpiredNotCounted, "expired-not-counted"},
    BugName{Bug::kPaymentForgotten, "payment-forgotten"},
    BugName{Bug::kPaymentToldTwice, "payment-told-twice"},
    BugName{Bug::kCancelledKeepsMoney, "cancelled-keeps-money"},
    BugName{Bug::kExpiredUnheard, "expired-unheard"},
};

inline std::optional<Bug> bug_named(std::string_view name) {
  for (const BugName& known : kBugs) {
    if (known.name == name) return known.bug;
  }
  return std::nullopt;
}

}  // namespace stampede::simulation

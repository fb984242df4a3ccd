#pragma once

#include <array>
#include <optional>
#include <string_view>

namespace stampede::simulation {

/// Faults planted at a seam of the simulation, each a mistake that somebody could make in the real
/// code. The simulation is worth something as long as it finds every one of them.
enum class Bug {
  kNone,
  // Consumer.
  kAckBeforeCommit,         // acknowledges a batch when it arrives
  kUnknownCommitIsWritten,  // takes a commit whose answer was lost for done
  // Database.
  kCommitIsLost,     // says committed before it is durable
  kClosedLooksOpen,  // shows a closed lease as open and charges it
  kIntentsHidden,    // does not find the order that an intent has become
  kUnsoldForgotten,  // counts only unleased units as stock
  // Publisher.
  kUnknownIsRefused,  // takes what a lost connection left unconfirmed for refused
  kStaleConfirms,     // takes the confirms of a lost connection for those of the next
  // Quantity control.
  kStaleOrders,       // reads the orders from a replica that lags
  kEverythingClosed,  // tells validators that no lease is open
  // Validator.
  kSameIncarnation,  // goes on as the process before it
};

struct BugName {
  Bug bug;
  std::string_view name;
};

inline constexpr std::array kBugs{
    BugName{Bug::kAckBeforeCommit, "ack-before-commit"},
    BugName{Bug::kUnknownCommitIsWritten, "unknown-commit-is-written"},
    BugName{Bug::kCommitIsLost, "commit-is-lost"},
    BugName{Bug::kClosedLooksOpen, "closed-looks-open"},
    BugName{Bug::kIntentsHidden, "intents-hidden"},
    BugName{Bug::kUnsoldForgotten, "unsold-forgotten"},
    BugName{Bug::kUnknownIsRefused, "unknown-is-refused"},
    BugName{Bug::kStaleConfirms, "stale-confirms"},
    BugName{Bug::kStaleOrders, "stale-orders"},
    BugName{Bug::kEverythingClosed, "everything-closed"},
    BugName{Bug::kSameIncarnation, "same-incarnation"},
};

inline std::optional<Bug> bug_named(std::string_view name) {
  for (const BugName& known : kBugs) {
    if (known.name == name) return known.bug;
  }
  return std::nullopt;
}

}  // namespace stampede::simulation

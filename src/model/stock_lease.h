#pragma once

#include <cstdint>
#include <string>
#include <string_view>

#include "model/ids.h"

namespace stampede {

/// open: its holder sells from it. fenced: nothing is taken any more, orders still charge it.
/// closed: its unsold units are back in the sale, and an order that comes now fails.
enum class LeaseState { kOpen, kFenced, kClosed };

constexpr std::string_view to_string(LeaseState state) {
  switch (state) {
    case LeaseState::kOpen:
      return "open";
    case LeaseState::kFenced:
      return "fenced";
    case LeaseState::kClosed:
      return "closed";
  }
  return "";
}

/// A block of a sale's units that one validator may sell (the escrow method, O'Neil 1986).
struct StockLease {
  LeaseId id;
  SaleId sale;
  std::int64_t granted = 0;
  std::int64_t sold = 0;  // charged by committed orders; never more than granted (I2)
  LeaseState state = LeaseState::kOpen;
  std::string holder;  // the process it was granted to (Member::holder); empty in `serve`

  std::int64_t unsold() const { return granted - sold; }
};

/// The units of one node's leases of one sale that are in one state: open or fenced.
struct LeasedByNode {
  std::string node;  // as the ring names it; empty in `serve`
  LeaseState state = LeaseState::kOpen;
  std::int64_t granted = 0;
  std::int64_t sold = 0;  // of them

  std::int64_t unsold() const { return granted - sold; }
  friend bool operator==(const LeasedByNode&, const LeasedByNode&) = default;
};

}  // namespace stampede

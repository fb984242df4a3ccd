#pragma once

#include <chrono>

// How often the roles do what they do again and again; the simulation does it as often.
namespace stampede::schedules {

/// Until another process's change of the database is known.
inline constexpr std::chrono::milliseconds kReloadPeriod{200};
/// Twice a second, so that what changed is here within one even if a heartbeat is late.
inline constexpr std::chrono::milliseconds kHeartbeatPeriod{500};
/// Of looking after a validator's leases; also nudged when stock runs low.
inline constexpr std::chrono::milliseconds kLeasePeriod{100};
/// Of ending waits that took too long.
inline constexpr std::chrono::milliseconds kHousekeepingPeriod{250};
/// Buyers of sales long over are forgotten once in so many rounds of housekeeping: 10 s.
inline constexpr int kSweepEvery = 40;

}  // namespace stampede::schedules

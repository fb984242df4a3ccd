#pragma once

#include <chrono>

// How often the roles do what they do again and again; the simulation does it as often.
namespace stampede::schedules {

/// Until another process's change of the database is known.
inline constexpr std::chrono::milliseconds kReloadPeriod{200};
/// Twice a second, so that what changed is here within one even if a heartbeat is late.
inline constexpr std::chrono::milliseconds kHeartbeatPeriod{500};
/// How often a validator reviews its leases; it also does so when stock runs low.
inline constexpr std::chrono::milliseconds kLeasePeriod{100};
/// How often waits that took too long are ended.
inline constexpr std::chrono::milliseconds kHousekeepingPeriod{250};
/// Buyers of sales long over are forgotten once in so many rounds of housekeeping: 10 s.
inline constexpr int kSweepEvery = 40;

/// How often a quantity control takes or renews the lead: eight times in the life of a term, so
/// that a standby takes over within 3 s of a leader's death.
inline constexpr std::chrono::milliseconds kLeadPeriod{250};
/// How often orders that were not paid in time are expired, by `serve` or by the leader.
inline constexpr std::chrono::milliseconds kExpiryPeriod{1'000};
/// How often what happened is read for webhooks, by `serve` or by the leader.
inline constexpr std::chrono::milliseconds kWebhookPeriod{100};
/// How often the leader reviews leases and members.
inline constexpr std::chrono::milliseconds kReviewPeriod{250};

}  // namespace stampede::schedules

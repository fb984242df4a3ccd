#pragma once

#include <cstdint>
#include <optional>

#include "model/catalog/sale.h"
#include "queue/outbox.h"
#include "tests/simulation/engine/random.h"

namespace stampede::simulation {

/// A cluster, or one `stampede serve`.
enum class WorldKind { kCluster, kServe };

/// So long after Order::pay_by a held order expires: a simulated sale is short.
inline constexpr std::chrono::milliseconds kGrace{1'000};

/// What one seed chooses before anything happens. Each kind of fault is in about half of the runs,
/// so that none hides behind another (swarm testing, Groce et al. 2012).
struct Profile {
  WorldKind world = WorldKind::kCluster;
  // The sale.
  std::int64_t units = 1;  // T
  std::int32_t limit = 1;
  std::chrono::milliseconds interval{0};
  std::optional<Duration> ends;  // none: until sold out
  /// Another sale of the product begins so long after the end.
  std::optional<Duration> follow_up;
  std::int64_t buyers = 50;
  std::size_t validators = 2;
  std::size_t quantities = 1;
  Duration arrivals{};            // buyers come until then
  double stock_added = 0;         // chance of each of three moments
  double added_behind_reply = 0;  // chance of each that says "sold out"
  bool ends_early = false;
  /// How long orders are held for their payment; none: they are final.
  std::optional<std::chrono::seconds> hold;
  std::int64_t cancels = 0;              // orders that the operator cancels, at most
  bool edited = false;                   // before its start
  std::size_t orders_at_once = 5'000;    // in one reply of quantity control, or one step of loading
  Duration load_every{5'000};            // in `serve`: between two steps of loading
  std::size_t queue_capacity = 1'000;    // of the queue in `serve`
  bool late_sale = false;                // the second one is made about when it begins
  double confused = 0.1;                 // of the requests name another sale than is meant
  double logouts = 0;                    // of the buyers; 0: cookies are not looked at
  bool old_orders = false;               // in `serve`: the sale was sold out a day before
  std::optional<Duration> keys_rotated;  // when the first process has them; the last one 3 s later
  double replayed = 0;                   // of the forwarded requests, long after; 0: without tokens
  double banned = 0;                     // of the buyers, each at some moment
  double banned_twice = 0;               // of them, by an entry that expires soon
  Duration faults_end{};

  bool calm = false;  // none of the following

  // Chances, of each message, commit and so on.
  double message_lost = 0;
  double message_slow = 0;
  double message_doubled = 0;
  double confirm_late = 0;
  double nack = 0;
  double commit_unknown = 0;
  double statement_failed = 0;
  double frozen_in_request = 0;   // a validator, between reading its clock and taking a unit
  double frozen_in_publish = 0;   // before it is sent
  double slow_publish = 0;        // less than the guard time of a lease
  double interleaved = 0;         // the consumers write between two reads of quantity control
  bool split_statements = false;  // others run between two statements of the consumers
  double refused = 0;             // rows that the tables refuse

  // Kinds of faults that come again and again.
  bool connections_drop = false;
  bool broker_away = false;
  bool broker_blocks = false;
  bool queue_missing = false;
  bool queue_unusable = false;
  bool database_away = false;
  bool part_fails = false;  // of what quantity control reads for a heartbeat
  bool disk_full = false;
  bool garbage = false;  // messages that nobody can read
  bool links_cut = false;
  bool isolated = false;
  bool kills = false;
  bool leaves = false;
  bool quantity_restarts = false;
  bool quantity_cut = false;  // validators from quantity control, often and for long
  bool freezes = false;
  bool wrong_clocks = false;  // of validators
  bool suspends = false;      // of validators and quantity controls, whose ticks stand still
  bool sale_row_held = false;
  bool fails_over = false;  // the database, and lacks its last commits
  int failovers = 0;        // how often, at most
  Duration pause{};         // between two faults of one kind, at most

  queue::Outbox::Options outbox;
};

/// Draws from `random`.
Profile draw_profile(Random& random, WorldKind world);

}  // namespace stampede::simulation

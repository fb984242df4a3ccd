#include "tests/simulation/engine/profile.h"

#include <algorithm>

namespace stampede::simulation {

using namespace std::chrono_literals;

namespace {

/// Nothing breaks, and nobody is in the way: then nothing may fail.
void make_calm(Profile& profile) {
  profile.calm = true;
  profile.old_orders = false;        // whose buyers try to buy beyond their limit
  profile.split_statements = false;  // a consumer that is slow at the start, while validators join
  for (double* chance :
       {&profile.banned, &profile.message_lost, &profile.message_slow, &profile.message_doubled,
        &profile.confirm_late, &profile.nack, &profile.commit_unknown, &profile.statement_failed,
        &profile.frozen_in_request, &profile.frozen_in_publish, &profile.slow_publish,
        &profile.interleaved, &profile.added_behind_reply, &profile.refused, &profile.replayed}) {
    *chance = 0;
  }
  for (bool* fault : {&profile.connections_drop, &profile.broker_away,
                      &profile.broker_blocks,    &profile.queue_missing,
                      &profile.database_away,    &profile.links_cut,
                      &profile.disk_full,        &profile.garbage,
                      &profile.isolated,         &profile.kills,
                      &profile.freezes,          &profile.leaves,
                      &profile.quantity_cut,     &profile.quantity_restarts,
                      &profile.wrong_clocks,     &profile.suspends,
                      &profile.fails_over,       &profile.sale_row_held,
                      &profile.queue_unusable,   &profile.part_fails}) {
    *fault = false;
  }
}

/// One process and its file: nothing lies between them that could be cut.
void make_serve(Profile& profile, Random& random) {
  profile.world = WorldKind::kServe;
  for (bool* fault : {&profile.connections_drop, &profile.broker_away, &profile.broker_blocks,
                      &profile.queue_missing, &profile.links_cut, &profile.isolated,
                      &profile.garbage, &profile.quantity_cut, &profile.quantity_restarts,
                      &profile.wrong_clocks, &profile.suspends, &profile.fails_over,
                      &profile.sale_row_held, &profile.queue_unusable, &profile.part_fails}) {
    *fault = false;
  }
  profile.replayed = 0;
  profile.keys_rotated.reset();
  profile.old_orders = random.chance(0.1);
  if (profile.old_orders) {
    profile.ends.reset();
    profile.follow_up.reset();
    profile.late_sale = profile.edited = profile.ends_early = false;
    profile.units = random.between(1, 5);
    profile.stock_added = 1;
  }
  profile.added_behind_reply = 0;
  profile.kills = random.chance(0.7);
  if (random.chance(0.6)) profile.orders_at_once = static_cast<std::size_t>(random.between(1, 5));
  if (random.chance(0.5)) {  // some seconds in all
    const auto steps = profile.units / static_cast<std::int64_t>(profile.orders_at_once) + 1;
    profile.load_every = std::min<Duration>(Duration{5s} / steps, 1s);
  }
  if (random.chance(0.2)) profile.queue_capacity = static_cast<std::size_t>(random.between(1, 5));
}

/// What happens to disks, messages, sales and clocks.
void draw_surroundings(Profile& profile, Random& random) {
  profile.disk_full = random.chance(0.2);
  profile.refused = random.chance(0.2) ? 0.05 : 0;
  if (profile.refused > 0 && random.chance(0.4)) {  // units are left, and leases of them stay open
    profile.refused = 0.2;
    profile.buyers = random.between(2, 8);
    profile.units = random.between(20, 60);
  }
  profile.garbage = random.chance(0.1);
  profile.edited = random.chance(0.1);
  profile.split_statements = random.chance(0.3);
  profile.wrong_clocks = random.chance(0.15);
  profile.suspends = random.chance(0.15);
  profile.fails_over = random.chance(0.1);
  profile.sale_row_held = random.chance(0.15);
  profile.queue_unusable = random.chance(0.15);
  profile.part_fails = random.chance(0.15);
  profile.banned_twice = random.chance(0.3) ? 0.5 : 0;
  profile.late_sale = profile.follow_up && random.chance(0.5);
  if (profile.follow_up && random.chance(0.5)) {
    profile.confused = 0.5;
    profile.kills = true;
    profile.pause = std::min<Duration>(profile.pause, 4s);
  }
  if (random.chance(0.15)) profile.logouts = 0.5;
  // By clocks that are right: how old a token is, is seen by the wall clock.
  if (random.chance(0.1) && !profile.wrong_clocks) profile.replayed = 0.2;
  if (random.chance(0.1) && !profile.wrong_clocks) {
    profile.keys_rotated = random.between(2s, profile.faults_end);
  }
  // A clock that is set back by what its machine stood still for looks right.
  if (profile.wrong_clocks) profile.suspends = false;
}

}  // namespace

Profile draw_profile(Random& random, WorldKind world) {
  const auto half = [&] { return random.chance(0.5); };
  const auto rare = [&](double most) {
    return half() ? most * 0.01 * static_cast<double>(random.between(1, 100)) : 0.0;
  };
  Profile profile;
  const bool large = random.chance(0.08);
  profile.units = large ? random.between(20, 200) : random.between(1, 20);
  profile.limit = static_cast<std::int32_t>(random.between(1, random.chance(0.2) ? 5 : 2));
  if (half()) profile.interval = std::chrono::milliseconds{random.between(100, 2'000)};
  if (random.chance(0.3)) profile.buyers = random.between(3, 50);  // so that units may be left
  if (random.chance(0.2)) profile.validators = static_cast<std::size_t>(random.between(1, 3));
  if (random.chance(0.4)) profile.quantities = static_cast<std::size_t>(random.between(2, 3));
  profile.arrivals = random.between(1s, 50s);
  profile.faults_end = random.between(10s, 40s);
  if (random.chance(0.3)) profile.ends = random.between(2s, 30s);
  if (profile.ends && random.chance(0.5)) profile.follow_up = random.between(0us, 2s);
  if (random.chance(0.3)) profile.stock_added = 0.6;
  if (random.chance(0.15)) profile.added_behind_reply = 0.1;
  profile.ends_early = random.chance(0.1);
  if (random.chance(0.25)) profile.cancels = random.between(1, 10);
  if (random.chance(0.3)) profile.orders_at_once = static_cast<std::size_t>(random.between(1, 4));
  profile.banned = rare(0.8);

  profile.message_lost = rare(0.05);
  profile.message_slow = rare(0.1);
  profile.message_doubled = rare(0.05);
  profile.confirm_late = rare(0.1);
  profile.nack = rare(0.1);
  profile.commit_unknown = rare(0.2);
  profile.statement_failed = rare(0.05);
  profile.interleaved = half() ? 0.5 : 0.0;

  profile.connections_drop = half();
  profile.broker_away = half();
  profile.broker_blocks = half();
  profile.queue_missing = half();
  profile.database_away = half();
  profile.links_cut = half();
  profile.isolated = half();
  profile.kills = half();
  profile.freezes = half();
  profile.leaves = random.chance(0.3);
  profile.quantity_cut = random.chance(0.3);
  profile.quantity_restarts = random.chance(0.2);
  profile.frozen_in_request = profile.freezes ? rare(0.02) : 0.0;
  profile.frozen_in_publish = profile.freezes ? rare(0.3) : 0.0;
  profile.slow_publish = rare(0.3);
  profile.pause = random.between(1s, 12s);

  profile.outbox.batch = static_cast<std::size_t>(random.between(1, 4));
  profile.outbox.window = static_cast<std::size_t>(random.between(1, 8));
  profile.outbox.eager = static_cast<std::size_t>(random.between(1, 4));
  draw_surroundings(profile, random);
  // Where units are left after a failover, a *no* comes late: docs/reliability.md.
  if (profile.fails_over) {
    profile.failovers = static_cast<int>(random.between(1, random.chance(0.5) ? 3 : 1));
    profile.units = std::min<std::int64_t>(profile.units, 20);
    profile.buyers = 50;
  }
  if (profile.edited) profile.part_fails = true;  // the sales: other terms are heard of late
  if (world == WorldKind::kServe) make_serve(profile, random);
  if (random.chance(0.05)) make_calm(profile);
  // A payment names its order by number, and a lost tail gives numbers again: docs/reliability.md.
  const bool payable = !profile.fails_over && !profile.old_orders;
  if (payable && random.chance(0.3)) profile.hold = std::chrono::seconds{random.between(1, 10)};
  return profile;
}

}  // namespace stampede::simulation

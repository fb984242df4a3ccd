#include "tests/simulation/profile.h"

namespace stampede::simulation {

using namespace std::chrono_literals;

Profile draw_profile(Random& random) {
  const auto half = [&] { return random.chance(0.5); };
  const auto rare = [&](double most) {
    return half() ? most * 0.01 * static_cast<double>(random.between(1, 100)) : 0.0;
  };
  Profile profile;
  profile.units = random.between(1, 20);
  profile.limit = static_cast<std::int32_t>(random.between(1, 2));
  if (half()) profile.interval = std::chrono::milliseconds{random.between(100, 2'000)};
  if (random.chance(0.3)) profile.buyers = random.between(3, 50);  // so that units may be left
  profile.arrivals = random.between(1s, 50s);
  profile.faults_end = random.between(10s, 40s);
  if (random.chance(0.3)) profile.ends = random.between(2s, 30s);

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
  profile.frozen_in_request = profile.freezes ? rare(0.02) : 0.0;
  profile.frozen_in_publish = profile.freezes ? rare(0.3) : 0.0;
  profile.pause = random.between(1s, 12s);

  profile.outbox.batch = static_cast<std::size_t>(random.between(1, 4));
  profile.outbox.window = static_cast<std::size_t>(random.between(1, 8));
  profile.outbox.eager = static_cast<std::size_t>(random.between(1, 4));
  return profile;
}

}  // namespace stampede::simulation

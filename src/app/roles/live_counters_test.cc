#include <gmock/gmock.h>

#include "controllers/shop/check_controller.h"
#include "services/live/meter.h"
#include "tests/support/test_ring.h"

namespace stampede {
namespace {

using controllers::CheckController;
using controllers::OriginRule;
using services::accounts::Sessions;

/// The names that the one writes are those that the other reads.
TEST(LiveCounters, AreThoseOfTheCheckController) {
  const test::TestRing keys;
  const Sessions sessions{keys.ring()};
  const OriginRule origin{std::nullopt};
  const auto undecided = [](const auto&, const auto&) { return std::nullopt; };
  const CheckController check{undecided, sessions, origin};
  services::live::Meter meter;
  services::live::Source source{.id = "a", .counters = check.counters()};
  EXPECT_EQ(meter.advance({source}, Tick{}), services::live::Counted{});
  for (std::size_t i = 0; i < source.counters.size(); ++i) {
    source.counters[i].second = static_cast<double>(i + 1);
  }
  const auto counted = meter.advance({source}, Tick{});
  EXPECT_THAT(counted.answers, testing::Each(testing::Gt(0)));
  EXPECT_THAT(counted.waits, testing::Each(testing::Gt(0)));
}

}  // namespace
}  // namespace stampede

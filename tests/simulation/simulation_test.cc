// A whole cluster in one thread.
//
// Every run is a sale in a world made from one seed: two validators, two consumers, quantity
// control, a broker, a database, a network and fifty buyers who do not give up. The rules are the
// real ones: Checkout, Stock, Ring, Holder, Heartbeat, QuantityControl, Grantor, Outbox, the codec
// and OrderWriter, on MemoryLedger. What the rules stand on is simulated: a scheduler with a
// virtual clock (each process sees its own, with an offset and a drift), and around it
//
//   network    messages late, lost, doubled and overtaking each other, links cut
//   broker     confirms late, out of order and many at once, nacks, returned messages, blocked
//              phases, dropped connections of which a part still arrives, redelivery to the other
//              consumer
//   database   statements that fail, commits whose answer is lost whether or not they were made,
//              and consumers that write between two statements of quantity control
//   processes  killed and started again, frozen and thawed, at any moment; requests whose clock was
//              read long before
//
// A seed draws which of these faults happen, and everything after that comes from it as well, so a
// failing seed is a recording: `stampede-simulate --seed N --trace` plays it again.
//
// After every event: I1, I2, I5, I8, and that no order lacks a unit. With every answer: I3, I4, I7
// as far as they can be seen then. Where I4 would show too seldom, what it rests on: who is told
// that a lease is closed knows its orders, and while one validator sells, no other would say *no*
// to the same buyer. Then the faults end and the world runs until nothing goes on any more, within
// a minute (I10); after that I3, I4, I6, and that everything the broker confirmed has become a row.
//
// A *no* counts as the last word on a key only if no earlier request with it is still on its way:
// nobody can stop a request that its buyer gave up but the network did not.
//
// How do we know that it would find anything? By bugs that are planted at the seams, each a mistake
// that somebody could make (bugs.h): every one of them must be found within a bounded number of
// seeds, the same that run clean without it.
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdlib>
#include <string>

#include "tests/simulation/world.h"

namespace stampede::simulation {
namespace {

/// More in a long run: STAMPEDE_SIMULATION_SEEDS=100000.
std::uint64_t seeds() {
  const char* wanted = std::getenv("STAMPEDE_SIMULATION_SEEDS");
  return wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : 5'000;
}

std::string replay(std::uint64_t seed) {
  return "replay: stampede-simulate --trace --seed " + std::to_string(seed);
}

TEST(Simulation, KeepsEveryInvariant) {
  for (std::uint64_t seed = 1; seed <= seeds(); ++seed) {
    const Outcome outcome = run(seed);
    ASSERT_EQ(outcome.breach, "") << replay(seed);
  }
}

TEST(Simulation, IsTheSameForTheSameSeed) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    const Outcome first = run(seed);
    const Outcome second = run(seed);
    ASSERT_EQ(first.trace, second.trace) << replay(seed);
    ASSERT_EQ(first.events, second.events) << replay(seed);
  }
}

TEST(Simulation, DiffersFromSeedToSeed) { EXPECT_NE(run(1).trace, run(2).trace); }

class PlantedBug : public testing::TestWithParam<BugName> {};

TEST_P(PlantedBug, IsFound) {
  constexpr std::uint64_t kSeeds = 2'000;
  for (std::uint64_t seed = 1; seed <= kSeeds; ++seed) {
    const Outcome outcome = run(seed, GetParam().bug);
    if (outcome.breach.empty()) continue;
    RecordProperty("seed", std::to_string(seed));
    RecordProperty("breach", outcome.breach);
    ASSERT_EQ(run(seed).breach, "") << "seed " << seed << " fails without the bug, too";
    return;
  }
  FAIL() << "not found in " << kSeeds << " seeds";
}

INSTANTIATE_TEST_SUITE_P(, PlantedBug, testing::ValuesIn(kBugs), [](const auto& name) {
  std::string text(name.param.name);
  std::replace(text.begin(), text.end(), '-', '_');
  return text;
});

}  // namespace
}  // namespace stampede::simulation

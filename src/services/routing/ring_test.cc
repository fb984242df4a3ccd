#include "services/routing/ring.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <functional>
#include <numeric>
#include <random>
#include <set>
#include <thread>

#include "services/routing/ownership.h"
#include "services/routing/route_table.h"

namespace stampede::services::routing {
namespace {

constexpr int kBuyers = 100'000;

HashKey seeded_key(std::uint64_t seed) {
  std::mt19937_64 random(seed);
  HashKey key;
  std::ranges::generate(key, [&] { return static_cast<unsigned char>(random()); });
  return key;
}

Member member(const std::string& node) {
  return {node, node + ".example:8083", "0123456789abcdef"};
}

/// "node-0", "node-1" ...
std::vector<Member> nodes(int count) {
  std::vector<Member> members;
  for (int i = 0; i < count; ++i) members.push_back(member("node-" + std::to_string(i)));
  return members;
}

Ring ring_of(std::vector<Member> members, std::uint64_t seed = 1) {
  return {1, seeded_key(seed), std::move(members)};
}

std::string owner_of(const Ring& ring, std::int64_t buyer) {
  const Member* owner = ring.owner(UserId{buyer});
  return owner == nullptr ? "" : owner->node;
}

std::vector<std::string> owners_in(const Ring& ring) {
  std::vector<std::string> owners;
  for (std::int64_t buyer = 1; buyer <= kBuyers; ++buyer) owners.push_back(owner_of(ring, buyer));
  return owners;
}

int differences(const std::vector<std::string>& a, const std::vector<std::string>& b) {
  return std::inner_product(a.begin(), a.end(), b.begin(), 0, std::plus{}, std::not_equal_to{});
}

/// The parts of so many buyers that each member owns, in order of members().
std::vector<double> shares_of(const Ring& ring, std::int64_t buyers) {
  std::vector<double> shares(ring.members().size());
  for (std::int64_t buyer = 1; buyer <= buyers; ++buyer) {
    shares.at(ring.owner_index(UserId{buyer}).value()) += 1.0 / static_cast<double>(buyers);
  }
  return shares;
}

TEST(Ring, TenServersShareEvenly) {
  constexpr int kServers = 10;
  constexpr int kRings = 200;
  std::vector<double> unevenness;  // max / mean
  for (int seed = 0; seed < kRings; ++seed) {
    const auto shares =
        shares_of(ring_of(nodes(kServers), static_cast<std::uint64_t>(seed)), kBuyers / 5);
    unevenness.push_back(*std::ranges::max_element(shares) * kServers);
  }
  std::ranges::sort(unevenness);
  EXPECT_LE(unevenness[kRings / 2], 1.15) << "median";
  EXPECT_LE(unevenness[kRings * 95 / 100], 1.30) << "95th percentile";
}

TEST(Ring, ANodeThatComesOrGoesMovesItsOwnBuyersAndNoOthers) {
  for (std::uint64_t seed = 0; seed < 5; ++seed) {
    for (const int count : {1, 2, 3, 10}) {
      const Ring small = ring_of(nodes(count), seed);
      const Ring large = ring_of(nodes(count + 1), seed);
      const std::string newcomer = "node-" + std::to_string(count);
      int moved = 0;
      for (std::int64_t buyer = 1; buyer <= kBuyers; ++buyer) {
        const auto before = owner_of(small, buyer);
        const auto after = owner_of(large, buyer);
        if (before == after) continue;
        ++moved;
        ASSERT_EQ(after, newcomer) << "buyer " << buyer << " moved from " << before;
      }
      const double share = static_cast<double>(moved) / kBuyers;
      EXPECT_NEAR(share * (count + 1), 1.0, 0.35) << count << " nodes and one more, seed " << seed;
    }
  }
}

TEST(Ring, TheOrderOfTheMembersIsNothing) {
  auto members = nodes(7);
  const auto owners = owners_in(ring_of(members));
  std::mt19937_64 random(7);
  for (int i = 0; i < 5; ++i) {
    std::ranges::shuffle(members, random);
    EXPECT_EQ(owners_in(ring_of(members)), owners);
  }
}

TEST(Ring, ANewAddressOrARestartMovesNobody) {
  const auto owners = owners_in(ring_of(nodes(4)));
  auto moved = nodes(4);
  for (Member& each : moved) {
    each.address = "10.0.0.1:" + std::to_string(9000 + &each - moved.data());
    each.incarnation = "fedcba9876543210";
  }
  EXPECT_EQ(owners_in(Ring(99, seeded_key(1), moved)), owners);
}

TEST(Ring, AnotherKeyIsAnotherRing) {
  const auto some = owners_in(ring_of(nodes(10), 1));
  const auto other = owners_in(ring_of(nodes(10), 2));
  // By chance one of ten stays.
  EXPECT_NEAR(1.0 * differences(some, other) / kBuyers, 0.9, 0.02);
}

TEST(Ring, WithoutMembersThereIsNoOwner) {
  const Ring ring = ring_of({});
  EXPECT_EQ(ring.owner(UserId{1}), nullptr);
  EXPECT_EQ(ring.owner_index(UserId{1}), std::nullopt);
}

TEST(Ring, OneMemberOwnsEverybody) {
  const Ring ring = ring_of({member("a")});
  for (const std::int64_t buyer : {std::int64_t{1}, std::int64_t{2}, INT64_MAX}) {
    EXPECT_EQ(owner_of(ring, buyer), "a");
  }
}

/// SipHash-2-4 as its authors wrote it down, so that the ring stands on two feet.
std::uint64_t sip_hash(const HashKey& key, std::string_view bytes) {
  const auto rotated = [](std::uint64_t x, int by) { return x << by | x >> (64 - by); };
  std::uint64_t k0 = 0;
  std::uint64_t k1 = 0;
  std::memcpy(&k0, key.data(), 8);
  std::memcpy(&k1, key.data() + 8, 8);
  std::uint64_t v0 = k0 ^ 0x736f6d6570736575;
  std::uint64_t v1 = k1 ^ 0x646f72616e646f6d;
  std::uint64_t v2 = k0 ^ 0x6c7967656e657261;
  std::uint64_t v3 = k1 ^ 0x7465646279746573;
  const auto round = [&] {
    v0 += v1, v1 = rotated(v1, 13) ^ v0, v0 = rotated(v0, 32);
    v2 += v3, v3 = rotated(v3, 16) ^ v2;
    v0 += v3, v3 = rotated(v3, 21) ^ v0;
    v2 += v1, v1 = rotated(v1, 17) ^ v2, v2 = rotated(v2, 32);
  };
  const auto last_byte = static_cast<std::uint64_t>(bytes.size()) << 56;
  for (;; bytes.remove_prefix(8)) {
    std::uint64_t word = bytes.size() < 8 ? last_byte : 0;
    std::memcpy(&word, bytes.data(), std::min<std::size_t>(8, bytes.size()));
    v3 ^= word;
    round(), round();
    v0 ^= word;
    if (bytes.size() < 8) break;
  }
  v2 ^= 0xff;
  round(), round(), round(), round();
  return v0 ^ v1 ^ v2 ^ v3;
}

/// The definition: of all points at or after the buyer's hash the nearest, or the first of all.
std::string reference_owner(const HashKey& key, const std::vector<Member>& members, int points,
                            std::int64_t buyer) {
  std::string_view bytes(reinterpret_cast<const char*>(&buyer), sizeof buyer);
  const std::uint64_t from = sip_hash(key, bytes);
  std::string owner;
  auto nearest = UINT64_MAX;
  for (const Member& each : members) {
    for (int i = 0; i < points; ++i) {
      const auto distance = sip_hash(key, each.node + '#' + std::to_string(i)) - from;
      if (distance <= nearest) nearest = distance, owner = each.node;
    }
  }
  return owner;
}

TEST(Ring, FindsWhatALinearSearchFinds) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    for (const int points : {1, 3, 150}) {
      const auto members = nodes(3);
      const auto key = seeded_key(seed);
      const Ring ring(1, key, members, points);
      for (std::int64_t buyer = 1; buyer <= 200; ++buyer) {
        ASSERT_EQ(owner_of(ring, buyer), reference_owner(key, members, points, buyer))
            << "buyer " << buyer << ", seed " << seed << ", " << points << " points";
      }
    }
  }
}

/// Two releases that run side by side have to agree about the owner of each buyer. Never to be
/// changed.
TEST(Ring, StaysAsItIs) {
  const auto key = parse_hash_key("000102030405060708090a0b0c0d0e0f");
  ASSERT_TRUE(key);
  const Ring ring(1, *key, {member("a"), member("b"), member("c")});
  std::string owners;
  for (std::int64_t buyer = 1; buyer <= 32; ++buyer) owners += owner_of(ring, buyer);
  EXPECT_EQ(owners, "bccabcaabacbaaaacabbcbbcbaabcbab");
}

TEST(HashKey, IsThirtyTwoHexadecimalDigits) {
  const auto key = parse_hash_key("000102030405060708090A0b0c0d0eff");
  ASSERT_TRUE(key);
  EXPECT_EQ(key->at(1), 1);
  EXPECT_EQ(key->back(), 255);
  for (const char* wrong :
       {"", "00", "000102030405060708090a0b0c0d0e", "000102030405060708090a0b0c0d0e0f10",
        "000102030405060708090a0b0c0d0e0", "000102030405060708090a0b0c0d0e0g",
        " 00102030405060708090a0b0c0d0e0f", "00:01:02:03:04:05:06:07:08:09:0a:"}) {
    EXPECT_FALSE(parse_hash_key(wrong)) << wrong;
  }
}

std::shared_ptr<const Ring> shared_ring(std::vector<Member> members) {
  return std::make_shared<const Ring>(ring_of(std::move(members)));
}

TEST(Ownership, AloneOneOwnsEverybody) {
  const Ownership alone;
  EXPECT_TRUE(alone.owns(UserId{1}));
  EXPECT_TRUE(alone.settled(UserId{1}));
}

TEST(Ownership, OwnsWhomTheRingGives) {
  const auto ring = shared_ring(nodes(3));
  for (std::int64_t buyer = 1; buyer <= 100; ++buyer) {
    int owners = 0;
    for (const Member& each : ring->members()) {
      const bool owns = Ownership{.ring = ring, .node = each.node}.owns(UserId{buyer});
      EXPECT_EQ(owns, owner_of(*ring, buyer) == each.node);
      owners += owns ? 1 : 0;
    }
    EXPECT_EQ(owners, 1) << "buyer " << buyer;
  }
  EXPECT_FALSE((Ownership{.ring = ring, .node = "stranger"}.owns(UserId{1})));
  EXPECT_FALSE((Ownership{.ring = shared_ring({}), .node = "node-0"}.owns(UserId{1})));
}

TEST(Ownership, OnlyBuyersOwnedThroughEveryGainAreSettled) {
  const auto two = shared_ring(nodes(2));
  const auto three = shared_ring(nodes(3));
  // node-2 left and came back: what node-0 owned all the while is settled.
  const Ownership now{
      .ring = two, .node = "node-0", .newly_owned = {{two, LeaseId{5}}, {three, LeaseId{8}}}};
  std::set<std::pair<bool, bool>> seen;
  for (std::int64_t buyer = 1; buyer <= 1'000; ++buyer) {
    const bool always = owner_of(*two, buyer) == "node-0" && owner_of(*three, buyer) == "node-0";
    EXPECT_EQ(now.settled(UserId{buyer}), always);
    seen.insert({now.owns(UserId{buyer}), always});
  }
  EXPECT_EQ(seen.size(), 3) << "others, gained and settled";
}

TEST(Ownership, AMemberThatOwnedNothingBeforeHasNobodySettled) {
  const auto ring = shared_ring(nodes(1));
  const Ownership now{.ring = ring, .node = "node-0", .newly_owned = {{nullptr, LeaseId{1}}}};
  EXPECT_TRUE(now.owns(UserId{1}));
  EXPECT_FALSE(now.settled(UserId{1}));
}

/// node-2 came: node-0 and node-1 may not know yet that some of their buyers are its own.
TEST(Ownership, ABuyerWhoseFormerOwnerLivesIsSharedUntilThatOwnerMustKnow) {
  constexpr Tick kKnown{std::chrono::seconds{9}};
  const auto before = shared_ring(nodes(2));
  const Ownership newcomer{.ring = shared_ring(nodes(3)),
                           .node = "node-2",
                           .newly_owned = {{before, LeaseId{1}, kKnown}}};
  EXPECT_FALSE(newcomer.alone(UserId{1}, kKnown - std::chrono::microseconds{1}));
  EXPECT_TRUE(newcomer.alone(UserId{1}, kKnown));
}

/// node-1 is off the ring, so it decides nothing any more; node-0 had its own buyers all the while.
TEST(Ownership, ABuyerWhoseFormerOwnerIsGoneHasOneOwnerAtOnce) {
  const Ownership left{.ring = shared_ring(nodes(1)),
                       .node = "node-0",
                       .newly_owned = {{shared_ring(nodes(2)), LeaseId{1}, Tick::max()}}};
  for (std::int64_t buyer = 1; buyer <= 100; ++buyer) {
    EXPECT_TRUE(left.alone(UserId{buyer}, Tick{}));
  }
}

/// Another process of the same name is another member: the one before it is gone.
TEST(Ownership, ARestartedOwnerIsNotTheOneBefore) {
  auto restarted = nodes(2);
  const auto before = shared_ring(restarted);
  restarted[1].incarnation = "fedcba9876543210";
  restarted.push_back(member("node-2"));
  const Ownership newcomer{.ring = shared_ring(restarted),
                           .node = "node-2",
                           .newly_owned = {{before, LeaseId{1}, Tick::max()}}};
  for (std::int64_t buyer = 1; buyer <= 100; ++buyer) {
    EXPECT_EQ(newcomer.alone(UserId{buyer}, Tick{}), owner_of(*before, buyer) == "node-1");
  }
}

/// A validator that knows no ring before assumes that every buyer had another owner, unless it is
/// the only member.
TEST(Ownership, WithoutARingBeforeOnlyTheOnlyMemberIsAlone) {
  Ownership now{.ring = shared_ring(nodes(1)),
                .node = "node-0",
                .newly_owned = {{nullptr, LeaseId{1}, Tick::max()}}};
  EXPECT_TRUE(now.alone(UserId{1}, Tick{}));
  now.ring = shared_ring(nodes(2));
  EXPECT_FALSE(now.alone(UserId{1}, Tick{}));
}

TEST(RouteTable, HasNoMembersAtFirstAndThenTheLastRing) {
  RouteTable table;
  EXPECT_EQ(table.ring()->owner(UserId{1}), nullptr);
  const auto held = table.ring();
  table.load(shared_ring(nodes(1)));
  EXPECT_EQ(owner_of(*table.ring(), 1), "node-0");
  EXPECT_TRUE(held->members().empty()) << "a ring that is in use stays as it is";
}

/// Each reader has to see a whole ring, and never an older one after a newer. For ThreadSanitizer.
TEST(RouteTable, IsReplacedWhileOthersLook) {
  constexpr int kRings = 200;
  RouteTable table;
  std::vector<std::jthread> readers;
  for (int i = 0; i < 2; ++i) {
    readers.emplace_back([&] {
      for (std::int64_t seen = 0; seen < kRings;) {
        const auto ring = table.ring();
        ASSERT_GE(ring->epoch(), seen);
        ASSERT_EQ(static_cast<std::int64_t>(ring->members().size()),
                  std::min<std::int64_t>(1, ring->epoch()));
        seen = ring->epoch();
      }
    });
  }
  for (int epoch = 1; epoch <= kRings; ++epoch) {
    table.load(std::make_shared<const Ring>(epoch, seeded_key(1), nodes(1)));
  }
}

}  // namespace
}  // namespace stampede::services::routing

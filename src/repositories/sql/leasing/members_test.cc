#include "repositories/sql/leasing/members.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include <cstdint>
#include <vector>

#include "model/ring_nonce.h"
#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

struct MembersTest : OnEveryEngine {
  Members& members = shop.repositories.members();
  const Member a{.node = "a", .address = "127.0.0.1:8083", .incarnation = "0123456789abcdef"};
  const Member b{.node = "b", .address = "127.0.0.1:9083", .incarnation = "fedcba9876543210"};

  RingState replace(std::int64_t epoch, std::vector<Member> next, std::int64_t now) {
    return members.replace(shop.term(), {.epoch = epoch, .members = next}, at(now));
  }

  std::vector<std::int64_t> joined_at() {
    return shop.database.read([](soci::session& session) {
      std::vector<std::int64_t> instants;
      std::int64_t instant = 0;
      soci::statement select = (session.prepare << "SELECT joined_at FROM validators ORDER BY node",
                                soci::into(instant));
      for (select.execute(); select.fetch();) instants.push_back(instant);
      return instants;
    });
  }
};
INSTANTIATE_TEST_SUITE_P(On, MembersTest, every_engine(), testing::PrintToStringParamName());

TEST_P(MembersTest, TheHashKeyIsDrawnOnceAndStays) {
  const auto ring = members.ring();
  EXPECT_EQ(ring.epoch, 0);
  EXPECT_EQ(ring.newest_lease, LeaseId{});
  EXPECT_THAT(ring.members, IsEmpty());
  EXPECT_EQ(ring.hash_key.size(), 32U);
  EXPECT_EQ(ring.hash_key.find_first_not_of("0123456789abcdef"), std::string::npos);
  const auto other = shop.storage.open();
  EXPECT_EQ(Repositories(*other).members().ring(), ring);
  TestShop another(GetParam());
  EXPECT_NE(another.repositories.members().ring().hash_key, ring.hash_key);
}

TEST_P(MembersTest, AreReplacedInOneTransaction) {
  const auto sale = shop.sell(10);
  const auto first = replace(0, {b, a}, 100);
  EXPECT_EQ(first.epoch, 1);
  EXPECT_THAT(first.members, ElementsAre(a, b));
  EXPECT_EQ(first.newest_lease, LeaseId{});
  EXPECT_EQ(members.ring(), first);

  const auto lease = *shop.leases().grant(sale, 1, at(1));
  Member restarted = b;
  restarted.incarnation = "1111111111111111";
  const auto second = replace(1, {a, restarted}, 200);
  EXPECT_EQ(second.epoch, 2);
  EXPECT_EQ(second.hash_key, first.hash_key);
  EXPECT_EQ(second.newest_lease, lease);
  EXPECT_THAT(second.members, ElementsAre(a, restarted));
  EXPECT_THAT(joined_at(), ElementsAre(100, 200));

  shop.leases().grant(sale, 1, at(1));
  EXPECT_EQ(members.ring().newest_lease, lease);  // of the epoch, not of now
  EXPECT_THAT(replace(2, {}, 300).members, IsEmpty());
}

TEST_P(MembersTest, AChangeOfAnotherRingChangesNothing) {
  const auto first = replace(0, {a}, 100);
  EXPECT_EQ(replace(0, {b}, 200), first) << "another process was faster";
  EXPECT_EQ(members.ring(), first);
}

TEST_P(MembersTest, EveryChangeDrawsANonceAndItsPointsStay) {
  EXPECT_EQ(members.ring().nonce, "");
  EXPECT_EQ(members.ring().virtual_nodes, 150);
  const auto first = replace(0, {a}, 100);
  EXPECT_EQ(first.nonce.size(), 32U);
  const auto second = members.replace(
      shop.term(), {.epoch = 1, .members = first.members, .virtual_nodes = 8}, at(200));
  EXPECT_NE(second.nonce, first.nonce);
  EXPECT_TRUE(nonce_follows(second.nonce, first.nonce));
  EXPECT_FALSE(nonce_follows(first.nonce, second.nonce));
  EXPECT_EQ(second.virtual_nodes, 8);
  EXPECT_EQ(members.ring(), second);
}

/// The database has lost its tail, and a validator knows a later ring.
TEST_P(MembersTest, TheNextEpochIsBeyondAllThatAreKnown) {
  const auto ring =
      members.replace(shop.term(), {.epoch = 0, .above = 7, .members = std::array{a}}, at(100));
  EXPECT_EQ(ring.epoch, 8);
}

TEST_P(MembersTest, ALeaseIsGrantedInTheNameOfTheRingThatStands) {
  const auto sale = shop.sell(10);
  LeaseRequest request{.holder = a.holder(), .number = 1, .sale = sale, .ring_epoch = 1};
  EXPECT_FALSE(shop.leases().grant(shop.term(), request, 1, at(1)));
  replace(0, {a}, 100);
  EXPECT_TRUE(shop.leases().grant(shop.term(), request, 1, at(1)));
  replace(1, {a, b}, 100);
  EXPECT_TRUE(shop.leases().grant(shop.term(), request, 1, at(1))) << "the same request: its lease";
  request.number = 2;
  EXPECT_FALSE(shop.leases().grant(shop.term(), request, 1, at(1)));
}

}  // namespace
}  // namespace stampede::repositories::sql

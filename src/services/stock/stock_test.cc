#include "services/stock/stock.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <atomic>
#include <thread>

namespace stampede::services::stock {
namespace {

constexpr Tick kNow{};

class StockTest : public testing::Test {
 protected:
  std::vector<LeaseId> drained_;
  Stock stock_{{.drained = [this](LeaseId lease) { drained_.push_back(lease); }, .low = {}}};
};

TEST_F(StockTest, SellsEveryUnitAndNoMore) {
  stock_.add(LeaseId{1}, 2);
  auto first = stock_.take(kNow);
  auto second = stock_.take(kNow);
  ASSERT_TRUE(first && second);
  EXPECT_EQ(first->lease(), LeaseId{1});
  EXPECT_FALSE(stock_.take(kNow));
  std::move(*first).commit();
  EXPECT_TRUE(drained_.empty()) << "a unit is still reserved: its purchase may yet be queued";
  std::move(*second).commit();
  EXPECT_THAT(drained_, testing::ElementsAre(LeaseId{1}));
}

TEST_F(StockTest, ADroppedReservationIsBackInItsLease) {
  stock_.add(LeaseId{1}, 1);
  { const auto dropped = stock_.take(kNow); }
  EXPECT_EQ(stock_.available(), 1);
  EXPECT_TRUE(drained_.empty());
  EXPECT_TRUE(stock_.take(kNow));
}

TEST_F(StockTest, AFurtherLeaseIsSoldAfterTheFirst) {
  stock_.add(LeaseId{1}, 1);
  stock_.add(LeaseId{2}, 1);
  auto first = stock_.take(kNow);
  auto second = stock_.take(kNow);
  EXPECT_EQ(first->lease(), LeaseId{1});
  EXPECT_EQ(second->lease(), LeaseId{2});
}

TEST_F(StockTest, NothingIsTakenAtOrAfterTheDeadline) {
  stock_.add(LeaseId{1}, 2, kNow + std::chrono::seconds{5});
  EXPECT_TRUE(stock_.take(kNow + std::chrono::seconds{5} - std::chrono::microseconds{1}));
  EXPECT_FALSE(stock_.take(kNow + std::chrono::seconds{5}));
}

TEST_F(StockTest, ARenewalThatComesLateTakesNothingBack) {
  stock_.add(LeaseId{1}, 2, kNow + std::chrono::seconds{5});
  stock_.renew(LeaseId{1}, kNow + std::chrono::seconds{7});
  stock_.renew(LeaseId{1}, kNow + std::chrono::seconds{6});
  EXPECT_TRUE(stock_.take(kNow + std::chrono::seconds{7} - std::chrono::microseconds{1}));
  EXPECT_FALSE(stock_.take(kNow + std::chrono::seconds{7}));
}

TEST_F(StockTest, AFencedLeaseDrainsWhenItsLastReservationIsSettled) {
  stock_.add(LeaseId{1}, 5);
  stock_.add(LeaseId{2}, 5);
  {
    const auto reserved = stock_.take(kNow);
    stock_.fence();
    EXPECT_THAT(drained_, testing::ElementsAre(LeaseId{2}));
    EXPECT_FALSE(stock_.take(kNow));
  }
  EXPECT_THAT(drained_, testing::ElementsAre(LeaseId{2}, LeaseId{1}));
  EXPECT_EQ(stock_.available(), 0) << "a unit came back into a fenced lease";
}

// Method: threads take, drop and commit at random; at the end the committed units are exactly the
// granted ones, and each lease drained once. Run under TSan by ./test.
TEST(StockThreads, NoUnitIsLostOrDoubled) {
  constexpr int kLeases = 20;
  constexpr int kUnits = 500;
  std::atomic<int> drained{0};
  Stock stock{{.drained = [&](LeaseId) { ++drained; }, .low = {}}};
  for (int i = 1; i <= kLeases; ++i) stock.add(LeaseId{i}, kUnits);
  std::atomic<int> sold{0};
  {
    std::vector<std::jthread> threads;
    for (unsigned seed = 1; seed <= 4; ++seed) {
      threads.emplace_back([&, random = seed]() mutable {
        while (sold < kLeases * kUnits) {
          auto unit = stock.take(kNow);
          random = random * 1664525 + 1013904223;
          if (unit && random % 3 != 0) {
            std::move(*unit).commit();
            ++sold;
          }
        }
      });
    }
  }
  EXPECT_EQ(sold, kLeases * kUnits);
  EXPECT_EQ(drained, kLeases);
  EXPECT_FALSE(stock.take(kNow));
}

}  // namespace
}  // namespace stampede::services::stock

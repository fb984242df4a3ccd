#include "model/catalog/sale_position.h"

#include <gtest/gtest.h>

namespace stampede {
namespace {

using std::chrono::seconds;

constexpr Instant kStart{std::chrono::hours{1}};

TEST(SaleIsOver, OnceItHasEndedOrIsSettled) {
  Sale sale{.starts_at = kStart};
  EXPECT_FALSE(is_over(sale, std::nullopt, kStart + std::chrono::years{1}));
  EXPECT_FALSE(is_over(sale, kStart + seconds{10}, kStart + seconds{9}));
  EXPECT_TRUE(is_over(sale, kStart + seconds{10}, kStart + seconds{10}));
  sale.ends_at = kStart + seconds{20};
  EXPECT_FALSE(is_over(sale, std::nullopt, kStart + seconds{19}));
  EXPECT_TRUE(is_over(sale, std::nullopt, kStart + seconds{20}));
  EXPECT_FALSE(sale.ended_with_holds(kStart + seconds{19}));
  EXPECT_TRUE(sale.ended_with_holds(kStart + seconds{20}));
}

TEST(SaleIsOver, NotBeforeItsHoldsHaveRunOut) {
  Sale sale{.starts_at = kStart, .hold = seconds{60}};
  EXPECT_FALSE(is_over(sale, kStart, kStart + seconds{59}));
  EXPECT_TRUE(is_over(sale, kStart, kStart + seconds{60}));
  sale.ends_at = kStart + seconds{20};
  EXPECT_FALSE(is_over(sale, std::nullopt, kStart + seconds{79}));
  EXPECT_TRUE(is_over(sale, std::nullopt, kStart + seconds{80}));
  EXPECT_FALSE(sale.ended_with_holds(kStart + seconds{79}));
}

TEST(SalePosition, CountsAsSoldWhatTheStockLeaves) {
  const auto position = SalePosition::from_stock({.quantity = 10, .unleased = 3}, 2);
  EXPECT_EQ(position.units(),
            (UnitsByPlace{.quantity = 10, .unleased = 3, .leased = 2, .sold = 5}));
  EXPECT_TRUE(position.balanced());
  EXPECT_FALSE(position.sold_out());
}

TEST(SalePosition, IsSoldOutOnceNothingIsUnleasedOrLeased) {
  SalePosition position{.sale = {.quantity = 10, .unleased = 0}, .leased = 0, .sold = 9};
  EXPECT_TRUE(position.sold_out());
  EXPECT_EQ(position.accounted(), 9);
  EXPECT_FALSE(position.balanced()) << "a unit is nowhere";
  position.leased = 1;
  EXPECT_FALSE(position.sold_out());
  EXPECT_TRUE(position.balanced());
}

}  // namespace
}  // namespace stampede

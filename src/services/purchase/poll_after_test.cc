#include "services/purchase/poll_after.h"

#include <gtest/gtest.h>

namespace stampede::services::purchase {
namespace {

using std::chrono::milliseconds;
using std::chrono::minutes;
using std::chrono::seconds;

constexpr Instant kStart{std::chrono::hours{500'000}};

std::optional<milliseconds> before_start(milliseconds left) {
  return poll_after({.starts_at = kStart}, SaleStatus::kUpcoming, kStart - left);
}

TEST(PollAfter, SeldomUntilTheTermsAreFixed) {
  EXPECT_EQ(before_start(std::chrono::hours{48}), minutes{2});
  EXPECT_EQ(before_start(minutes{2}), seconds{115});
  EXPECT_EQ(before_start(seconds{60}), seconds{55});
  EXPECT_EQ(before_start(seconds{6} + milliseconds{200}), milliseconds{1200});
  EXPECT_EQ(before_start(milliseconds{5001}), seconds{1}) << "not twice in a moment";
}

TEST(PollAfter, OnceTheTermsAreFixedNotBeforeTheStart) {
  EXPECT_EQ(before_start(seconds{5}), seconds{10});
  EXPECT_EQ(before_start(milliseconds{1}), milliseconds{5001});
}

TEST(PollAfter, WhileItIsOnAndNeverAfterItIsSoldOut) {
  const Sale sale{.starts_at = kStart};
  EXPECT_EQ(poll_after(sale, SaleStatus::kOn, kStart), seconds{5});
  EXPECT_EQ(poll_after(sale, SaleStatus::kOn, kStart + minutes{10}), seconds{5});
  EXPECT_EQ(poll_after(sale, SaleStatus::kSoldOut, kStart + seconds{1}), std::nullopt);
  EXPECT_EQ(poll_after(sale, SaleStatus::kEnded, kStart + minutes{1}), minutes{2});
}

/// However late within its second each answer comes, and whatever the page adds (at most 2 s).
TEST(PollAfter, APageOfTwoMinutesEarlyAsksTwiceUntilTheStart) {
  for (const milliseconds late : {milliseconds{0}, milliseconds{700}, milliseconds{2000}}) {
    int asked = 0;
    for (milliseconds left = minutes{2}; left > milliseconds{0};) {
      ++asked;
      left -= *before_start(left) + late;
    }
    EXPECT_EQ(asked, 2) << late.count() << " ms late";
  }
}

}  // namespace
}  // namespace stampede::services::purchase

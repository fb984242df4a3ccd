// A thousand times, one buyer with two keys at the same moment and a limit of one. The two requests
// leave two threads that meet at a barrier, so that they race on the server's two threads.
#include <gmock/gmock.h>

#include <barrier>
#include <thread>

#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

constexpr std::int64_t kBuyers = 1000;

/// Buys with one key for each buyer in turn, in step with the other thread.
std::vector<CheckAnswer> buy_in_step(std::uint16_t port, ProductId product,
                                     const std::vector<MintedBuyer>& buyers,
                                     std::barrier<>& together) {
  std::vector<CheckAnswer> answers;
  for (const MintedBuyer& minted : buyers) {
    Buyer buyer(port, minted.id, minted.sign);
    buyer.get("/time");  // connected before the race begins
    together.arrive_and_wait();
    answers.push_back(buyer.order(product, fresh_key()));
  }
  return answers;
}

TEST(Twins, OneOfTwoPurchasesOfOneBuyerIsSold) {
  Shop shop(Environment{{"STAMPEDE_ADMISSION_CHECK_RATE", "0"}});
  const ProductId lamp = shop.open_sale({.quantity = 2 * kBuyers});
  const auto buyers = shop.mint(1, kBuyers);
  ASSERT_EQ(buyers.size(), kBuyers);

  std::barrier together(2);
  std::vector<CheckAnswer> right;
  std::thread other([&] { right = buy_in_step(shop.port(), lamp, buyers, together); });
  const std::vector<CheckAnswer> left = buy_in_step(shop.port(), lamp, buyers, together);
  other.join();

  for (std::size_t i = 0; i < buyers.size(); ++i) {
    const bool left_won = left[i].result == "sold";
    const CheckAnswer& winner = left_won ? left[i] : right[i];
    const CheckAnswer& loser = left_won ? right[i] : left[i];
    EXPECT_EQ(winner.result, "sold") << winner.response.body;
    EXPECT_THAT(loser.result, testing::AnyOf("limit-reached", "too-soon")) << loser.response.body;
  }
  EXPECT_EQ(shop.audited_orders(), kBuyers);
}

}  // namespace
}  // namespace stampede::test_support

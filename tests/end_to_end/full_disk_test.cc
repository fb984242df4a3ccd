// A disk that is really full: a small file system of this test's own, filled to the last byte while
// buyers buy. No yes may be said that a restart does not find.
#include <gmock/gmock.h>

#include <chrono>

#include "tests/support/eventually.h"
#include "tests/support/shop.h"
#include "tests/support/small_disk.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

TEST(FullDisk, NoYesIsSaidAndARestartIsClean) {
  SmallDisk disk(24 << 20);
  std::vector<std::int64_t> promised;
  constexpr std::int64_t kStock = 100'000;
  {
    Shop shop(disk.path() / "data", {{"STAMPEDE_ADMISSION_CHECK_RATE", "0"}});
    const ProductId lamp = shop.open_sale({.quantity = kStock});
    const auto buyers = shop.mint(1, 3000);
    const auto buy = [&](const MintedBuyer& minted) {
      return Buyer(shop.port(), minted.id, minted.sign).buy(lamp, fresh_key());
    };
    std::size_t next = 0;
    for (; next < 50; ++next) {
      const CheckAnswer answer = buy(buyers[next]);
      ASSERT_EQ(answer.status, 201) << answer.response.body;
      promised.push_back(answer.order);
    }

    disk.fill();
    // Pages already in the log's file may still take some orders; then no more.
    int refused = 0;
    while (refused < 50 && next < 2000) {
      const CheckAnswer answer = buy(buyers[next++]);
      if (answer.status == 201) {
        promised.push_back(answer.order);
        refused = 0;
        disk.fill();
      } else {
        ASSERT_TRUE(answer.status == 503 || answer.status == 202) << answer.response.body;
        ++refused;
      }
    }
    ASSERT_EQ(refused, 50) << "the disk never filled";

    disk.drain();
    ASSERT_TRUE(eventually(5s, [&] {
      const CheckAnswer answer = buy(buyers[next++]);
      if (answer.status == 201) promised.push_back(answer.order);
      return answer.status == 201;
    })) << shop.server().log();

    disk.fill();
    for (int i = 0; i < 20; ++i) {
      const CheckAnswer answer = buy(buyers[next++]);
      if (answer.status == 201) promised.push_back(answer.order);
    }
    shop.kill();
    disk.drain();
    shop.start();
    const CheckAnswer answer = buy(buyers[next++]);
    ASSERT_EQ(answer.status, 201) << answer.response.body;
    promised.push_back(answer.order);

    const std::string database = (shop.data() / "stampede.db").string();
    for (const std::int64_t number : promised) {
      const CommandResult row =
          run_command({"sqlite3", "-readonly", database,
                       "SELECT status FROM orders WHERE number = " + std::to_string(number)});
      ASSERT_EQ(row.exit, 0) << row.err;
      EXPECT_EQ(row.out, "success\n") << "order " << number << " was promised";
    }
    EXPECT_GE(shop.audited_orders(), static_cast<std::int64_t>(promised.size()));
    EXPECT_EQ(shop.stop(), 0);
  }
}

TEST(FullDisk, AStartOnAFullDiskSaysSo) {
  SmallDisk disk(1 << 20);
  disk.fill();
  const CommandResult result =
      run_command({stampede_binary(), "serve", "--data", (disk.path() / "data").string(),
                   "--listen", "127.0.0.1:0", "--console", "127.0.0.1:0"});
  EXPECT_GT(result.exit, 0);
  EXPECT_LT(result.exit, 126);
  EXPECT_THAT(result.err, testing::HasSubstr(disk.path().string()));
}

}  // namespace
}  // namespace stampede::test_support

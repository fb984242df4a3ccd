// A disk that is really full: a small file system of this test's own, filled to the last byte while
// buyers buy. No yes may be said that a restart does not find.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <algorithm>
#include <chrono>
#include <fstream>

#include "tests/support/eventually.h"
#include "tests/support/servers/small_disk.h"
#include "tests/support/shop.h"

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
    const auto sell_to = [&](const MintedBuyer& minted) {
      const CheckAnswer answer =
          Buyer(shop.port(), minted.id, minted.sign).order(lamp, fresh_key());
      ASSERT_EQ(answer.result, "sold") << answer.response.body << shop.server().log();
      promised.push_back(answer.order);
    };
    while (next < 50) sell_to(buyers[next++]);

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
    sell_to(buyers[next++]);

    disk.fill();
    for (int i = 0; i < 20; ++i) {
      const CheckAnswer answer = buy(buyers[next++]);
      if (answer.status == 201) promised.push_back(answer.order);
    }
    shop.kill();
    disk.drain();
    shop.start();
    sell_to(buyers[next++]);

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

TEST(FullDisk, TheLogOfASmallDiskStaysSmall) {
  SmallDisk disk(40 << 20);
  constexpr std::int64_t kStock = 30'000;
  Shop shop(disk.path() / "data", {{"STAMPEDE_ADMISSION_CHECK_RATE", "0"}});
  const ProductId lamp = shop.open_sale({.quantity = kStock});
  const std::filesystem::path buyers = disk.path() / "buyers";
  const std::filesystem::path answers = disk.path() / "answers";
  std::uintmax_t largest = 0;
  std::int64_t sold = 0;
  for (std::int64_t first = 1; sold < kStock; first += 5'000) {
    std::ofstream(buyers) << shop.run(
        {"mint", "--users", fmt::format("{}-{}", first, first + 4'999)});
    const CommandResult crowd =
        run_command({STAMPEDE_CROWD, "--port", std::to_string(shop.port()), "--product",
                     std::to_string(lamp.value), "--buyers", buyers.string(), "--answers",
                     answers.string(), "--connections", "64"});
    ASSERT_EQ(crowd.exit, 0) << crowd.err;
    largest = std::max(largest, std::filesystem::file_size(shop.data() / "stampede.db-wal"));
    sold = shop.audited_orders();
    ASSERT_EQ(sold, first + 4'999) << shop.server().log();
  }
  EXPECT_LT(largest, 8U << 20);
  fmt::print("log: at most {} bytes\n", largest);
  EXPECT_EQ(shop.stop(), 0);
}

void expect_not_ready(Shop& shop) {
  Buyer console(shop.server().console_port());
  const auto ready = console.get("/readyz");
  EXPECT_EQ(ready.status, 503);
  EXPECT_THAT(ready.body, testing::HasSubstr("The disk is full"));
  EXPECT_THAT(ready.body, testing::HasSubstr("stampede.db"));
  EXPECT_EQ(console.get("/healthz").status, 200);
}

class FullDiskAtStart : public testing::TestWithParam<bool> {};
INSTANTIATE_TEST_SUITE_P(After, FullDiskAtStart, testing::Bool(),
                         [](const auto& killed) { return killed.param ? "Kill" : "Stop"; });

TEST_P(FullDiskAtStart, ServeAnswers503AndSellsWhenThereIsRoom) {
  SmallDisk disk(24 << 20);
  Shop shop(disk.path() / "data", {{"STAMPEDE_ADMISSION_CHECK_RATE", "0"}});
  const ProductId lamp = shop.open_sale({.quantity = 100});
  const auto buyers = shop.mint(1, 2);
  const std::string key = fresh_key();
  const auto buyer = [&](int i) { return Buyer(shop.port(), buyers[i].id, buyers[i].sign); };
  ASSERT_EQ(buyer(0).order(lamp, key).result, "sold");
  if (GetParam()) {
    shop.kill();
  } else {
    ASSERT_EQ(shop.stop(), 0);
  }
  disk.fill();
  shop.start();
  EXPECT_EQ(buyer(1).buy(lamp, key).status, 503);
  expect_not_ready(shop);
  EXPECT_THAT(shop.server().log(), testing::HasSubstr("the disk is full"));
  disk.drain();
  EXPECT_TRUE(eventually(kPatience, [&] {
    try {
      return buyer(1).buy(lamp, key).result == "sold";
    } catch (const std::runtime_error&) {
      return false;  // its listeners are closed for a moment
    }
  })) << shop.server().log();
  EXPECT_EQ(Buyer(shop.server().console_port()).get("/readyz").status, 200);
  EXPECT_EQ(shop.audited_orders(), 2);
  EXPECT_EQ(shop.stop(), 0);
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

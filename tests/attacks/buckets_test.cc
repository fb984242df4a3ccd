// One address that takes all it can get from a token bucket, beside visitors of other addresses.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

/// Honest visitors, each of an address of its own: so many before an attack, and beside it.
constexpr int kHonest = 113;

std::unique_ptr<RawConnection> next_visitor(const Shop& shop, int visitor) {
  return std::make_unique<RawConnection>(shop.port(), fmt::format("127.2.{}.1", visitor).c_str());
}

/// At most a hundred a second, so that as many tokens come, on a fast machine too: the input of
/// these tests, not a wait.
bool pause() {
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return true;
}

TEST(Buckets, OneAddressLeavesTheProductPagesToOthers) {
  constexpr std::int64_t kStock = 2 * kBlocks * kHonest;
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = kStock});
  const std::string request =
      fmt::format("GET /product/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", lamp.value);
  HonestBuyers buyers(shop, lamp, kStock, [&](int visitor) { return next_visitor(shop, visitor); });
  buyers.prepare(kStock);
  const auto pages = [&] {
    return measure(
        kHonest,
        [&](int visitor) {
          return next_visitor(shop, visitor)->ask(request).starts_with("HTTP/1.1 200");
        },
        pause);
  };
  expect_served_beside(
      "product pages for one address",
      {{"pages", pages}, {"purchases", [&] { return buyers.buy(kHonest, pause); }}}, [&] {
        return flood_until(429, 0, {.port = shop.port(), .address = "127.0.0.2", .request = [&] {
                                      return request;
                                    }});
      });
  buyers.expect_all_sold_once();
}

/// One address has accounts that no limit keeps from buying, and no captcha before it.
TEST(Buckets, OneAddressLeavesTheSaleToOthers) {
  Shop shop({{"STAMPEDE_ADMISSION_CHECK_RATE", "200"},
             {"STAMPEDE_ADMISSION_CHECK_BURST", "200"},
             {"STAMPEDE_ADMISSION_INTERVAL_SECONDS", "0"}});
  constexpr std::int64_t kStock = 1'000'000;
  const ProductId lamp = shop.open_sale({.quantity = kStock, .limit = 1'000});
  HonestBuyers buyers(shop, lamp, kStock, [&](int visitor) { return next_visitor(shop, visitor); });
  buyers.prepare(2 * kBlocks * kHonest);
  constexpr std::size_t kAccounts = 20;
  const auto accounts = shop.mint(1, kAccounts);
  std::atomic<std::size_t> next = 0;
  std::vector<std::unique_ptr<Flood>> floods;
  expect_served_beside(
      "purchases for one address", {{"purchases", [&] { return buyers.buy(kHonest, pause); }}},
      [&] {
        floods.push_back(flood_until(
            429, 0, {.port = shop.port(), .address = "127.0.0.2", .at_once = 4, .request = [&] {
                       const MintedBuyer& account = accounts[next++ % kAccounts];
                       const std::string key = fresh_key();
                       buyers.answers().add_unread(account.id, lamp, key);
                       return check_request(lamp, account, key);
                     }}));
        return Stopping(*floods.back());
      });
  int bought = 0;
  for (const auto& flood : floods) bought += flood->answers(201);
  buyers.expect_orders(bought);
}

}  // namespace
}  // namespace stampede::test_support

// One account that asks for its own orders without end, beside buyers who ask for theirs.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <string>

#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 200;

std::string orders_request(const MintedBuyer& buyer) {
  return fmt::format("GET /orders HTTP/1.1\r\nHost: shop\r\nCookie: sign={}\r\n\r\n", buyer.sign);
}

/// From more connections than requests may wait, and from the very address of the others.
TEST(Orders, OneAccountLeavesOthersTheirs) {
  constexpr std::int64_t kStock = 2 * kBlocks * kHonest;
  constexpr const char* kAddress = "127.4.0.1";  // of honest buyers too
  Shop shop;
  HonestBuyers buyers(shop, shop.open_sale({.quantity = kStock}), kStock);
  buyers.prepare(kStock);
  const auto accounts = shop.mint(1, kHonest + 1);
  const auto sees_orders = [&](int i) {
    RawConnection connection(shop.port(), kAddress);
    return connection.ask(orders_request(accounts[static_cast<std::size_t>(i)]))
        .starts_with("HTTP/1.1 200");
  };
  const std::string request = orders_request(accounts.back());
  expect_served_beside("1,100 requests for orders at a time",
                       {{"orders", [&] { return measure(kHonest, sees_orders); }},
                        {"purchases", [&] { return buyers.buy(kHonest); }}},
                       [&] {
                         return flood_until(503, 1'000,
                                            {.port = shop.port(),
                                             .address = kAddress,
                                             .connections = 1'100,
                                             .at_once = 1,
                                             .request = [&] { return request; }});
                       });
  buyers.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support

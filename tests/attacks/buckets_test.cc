// One address that takes all it can get from a token bucket, beside visitors of other addresses.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <string>
#include <thread>

#include "tests/attacks/flood.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

/// Honest visitors, each of an address of its own, one request each; at least 95 of 100 of them are
/// to be served.
constexpr int kHonest = 113;
constexpr int kServed = kHonest * 95 / 100;

/// At most a hundred a second, so that as many tokens come, on a fast machine too: the input of
/// these tests, not a wait.
RawConnection next_visitor(const Shop& shop, int visitor) {
  std::this_thread::sleep_for(std::chrono::milliseconds{10});
  return RawConnection(shop.port(), fmt::format("127.2.{}.1", visitor).c_str());
}

TEST(Buckets, OneAddressLeavesTheProductPagesToOthers) {
  Shop shop;
  const ProductId lamp = shop.open_sale();
  const std::string request =
      fmt::format("GET /product/{} HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n", lamp.value);
  Flood flood({.port = shop.port(), .address = "127.0.0.2", .request = [&] { return request; }});
  ASSERT_TRUE(eventually(kPatience, [&] { return flood.answers(429) > 0; })) << "the bucket holds";
  int served = 0;
  for (int visitor = 0; visitor < kHonest; ++visitor) {
    RawConnection honest = next_visitor(shop, visitor);
    served += honest.ask(request).starts_with("HTTP/1.1 200") ? 1 : 0;
  }
  EXPECT_GE(served, kServed) << "of " << kHonest;
}

/// One address has accounts that no limit keeps from buying, and no captcha before it.
TEST(Buckets, OneAddressLeavesTheSaleToOthers) {
  Shop shop({{"STAMPEDE_ADMISSION_CHECK_RATE", "200"},
             {"STAMPEDE_ADMISSION_CHECK_BURST", "200"},
             {"STAMPEDE_ADMISSION_INTERVAL_SECONDS", "0"}});
  const ProductId lamp = shop.open_sale({.quantity = 1'000'000, .limit = 1'000});
  const auto check = [&](const MintedBuyer& buyer) {
    return fmt::format(
        "POST /check?productID={} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sign={}\r\n"
        "Idempotency-Key: {}\r\nContent-Length: 0\r\n\r\n",
        lamp.value, buyer.sign, fresh_key());
  };
  const auto buyers = shop.mint(1, kHonest);
  constexpr std::size_t kAccounts = 20;
  const auto accounts = shop.mint(kHonest + 1, kHonest + kAccounts);
  std::atomic<std::size_t> next = 0;
  Flood flood({.port = shop.port(), .address = "127.0.0.2", .at_once = 4, .request = [&] {
                 return check(accounts[next++ % kAccounts]);
               }});
  ASSERT_TRUE(eventually(kPatience, [&] { return flood.answers(429) > 0; })) << "the bucket holds";
  int served = 0;
  for (int visitor = 0; visitor < kHonest; ++visitor) {
    RawConnection honest = next_visitor(shop, visitor);
    const std::string answer = honest.ask(check(buyers[static_cast<std::size_t>(visitor)]));
    served += answer.starts_with("HTTP/1.1 20") ? 1 : 0;
  }
  EXPECT_GE(served, kServed) << "of " << kHonest;
  flood.stop();
  EXPECT_GT(shop.audited_orders(), 0) << "and the invariants hold";
}

}  // namespace
}  // namespace stampede::test_support

// Connections that do nothing but be there, or ask and do not read.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/raw_connection.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 100;

/// Twenty addresses hold more connections than there may be.
TEST(Connections, IdleOnesLeaveHonestBuyersServed) {
  Shop shop(Environment{{"STAMPEDE_HTTP_CONNECTIONS", "400"}});
  const ProductId lamp = shop.open_sale({.quantity = kHonest});
  const auto buyers = shop.mint(1, kHonest);
  std::vector<RawConnection> idle;
  for (int i = 0; i < 600; ++i) {
    idle.emplace_back(shop.port(), fmt::format("127.3.{}.1", i % 20).c_str());
    // Half of them have begun a request.
    if (i % 2 == 0) idle.back().send("GET / HTTP/1.1\r\nHost: ");
  }
  int sold = 0;
  const auto buy = [&](const MintedBuyer& buyer) {
    const std::string request = fmt::format(
        "POST /check?productID={} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sign={}\r\n"
        "Idempotency-Key: {}\r\nContent-Length: 0\r\n\r\n",
        lamp.value, buyer.sign, fresh_key());
    RawConnection honest(shop.port(), "127.4.0.1");
    honest.send(request);
    // A connection over the cap is closed without an answer.
    const auto answer = honest.read_until("\"order\"");
    return answer && answer->starts_with("HTTP/1.1 20");
  };
  // Until the first has waited for a second nothing is closed.
  ASSERT_TRUE(eventually(kPatience, [&] { return buy(buyers.front()); }));
  for (int i = 1; i < kHonest; ++i) sold += buy(buyers[static_cast<std::size_t>(i)]) ? 1 : 0;
  EXPECT_GE(sold, (kHonest - 1) * 95 / 100) << "of " << kHonest - 1;
  EXPECT_GE(shop.audited_orders(), sold) << "and the invariants hold";
}

/// Bytes that the kernel may keep for each connection of the server's port, of both directions, as
/// `ss` shows them: skmem:(r0,rb131072,t0,tb332800,...).
std::vector<long> kernel_limits(std::uint16_t port) {
  const auto shown = run_command({"ss", "--tcp", "--memory", "--numeric", "--no-header", "state",
                                  "established", fmt::format("sport = :{}", port)});
  EXPECT_EQ(shown.exit, 0) << shown.err;
  std::vector<long> limits;
  const auto number = [&](const char* name, std::size_t from) {
    const std::size_t at = shown.out.find(name, from);
    return std::stol(shown.out.substr(at + std::string_view(name).size()));
  };
  for (std::size_t at = shown.out.find("skmem:("); at != std::string::npos;
       at = shown.out.find("skmem:(", at + 1)) {
    limits.push_back(number(",rb", at) + number(",tb", at));
  }
  return limits;
}

TEST(Connections, UnreadPipelinesPinLittleMemory) {
  Shop shop;
  shop.open_sale();
  std::string pipeline;
  for (int i = 0; i < 200; ++i) pipeline += "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  std::vector<RawConnection> unread;
  for (int i = 0; i < 50; ++i) {
    unread.emplace_back(shop.port(), "127.0.0.2");
    ASSERT_TRUE(unread.back().send(pipeline));
  }
  ASSERT_TRUE(unread.front().readable_within(kPatience));
  const auto limits = kernel_limits(shop.port());
  ASSERT_GE(limits.size(), 50U);
  for (const long limit : limits) EXPECT_LE(limit, 256 * 1024);
}

}  // namespace
}  // namespace stampede::test_support

// Connections that do nothing but be there, or ask and do not read.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <functional>
#include <string>
#include <vector>

#include "tests/support/eventually.h"
#include "tests/support/raw_connection.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 100;

/// A shop with few connections, and an attacker of twenty addresses who holds more.
class Connections : public testing::Test {
 protected:
  /// Of honest buyers who come one after the other, those who buy.
  void attack_with(const std::function<std::string(int)>& sent) {
    for (int i = 0; i < 600; ++i) {
      attackers_.emplace_back(shop_.port(), fmt::format("127.3.{}.1", i % 20).c_str(), 4096);
      attackers_.back().send(sent(i));
    }
    // Until the first has waited for a second nothing is closed.
    ASSERT_TRUE(eventually(kPatience, [&] { return buy(buyers_.front()); }));
    int sold = 0;
    for (int i = 1; i < kHonest; ++i) sold += buy(buyers_[static_cast<std::size_t>(i)]) ? 1 : 0;
    EXPECT_GE(sold, (kHonest - 1) * 95 / 100) << "of " << kHonest - 1;
    EXPECT_GE(shop_.audited_orders(), sold) << "and the invariants hold";
  }
  bool buy(const MintedBuyer& buyer) {
    const std::string request = fmt::format(
        "POST /check?productID={} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sign={}\r\n"
        "Idempotency-Key: {}\r\nContent-Length: 0\r\n\r\n",
        lamp_.value, buyer.sign, fresh_key());
    RawConnection honest(shop_.port(), "127.4.0.1");
    honest.send(request);
    // A connection over the cap is closed without an answer.
    const auto answer = honest.read_until("\"order\"");
    return answer && answer->starts_with("HTTP/1.1 20");
  }

  Shop shop_{Environment{{"STAMPEDE_HTTP_CONNECTIONS", "400"}}};
  const ProductId lamp_ = shop_.open_sale({.quantity = kHonest});
  const std::vector<MintedBuyer> buyers_ = shop_.mint(1, kHonest);
  std::vector<RawConnection> attackers_;
};

const std::string kPipeline = [] {
  std::string pipeline;
  for (int i = 0; i < 200; ++i) pipeline += "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  return pipeline;
}();

TEST_F(Connections, IdleOnesLeaveHonestBuyersServed) {
  // Half of them have begun a request.
  attack_with([](int i) { return i % 2 == 0 ? "GET / HTTP/1.1\r\nHost: " : ""; });
}

TEST_F(Connections, ThoseThatDoNotReadLeaveHonestBuyersServed) {
  attack_with([](int) { return kPipeline; });
}

struct KernelMemory {
  long held = 0;
  long limit = 0;
};

/// Bytes that the kernel keeps, and may keep, for each connection of the server's port, of both
/// directions, as `ss` shows them: skmem:(r0,rb131072,t0,tb332800,f0,w0,...).
std::vector<KernelMemory> kernel_memory(std::uint16_t port) {
  const auto shown = run_command({"ss", "--tcp", "--memory", "--numeric", "--no-header", "state",
                                  "established", fmt::format("sport = :{}", port)});
  EXPECT_EQ(shown.exit, 0) << shown.err;
  std::vector<KernelMemory> memory;
  const auto number = [&](const char* name, std::size_t from) {
    const std::size_t at = shown.out.find(name, from);
    return std::stol(shown.out.substr(at + std::string_view(name).size()));
  };
  for (std::size_t at = shown.out.find("skmem:("); at != std::string::npos;
       at = shown.out.find("skmem:(", at + 1)) {
    memory.push_back({.held = number("(r", at) + number(",w", at),
                      .limit = number(",rb", at) + number(",tb", at)});
  }
  return memory;
}

TEST(UnreadPipelines, PinLittleMemory) {
  Shop shop;
  shop.open_sale();
  std::vector<RawConnection> unread;
  for (int i = 0; i < 50; ++i) {
    unread.emplace_back(shop.port(), "127.0.0.2");
    ASSERT_TRUE(unread.back().send(kPipeline));
  }
  ASSERT_TRUE(unread.front().readable_within(kPatience));
  const auto memory = kernel_memory(shop.port());
  ASSERT_GE(memory.size(), 50U);
  for (const auto& [held, limit] : memory) {
    EXPECT_LE(held, 256 * 1024);
    EXPECT_LE(limit, 256 * 1024);
  }
}

}  // namespace
}  // namespace stampede::test_support

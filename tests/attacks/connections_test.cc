// Connections that do nothing but be there, or ask and do not read.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <functional>
#include <string>
#include <thread>
#include <vector>

#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_connection.h"
#include "tests/support/servers/child.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 200;

/// A shop with few connections, and an attacker of twenty addresses who holds more.
class Connections : public testing::Test {
 protected:
  void attack_with(const std::string& attack, const std::function<std::string(int)>& sent) {
    const Honest calm = buyers_.buy(kHonest);
    for (int i = 0; i < 600; ++i) {
      attackers_.emplace_back(shop_.port(), fmt::format("127.3.{}.1", i % 20).c_str(), 4096);
      attackers_.back().send(sent(i));
    }
    // Until the first has waited for a second nothing is closed.
    ASSERT_TRUE(eventually(kPatience, [&] { return buyers_.buy(1).served() == 1; }));
    expect_served(attack, "purchases", calm, buyers_.buy(kHonest));
    attackers_.clear();
    buyers_.expect_all_sold_once();
  }

  static constexpr std::int64_t kStock = 2 * kHonest + 1;
  Shop shop_{Environment{{"STAMPEDE_HTTP_CONNECTIONS", "400"}}};
  HonestBuyers buyers_{shop_, shop_.open_sale({.quantity = kStock}), kStock};
  std::vector<RawConnection> attackers_;
};

const std::string kPipeline = [] {
  std::string pipeline;
  for (int i = 0; i < 200; ++i) pipeline += "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  return pipeline;
}();

TEST_F(Connections, IdleOnesLeaveHonestBuyersServed) {
  // Half of them have begun a request.
  attack_with("600 idle connections",
              [](int i) { return i % 2 == 0 ? "GET / HTTP/1.1\r\nHost: " : ""; });
}

/// Each asks again long before it has waited for a second, and comes again when it was closed.
TEST_F(Connections, ThoseThatKeepAskingLeaveHonestBuyersServed) {
  const std::string kAsk = "GET / HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n";
  const auto open = [&](int i) {
    RawConnection connection(shop_.port(), fmt::format("127.3.{}.1", i % 20).c_str(), 4096);
    connection.send(kAsk);
    return connection;
  };
  const Honest calm = buyers_.buy(kHonest);
  for (int i = 0; i < 600; ++i) attackers_.push_back(open(i));
  std::atomic<int> asked = 0;
  std::jthread asking([&](const std::stop_token& stopped) {
    stand_back();
    for (int i = 0; !stopped.stop_requested(); i = (i + 1) % 600) {
      RawConnection& connection = attackers_[static_cast<std::size_t>(i)];
      if (connection.response().empty() || !connection.send(kAsk)) connection = open(i);
      ++asked;
    }
  });
  ASSERT_TRUE(eventually(kPatience, [&] { return asked > 1'200; }));
  expect_served("600 connections that keep asking", "purchases", calm, buyers_.buy(kHonest));
  asking = {};
  attackers_.clear();
  buyers_.expect_all_sold_once();
}

TEST_F(Connections, ThoseThatDoNotReadLeaveHonestBuyersServed) {
  attack_with("600 connections that do not read", [](int) { return kPipeline; });
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
  constexpr std::int64_t kStock = 2 * kBlocks * kHonest;
  HonestBuyers buyers(shop, shop.open_sale({.quantity = kStock}), kStock);
  buyers.prepare(kStock);
  const auto expect_little_memory = [&] {
    const auto memory = kernel_memory(shop.port());
    EXPECT_GE(memory.size(), 50U);
    for (const auto& [held, limit] : memory) {
      EXPECT_LE(held, 256 * 1024);
      EXPECT_LE(limit, 256 * 1024);
    }
  };
  expect_served_beside("50 unread pipelines", {{"purchases", [&] { return buyers.buy(kHonest); }}},
                       [&] {
                         std::vector<RawConnection> unread;
                         for (int i = 0; i < 50; ++i) {
                           unread.emplace_back(shop.port(), "127.0.0.2");
                           EXPECT_TRUE(unread.back().send(kPipeline));
                         }
                         EXPECT_TRUE(unread.front().readable_within(kPatience));
                         expect_little_memory();
                         return unread;
                       });
  buyers.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support

// No attack, but the processor time of one: what honest buyers lose to it where attacker, buyers
// and server share a machine, at the priority that attackers have in these tests and without a
// request that the server would have to answer. The figures beside an attack are to be compared
// with these (docs/security.md).
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <chrono>
#include <cstdint>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <thread>
#include <vector>

#include "tests/attacks/honest.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using namespace std::chrono_literals;

constexpr int kHonest = 200;

/// Two threads, as a flood has, that take so many cores together in small pieces and do nothing.
class Spinners {
 public:
  explicit Spinners(double cores) {
    for (int i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this, share = cores / kThreads] { run(share); });
    }
  }
  ~Spinners() { stopping_ = true; }

 private:
  using Clock = std::chrono::steady_clock;
  static constexpr int kThreads = 2;
  static constexpr auto kPause = 1ms;

  void run(double share) const {
    stand_back();
    const auto began = Clock::now();
    while (!stopping_) {
      if (std::chrono::duration<double>(own_processor_time()) >= share * (Clock::now() - began)) {
        std::this_thread::sleep_for(kPause);  // the load rests; nothing is waited for
      }
    }
  }

  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;
};

/// The cores of TEST_CORES, such as "0.4,1.2"; otherwise from little to all of two.
std::vector<double> cores() {
  const char* given = std::getenv("TEST_CORES");
  std::string text = given != nullptr ? given : "0.25,0.5,1,1.5,2";
  std::vector<double> all;
  for (char* at = text.data(); *at != '\0'; at += *at == ',' ? 1 : 0) {
    char* end = nullptr;
    all.push_back(std::strtod(at, &end));
    if (end == at) throw std::invalid_argument("TEST_CORES: expected numbers with ',' between");
    at = end;
  }
  return all;
}

TEST(Control, BuyersBesideProcessorTimeThatAsksNothing) {
  const std::vector<double> loads = cores();
  const auto stock = static_cast<std::int64_t>(2 * kBlocks * kHonest * loads.size());
  Shop shop;
  HonestBuyers buyers(shop, shop.open_sale({.quantity = stock}), stock);
  for (const double load : loads) {
    buyers.prepare(2 * kBlocks * kHonest);
    expect_served_beside(fmt::format("{:.2f} cores that ask nothing", load),
                         {{"purchases", [&] { return buyers.buy(kHonest); }}},
                         [&] { return std::make_unique<Spinners>(load); });
  }
  buyers.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support

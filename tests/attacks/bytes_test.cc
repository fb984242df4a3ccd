// Bytes that no honest client sends, to the running server: the inputs of tests/fuzz/corpus.
#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

constexpr int kHonest = 200;

/// What the target `request` is given, without the first byte, which cuts it into pieces.
std::vector<std::string> inputs() {
  const std::filesystem::path folder = STAMPEDE_CORPUS "/request";
  std::vector<std::string> all;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    file.get();
    all.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  return all;
}

/// Sends each input on a connection of its own and leaves, again and again.
class Senders {
 public:
  explicit Senders(std::uint16_t port) : port_(port) {
    for (int i = 0; i < 2; ++i) threads_.emplace_back([this] { run(); });
  }
  ~Senders() { stopping_ = true; }
  int rounds() const { return rounds_; }

 private:
  void run() {
    stand_back();
    while (!stopping_) {
      for (const std::string& input : inputs_) {
        RawConnection connection(port_, "127.3.0.1");
        connection.send(input);
        ::shutdown(connection.descriptor(), SHUT_WR);
        connection.read_to_end();  // so that the server has read all of it
      }
      ++rounds_;
    }
  }

  const std::uint16_t port_;
  const std::vector<std::string> inputs_ = inputs();
  std::atomic<int> rounds_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;
};

TEST(Bytes, ThatNoHonestClientSendsLeaveBuyersServed) {
  Shop shop;
  ASSERT_GT(inputs().size(), 50U);
  constexpr std::int64_t kStock = 2 * kBlocks * kHonest;
  HonestBuyers buyers(shop, shop.open_sale({.quantity = kStock}), kStock);
  buyers.prepare(kStock);
  const auto all_are_sent = [](const Senders& senders) {
    ASSERT_TRUE(eventually(kPatience, [&] { return senders.rounds() > 1; }));
  };
  expect_served_beside("the fuzzer's inputs", {{"purchases", [&] { return buyers.buy(kHonest); }}},
                       [&] {
                         auto senders = std::make_unique<Senders>(shop.port());
                         all_are_sent(*senders);
                         return senders;
                       });
  buyers.expect_all_sold_once();
}

}  // namespace
}  // namespace stampede::test_support

// Files that an operator uploads and did not make.
#include "tests/support/pictures.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "tests/support/console.h"
#include "tests/support/drawn_pictures.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;

/// What the server has had of memory at most since reset_peak(), in MB.
long peak(Shop& shop) {
  std::ifstream status(fmt::format("/proc/{}/status", shop.server().pid()));
  for (std::string line; std::getline(status, line);) {
    if (line.starts_with("VmHWM:")) return std::stol(line.substr(6)) / 1024;
  }
  throw std::runtime_error("the kernel tells no VmHWM");
}
void reset_peak(Shop& shop) {
  std::ofstream(fmt::format("/proc/{}/clear_refs", shop.server().pid())) << "5";
}

/// Buyers who buy one after another until the end; how many of them did.
class HonestBuyers {
 public:
  HonestBuyers(Shop& shop, ProductId product, int most)
      : buyers_(shop.mint(1, most)),
        port_(shop.port()),
        product_(product),
        thread_([this] { run(); }) {}
  ~HonestBuyers() { stop(); }

  void stop() {
    over_ = true;
    if (thread_.joinable()) thread_.join();
  }
  int tried() const { return tried_; }
  int sold() const { return sold_; }

 private:
  void run() {
    for (const MintedBuyer& buyer : buyers_) {
      if (over_) return;
      ++tried_;
      const auto answer = Buyer(port_, buyer.id, buyer.sign).order(product_, fresh_key());
      sold_ += answer.result == "sold" ? 1 : 0;
    }
  }

  const std::vector<MintedBuyer> buyers_;
  const std::uint16_t port_;
  const ProductId product_;
  std::atomic<bool> over_ = false;
  std::atomic<int> tried_ = 0;
  std::atomic<int> sold_ = 0;
  std::thread thread_;
};

TEST(Pictures, SmallFilesOfHugePicturesAreRefusedAndCostNothing) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 10'000});
  Console console(shop);
  HonestBuyers honest(shop, lamp, 2'000);
  reset_peak(shop);
  const long before = peak(shop);
  const std::string bombs[] = {
      png(10'000, 10'000) + drawn_png(9, 9).substr(33),  // 400 MB of points in 100 bytes
      jpeg(65'535, 65'535), webp_lossless(16'384, 16'384), png(5'001, 5'000),
      // A frame that the header in front of it does not announce.
      webp_extended(9, 9) + drawn_webp(9, 9).substr(12)};
  for (int round = 0; round < 10; ++round) {
    for (const std::string& bomb : bombs) {
      const auto answer = console.upload(lamp, bomb);
      EXPECT_EQ(answer.status, 422) << answer.body;
      EXPECT_THAT(answer.body, HasSubstr("picture-refused"));
      EXPECT_THAT(answer.body, HasSubstr("expected"));
    }
  }
  honest.stop();
  EXPECT_LE(peak(shop) - before, 64) << "MB";
  EXPECT_GE(honest.sold(), honest.tried() * 95 / 100) << "of " << honest.tried();
  EXPECT_GT(honest.tried(), 0);
  EXPECT_EQ(shop.audited_orders(), honest.sold());
}

TEST(Pictures, TheLargestThatIsTakenIsDecodedOutsideTheServer) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.quantity = 10'000});
  Console console(shop);
  const std::string largest = png_of(pictures::Bitmap(5'000, 5'000));  // 100 MB of points
  EXPECT_LT(largest.size(), 1'000'000U);
  HonestBuyers honest(shop, lamp, 2'000);
  reset_peak(shop);
  const long before = peak(shop);
  const auto added = console.upload(lamp, largest);
  EXPECT_EQ(added.status, 201) << added.body;
  honest.stop();
  EXPECT_LE(peak(shop) - before, 64) << "MB";
  EXPECT_GE(honest.sold(), honest.tried() * 95 / 100) << "of " << honest.tried();
  EXPECT_GT(honest.tried(), 0);
  EXPECT_EQ(shop.audited_orders(), honest.sold());
  // What it was made of is served, not what was uploaded.
  const auto page = Buyer(shop.port()).get(fmt::format("/product/{}", lamp.value));
  EXPECT_EQ(page.status, 200);
}

}  // namespace
}  // namespace stampede::test_support

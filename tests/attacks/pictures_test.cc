// Files that an operator uploads and did not make.
#include "tests/support/pictures.h"

#include <fmt/format.h>
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>
#include <functional>
#include <string>
#include <thread>

#include "tests/attacks/honest.h"
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

constexpr int kHonest = 200;
constexpr int kMost = 1'000;  // beside the attack
constexpr std::int64_t kStock = kHonest + kMost;

class Pictures : public testing::Test {
 protected:
  /// Buyers buy for as long as the operator's uploads last.
  void upload_beside_buyers(const std::string& attack, const std::function<void()>& uploads) {
    const Honest calm = buyers_.buy(kHonest);
    buyers_.prepare(kMost);
    reset_peak(shop_);
    const long before = peak(shop_);
    std::atomic<bool> over = false;
    std::jthread attacker([&] {
      uploads();
      over = true;
    });
    const Honest beside = buyers_.buy(kMost, [&] { return !over; });
    attacker.join();
    EXPECT_LE(peak(shop_) - before, 64) << "MB";
    expect_served(attack, "purchases", calm, beside);
    buyers_.expect_all_sold_once();
  }

  Shop shop_;
  const ProductId lamp_ = shop_.open_sale({.quantity = kStock});
  Console console_{shop_};
  HonestBuyers buyers_{shop_, lamp_, kStock};
};

TEST_F(Pictures, SmallFilesOfHugePicturesAreRefusedAndCostNothing) {
  const std::string bombs[] = {
      png(10'000, 10'000) + drawn_png(9, 9).substr(33),  // 400 MB of points in 100 bytes
      jpeg(65'535, 65'535), webp_lossless(16'384, 16'384), png(5'001, 5'000),
      // A frame that the header in front of it does not announce.
      webp_extended(9, 9) + drawn_webp(9, 9).substr(12)};
  upload_beside_buyers("50 small files of huge pictures", [&] {
    for (int round = 0; round < 10; ++round) {
      for (const std::string& bomb : bombs) {
        const auto answer = console_.upload(lamp_, bomb);
        EXPECT_EQ(answer.status, 422) << answer.body;
        EXPECT_THAT(answer.body, HasSubstr("picture-refused"));
        EXPECT_THAT(answer.body, HasSubstr("expected"));
      }
    }
  });
}

TEST_F(Pictures, TheLargestThatIsTakenIsDecodedOutsideTheServer) {
  const std::string largest = png_of(pictures::Bitmap(5'000, 5'000));  // 100 MB of points
  EXPECT_LT(largest.size(), 1'000'000U);
  upload_beside_buyers("the largest picture", [&] {
    const auto added = console_.upload(lamp_, largest);
    EXPECT_EQ(added.status, 201) << added.body;
  });
  // What it was made of is served, not what was uploaded.
  const auto page = Buyer(shop_.port()).get(fmt::format("/product/{}", lamp_.value));
  EXPECT_EQ(page.status, 200);
}

}  // namespace
}  // namespace stampede::test_support

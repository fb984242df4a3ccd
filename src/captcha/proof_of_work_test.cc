#include "captcha/proof_of_work.h"

#include <gmock/gmock.h>
#include <sodium.h>

#include <array>
#include <set>
#include <vector>

namespace stampede::captcha {
namespace {

using std::chrono::seconds;
using Task = ProofOfWork::Task;

constexpr Tick kStart{std::chrono::hours{1}};

/// As a buyer's device finds it: by trying all.
std::int64_t solve(const Task& task) {
  std::array<unsigned char, crypto_hash_sha256_BYTES> wanted{};
  sodium_hex2bin(wanted.data(), wanted.size(), task.challenge.data(), task.challenge.size(),
                 nullptr, nullptr, nullptr);
  for (std::int64_t number = 0; number <= task.most; ++number) {
    const std::string text = task.salt + std::to_string(number);
    std::array<unsigned char, crypto_hash_sha256_BYTES> hash{};
    crypto_hash_sha256(hash.data(), reinterpret_cast<const unsigned char*>(text.data()),
                       text.size());
    if (hash == wanted) return number;
  }
  return -1;
}

TEST(ProofOfWork, TheNumberIsFoundByTryingAll) {
  ProofOfWork work(1000);
  std::set<std::int64_t> numbers;
  std::set<std::string> salts;
  for (int i = 0; i < 50; ++i) {
    const Task task = work.give(kStart, 1);
    EXPECT_EQ(task.most, 1000);
    EXPECT_EQ(task.salt.size(), 32u);
    EXPECT_EQ(solve(task), task.number);
    numbers.insert(task.number);
    salts.insert(task.salt);
  }
  EXPECT_GT(numbers.size(), 40u);
  EXPECT_EQ(salts.size(), 50u);
}

TEST(ProofOfWork, CostsMoreWhileManyAskAndLessAgainAfterwards) {
  ProofOfWork work(1000);
  const auto give = [&](std::int64_t count, Tick at) {
    Task task;
    for (std::int64_t i = 0; i < count; ++i) task = work.give(at, 1);
    return task.most;
  };
  EXPECT_EQ(give(ProofOfWork::kCalm, kStart), 1000);
  EXPECT_EQ(give(2 * ProofOfWork::kCalm, kStart + seconds{9}), 3000);
  EXPECT_EQ(give(1, kStart + seconds{10}), 3000) << "as dear as in the window before";
  EXPECT_EQ(give(1, kStart + seconds{20}), 1000);
  EXPECT_EQ(give(100 * ProofOfWork::kCalm, kStart + seconds{21}), 1000 * ProofOfWork::kDearest);
  EXPECT_EQ(give(1, kStart + seconds{60}), 1000);
}

TEST(ProofOfWork, CostsABuyerMoreWhoAsksOften) {
  ProofOfWork work(1000);
  std::vector<std::int64_t> prices;
  for (int nth = 1; nth <= 15; ++nth) prices.push_back(work.give(kStart, nth).most / 1000);
  EXPECT_THAT(prices, testing::ElementsAre(1, 1, 1, 1, 2, 4, 8, 16, 16, 16, 16, 16, 16, 16, 16));
}

/// 107 accounts that fetch as many as they may: only the first of each counts for others.
TEST(ProofOfWork, WhoAsksOftenMakesItDearForNobodyElse) {
  ProofOfWork work(1000);
  for (int account = 0; account < 107; ++account) {
    for (int nth = 1; nth <= 15; ++nth) work.give(kStart + seconds{nth}, nth);
  }
  EXPECT_EQ(work.give(kStart + seconds{15}, 1).most, 1000);
}

}  // namespace
}  // namespace stampede::captcha

// Scripts that fetch captchas and answer them, beside people who want one picture each.
#include "captcha/captcha.h"

#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/sha.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <map>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "identity/key_ring.h"
#include "model/time.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using captcha::Kind;
using testing::HasSubstr;

std::string picture_of(ProductId product, const std::string& key) {
  return fmt::format("/captcha?productID={}&key={}", product.value, key);
}

/// Which buyers were given a picture, by its bytes. Thread-safe.
class Deliveries {
 public:
  void add(const std::string& picture) {
    const std::lock_guard lock(mutex_);
    ++times_[picture];
  }
  std::size_t repeated() const {
    std::size_t repeated = 0;
    for (const auto& [picture, times] : times_) repeated += times > 1 ? 1 : 0;
    return repeated;
  }
  std::size_t pictures() const { return times_.size(); }

 private:
  std::mutex mutex_;
  std::map<std::string, int> times_;
};

http::ClientResponse verify(Buyer& buyer, ProductId product, const std::string& key,
                            const std::string& challenge, const std::string& answer) {
  const boost::json::object body{
      {"challenge", challenge}, {"answer", answer}, {"productID", product.value}, {"key", key}};
  return buyer.send({.method = "POST",
                     .target = "/captcha/verify",
                     .headers = {{"Content-Type", "application/json"}},
                     .body = boost::json::serialize(body)});
}

std::string text_of(const http::ClientResponse& response, std::string_view member) {
  return std::string(boost::json::parse(response.body).at(member).as_string());
}

/// Accounts that each take as many pictures as they get, all at once.
class Hoarders {
 public:
  Hoarders(const Shop& shop, std::vector<MintedBuyer> accounts, ProductId product,
           Deliveries& deliveries)
      : accounts_(std::move(accounts)), product_(product), deliveries_(deliveries) {
    for (std::size_t i = 0; i < kThreads; ++i) {
      threads_.emplace_back([this, port = shop.port(), i] { run(port, i); });
    }
  }
  ~Hoarders() { stop(); }
  Hoarders(const Hoarders&) = delete;
  Hoarders& operator=(const Hoarders&) = delete;

  void stop() {
    stopping_ = true;
    threads_.clear();
  }
  int asked() const { return asked_; }

 private:
  static constexpr std::size_t kThreads = 4;

  void run(std::uint16_t port, std::size_t first) {
    while (!stopping_) {
      for (std::size_t i = first; i < accounts_.size() && !stopping_; i += kThreads) {
        Buyer account(port, accounts_[i].id, accounts_[i].sign);
        const auto response = account.get(picture_of(product_, fresh_key()));
        ++asked_;
        if (response.status == 200) deliveries_.add(response.body);
      }
    }
  }

  const std::vector<MintedBuyer> accounts_;
  const ProductId product_;
  Deliveries& deliveries_;
  std::atomic<int> asked_ = 0;
  std::atomic<bool> stopping_ = false;
  std::vector<std::jthread> threads_;
};

TEST(Captcha, NoPictureGoesToTwoBuyersInAFloodEither) {
  constexpr int kHonest = 20;
  constexpr int kAccounts = 100;
  Shop shop(Environment{{"STAMPEDE_CAPTCHA_PICTURES_AHEAD", "32"}});
  const ProductId lamp = shop.open_sale({.captcha = true});
  const auto buyers = shop.mint(1, kHonest);
  Deliveries deliveries;
  Hoarders hoarders(shop, shop.mint(kHonest + 1, kHonest + kAccounts), lamp, deliveries);
  ASSERT_TRUE(eventually(kPatience, [&] { return hoarders.asked() > 2 * kAccounts; }));
  int served = 0;
  for (const MintedBuyer& each : buyers) {
    Buyer honest(shop.port(), each.id, each.sign);
    const std::string key = fresh_key();
    served += eventually(kPatience, [&] {
      const auto response = honest.get(picture_of(lamp, key));
      if (response.status == 200) deliveries.add(response.body);
      return response.status == 200;
    });
  }
  hoarders.stop();
  EXPECT_EQ(served, kHonest) << "each has a picture in the end";
  EXPECT_GT(deliveries.pictures(), 32u + kHonest) << "more than were drawn ahead";
  EXPECT_EQ(deliveries.repeated(), 0u) << "of " << deliveries.pictures();
}

TEST(Captcha, OneBuyerIsGivenOnlySoManyPicturesAMinute) {
  Shop shop;
  const ProductId lamp = shop.open_sale({.captcha = true});
  Buyer hoarder = shop.buyer(1);
  int given = 0;
  http::ClientResponse refused;
  ASSERT_TRUE(eventually(kPatience, [&] {
    refused = hoarder.get(picture_of(lamp, fresh_key()));
    given += refused.status == 200 ? 1 : 0;
    return refused.status == 429;
  }));
  EXPECT_GE(given, 15);
  EXPECT_LE(given, 30) << "a new minute may have begun meanwhile";
  EXPECT_THAT(refused.body, HasSubstr("#too-many-captchas\""));
  EXPECT_THAT(std::stoi(std::string(refused.header("Retry-After"))),
              testing::AllOf(testing::Ge(1), testing::Le(60)));
  EXPECT_EQ(shop.buyer(2).get(picture_of(lamp, fresh_key())).status, 200) << "others are";
}

TEST(Captcha, AnAnswerSoonerThanAPersonsEarnsNothing) {
  Shop shop(Environment{{"STAMPEDE_CAPTCHA_MINIMUM_SECONDS", "60"}});
  const ProductId lamp = shop.open_sale({.captcha = true});
  Buyer script = shop.buyer(1);
  const std::string key = fresh_key();
  const identity::KeyRing keys(shop.data() / "keys");
  const captcha::Tokens tokens(keys);
  const captcha::Subject subject{script.id(), lamp, *IdempotencyKey::parse(key)};
  const auto challenge = [&](int seconds_ago) {
    return tokens.seal_challenge(subject, Kind::kPicture, "RIGHT",
                                 read_clocks().wall - std::chrono::seconds{seconds_ago});
  };
  const std::string early = challenge(0);
  for (int i = 0; i < 10; ++i) {
    const auto response = verify(script, lamp, key, early, "RIGHT");
    EXPECT_EQ(response.status, 429);
    EXPECT_THAT(response.body, HasSubstr("#too-fast\"")) << "and not as a wrong one";
  }
  const auto passed = verify(script, lamp, key, challenge(61), "RIGHT");
  ASSERT_EQ(passed.status, 200) << passed.body;
  EXPECT_EQ(script.order(lamp, key, text_of(passed, "pass")).status, 201);
}

/// As a device finds it: by trying all numbers.
std::string solve(const boost::json::object& task) {
  const std::string salt(task.at("salt").as_string());
  const std::string wanted(task.at("challenge").as_string());
  for (std::int64_t number = 0; number <= task.at("maxnumber").as_int64(); ++number) {
    const std::string text = salt + std::to_string(number);
    std::array<unsigned char, SHA256_DIGEST_LENGTH> hash{};
    SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), hash.data());
    std::string hex;
    for (const unsigned char byte : hash) hex += fmt::format("{:02x}", byte);
    if (hex == wanted) return std::to_string(number);
  }
  return "none";
}

TEST(Captcha, AProofOfWorkIsGoodOnceAndForItsBuyerAlone) {
  Shop shop(
      Environment{{"STAMPEDE_CAPTCHA_MINIMUM_SECONDS", "0"}, {"STAMPEDE_CAPTCHA_WORK", "20000"}});
  const ProductId lamp = shop.open_sale({.captcha = true});
  Buyer honest = shop.buyer(1);
  Buyer thief = shop.buyer(2);
  const std::string key = fresh_key();
  const auto given = honest.get(fmt::format("/captcha/work?productID={}&key={}", lamp.value, key));
  ASSERT_EQ(given.status, 200) << given.body;
  const auto task = boost::json::parse(given.body).as_object();
  const std::string sealed(task.at("signature").as_string());
  const std::string answer = solve(task);

  EXPECT_THAT(verify(thief, lamp, key, sealed, answer).body, HasSubstr("#captcha-wrong\""));
  EXPECT_THAT(verify(honest, lamp, fresh_key(), sealed, answer).body, HasSubstr("#captcha-wrong\""))
      << "nor for another purchase of its own";
  const auto passed = verify(honest, lamp, key, sealed, answer);
  ASSERT_EQ(passed.status, 200) << passed.body;
  EXPECT_THAT(verify(honest, lamp, key, sealed, answer).body, HasSubstr("#captcha-used\""));

  const std::string pass = text_of(passed, "pass");
  EXPECT_EQ(thief.buy(lamp, key, pass).result, "captcha-required");
  EXPECT_EQ(honest.buy(lamp, fresh_key(), pass).result, "captcha-required");
  EXPECT_EQ(honest.order(lamp, key, pass).status, 201);
  EXPECT_EQ(shop.audited_orders(), 1);
}

}  // namespace
}  // namespace stampede::test_support

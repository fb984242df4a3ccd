// Scripts that fetch captchas and answer them, beside people who want one picture each.
#include <fmt/format.h>
#include <gmock/gmock.h>
#include <openssl/sha.h>

#include <array>
#include <atomic>
#include <boost/json.hpp>
#include <memory>
#include <string>
#include <thread>
#include <vector>

#include "tests/attacks/captcha_readers.h"
#include "tests/attacks/flood.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

namespace stampede::test_support {
namespace {

using testing::HasSubstr;

constexpr int kHonest = 100;

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
    stand_back();
    std::vector<Buyer> mine;  // each keeps its connection, of which a machine has only so many
    for (std::size_t i = first; i < accounts_.size(); i += kThreads) {
      mine.emplace_back(port, accounts_[i].id, accounts_[i].sign);
    }
    while (!stopping_) {
      for (Buyer& account : mine) {
        if (stopping_) return;
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
  constexpr int kReaders = 50;  // a busy machine draws few pictures a second
  constexpr int kAccounts = 100;
  constexpr int kAhead = 32;
  constexpr int kAll = 2 * kBlocks * kReaders;
  Shop shop(Environment{{"STAMPEDE_CAPTCHA_PICTURES_AHEAD", std::to_string(kAhead)}});
  const ProductId lamp = shop.open_sale({.quantity = kAll, .captcha = true});
  Readers readers(shop, lamp, kAll);
  // Others in each block: those of the one before have had their pictures for a minute.
  const auto accounts = shop.mint(10'001, 10'000 + kBlocks * kAccounts);
  const Deliveries& deliveries = readers.deliveries();
  auto next = accounts.begin();
  const auto all_have_asked = [](const Hoarders& hoarders) {
    ASSERT_TRUE(eventually(kPatience, [&] { return hoarders.asked() > 2 * kAccounts; }));
  };
  expect_served_beside(
      "100 accounts that hoard captchas", {{"purchases", [&] { return readers.buy(kReaders); }}},
      [&] {
        const std::vector<MintedBuyer> some(next, next + kAccounts);
        next += kAccounts;
        auto hoarders = std::make_unique<Hoarders>(shop, some, lamp, readers.deliveries());
        all_have_asked(*hoarders);
        return hoarders;
      },
      [&] { await_pictures(shop, kAhead, deliveries.pictures()); });
  EXPECT_EQ(readers.sold(), kAll) << "each has a picture in the end";
  EXPECT_GT(deliveries.pictures(), std::size_t{kAhead + kAll}) << "more than were drawn ahead";
  EXPECT_EQ(deliveries.repeated(), 0u) << "of " << deliveries.pictures();
  EXPECT_EQ(shop.audited_orders(), readers.sold());
  readers.answers().expect_kept(shop);
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
  Buyer other = shop.buyer(2);
  const std::string key = fresh_key();
  // A busy machine may not have drawn one yet.
  EXPECT_TRUE(eventually(kPatience, [&] { return other.get(picture_of(lamp, key)).status == 200; }))
      << "others are";
}

TEST(Captcha, AnAnswerSoonerThanAPersonsEarnsNothing) {
  constexpr int kAll = 2 * kBlocks * kHonest;
  Shop shop(Environment{{"STAMPEDE_CAPTCHA_MINIMUM_SECONDS", "60"}});
  const ProductId lamp = shop.open_sale({.quantity = kAll + 1, .captcha = true});
  Readers readers(shop, lamp, kAll);
  Buyer script = shop.buyer(10'001);
  const std::string key = fresh_key();
  const auto fresh = [&] { return readers.challenges().seal(script.id(), lamp, key, 0); };
  for (int i = 0; i < 10; ++i) {
    const auto response = verify(script, lamp, key, fresh(), "RIGHT");
    EXPECT_EQ(response.status, 429);
    EXPECT_THAT(response.body, HasSubstr("#too-fast\"")) << "and not as a wrong one";
  }
  const auto request = [&] {
    const std::string body = answer_body(lamp, key, fresh(), "RIGHT");
    return fmt::format(
        "POST /captcha/verify HTTP/1.1\r\nHost: shop\r\nCookie: sign={}\r\n"
        "Content-Type: application/json\r\nContent-Length: {}\r\n\r\n{}",
        script.sign(), body.size(), body);
  };
  // For each of a block a picture has been drawn before: what is measured is not the drawing.
  const auto all_drawn = [&] { await_pictures(shop, 256, readers.deliveries().pictures()); };
  expect_served_beside(
      "answers at a script's pace", {{"purchases", [&] { return readers.buy(kHonest); }}},
      [&] {
        all_drawn();
        return flood_until(
            429, 100,
            {.port = shop.port(), .address = "127.3.0.1", .at_once = 1, .request = request});
      },
      all_drawn);

  const auto passed =
      verify(script, lamp, key, readers.challenges().seal(script.id(), lamp, key, 61), "RIGHT");
  ASSERT_EQ(passed.status, 200) << passed.body;
  const CheckAnswer bought = script.order(lamp, key, text_of(passed, "pass"));
  EXPECT_EQ(bought.status, 201);
  readers.answers().add(script.id(), lamp, key, bought);
  EXPECT_EQ(shop.audited_orders(), readers.sold() + 1);
  readers.answers().expect_kept(shop);
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

std::string work_of(ProductId product, const std::string& key) {
  return fmt::format("/captcha/work?productID={}&key={}", product.value, key);
}

/// Buyers who cannot see pictures, one after the other: each has its device work, and buys.
class Workers {
 public:
  Workers(const Shop& shop, ProductId product, int count)
      : port_(shop.port()), product_(product), accounts_(shop.mint(1, count)) {}

  Honest buy(int count) {
    return measure(count, [&](int) { return buys(accounts_[next_++]); });
  }
  /// The most numbers that one of them had to try.
  std::int64_t dearest() const { return dearest_; }
  Answers& answers() { return answers_; }

 private:
  bool buys(const MintedBuyer& account) {
    Buyer buyer(port_, account.id, account.sign);
    const std::string key = fresh_key();
    const auto given = buyer.get(work_of(product_, key));
    if (given.status != 200) return false;
    const auto task = boost::json::parse(given.body).as_object();
    dearest_ = std::max(dearest_, task.at("maxnumber").as_int64());
    const auto passed = verify(buyer, product_, key, text_of(given, "signature"), solve(task));
    return order_with(passed, buyer, product_, key, answers_);
  }

  const std::uint16_t port_;
  const ProductId product_;
  const std::vector<MintedBuyer> accounts_;
  Answers answers_;
  std::size_t next_ = 0;
  std::int64_t dearest_ = 0;
};

/// 107 accounts that fetch as many as they may made it 16 times as dear for everybody once.
TEST(Captcha, AFloodOfProofsOfWorkMakesNoneDearerForOthers) {
  constexpr int kWorkers = 20;
  constexpr std::size_t kAccounts = 107;
  constexpr std::int64_t kNumbers = 20'000;
  Shop shop(Environment{{"STAMPEDE_CAPTCHA_MINIMUM_SECONDS", "0"},
                        {"STAMPEDE_CAPTCHA_WORK", std::to_string(kNumbers)}});
  const ProductId lamp = shop.open_sale({.quantity = 2 * kWorkers, .captcha = true});
  Workers workers(shop, lamp, 2 * kWorkers);
  const Honest calm = workers.buy(kWorkers);
  const auto accounts = shop.mint(1'001, 1'000 + kAccounts);
  std::atomic<std::size_t> asked = 0;
  Flood flood({.port = shop.port(), .address = "127.3.0.1", .at_once = 1, .request = [&] {
                 return fmt::format("GET {} HTTP/1.1\r\nHost: shop\r\nCookie: sign={}\r\n\r\n",
                                    work_of(lamp, fresh_key()), accounts[asked++ % kAccounts].sign);
               }});
  ASSERT_TRUE(eventually(kPatience, [&] { return flood.answers(429) > 100; }));
  const Honest beside = workers.buy(kWorkers);
  flood.stop();
  expect_served("107 accounts that fetch proofs of work", "purchases", calm, beside);
  EXPECT_GE(flood.answers(200), static_cast<int>(15 * kAccounts));
  EXPECT_EQ(workers.dearest(), kNumbers);
  EXPECT_EQ(shop.audited_orders(), 2 * kWorkers);
  workers.answers().expect_kept(shop);
}

TEST(Captcha, AProofOfWorkIsGoodForOnePurchaseOfItsBuyerAlone) {
  Shop shop(
      Environment{{"STAMPEDE_CAPTCHA_MINIMUM_SECONDS", "0"}, {"STAMPEDE_CAPTCHA_WORK", "20000"}});
  const ProductId lamp = shop.open_sale({.captcha = true});
  Buyer honest = shop.buyer(1);
  Buyer thief = shop.buyer(2);
  const std::string key = fresh_key();
  const auto given = honest.get(work_of(lamp, key));
  ASSERT_EQ(given.status, 200) << given.body;
  const auto task = boost::json::parse(given.body).as_object();
  const std::string sealed(task.at("signature").as_string());
  const std::string answer = solve(task);

  EXPECT_THAT(verify(thief, lamp, key, sealed, answer).body, HasSubstr("#captcha-wrong\""));
  EXPECT_THAT(verify(honest, lamp, fresh_key(), sealed, answer).body, HasSubstr("#captcha-wrong\""))
      << "nor for another purchase of its own";
  const auto passed = verify(honest, lamp, key, sealed, answer);
  ASSERT_EQ(passed.status, 200) << passed.body;
  EXPECT_EQ(verify(honest, lamp, key, sealed, answer).status, 200) << "its answer may be lost";

  const std::string pass = text_of(passed, "pass");
  Answers answers;
  const auto told = [&](const Buyer& buyer, const std::string& intent, const CheckAnswer& heard) {
    answers.add(buyer.id(), lamp, intent, heard);
    return heard;
  };
  EXPECT_EQ(told(thief, key, thief.buy(lamp, key, pass)).result, "captcha-required");
  const std::string other = fresh_key();
  EXPECT_EQ(told(honest, other, honest.buy(lamp, other, pass)).result, "captcha-required");
  EXPECT_EQ(told(honest, key, honest.order(lamp, key, pass)).status, 201);
  EXPECT_EQ(shop.audited_orders(), 1);
  answers.expect_kept(shop);
}

}  // namespace
}  // namespace stampede::test_support

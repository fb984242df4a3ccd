#pragma once

#include <fmt/format.h>

#include <boost/json.hpp>
#include <chrono>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "captcha/captcha.h"
#include "concurrency/mutex.h"
#include "identity/key_ring.h"
#include "model/time.h"
#include "tests/attacks/answers.h"
#include "tests/attacks/honest.h"
#include "tests/support/eventually.h"
#include "tests/support/shop.h"

/// The captcha's routes, and people who read pictures.
namespace stampede::test_support {

inline std::string picture_of(ProductId product, const std::string& key) {
  return fmt::format("/captcha?productID={}&key={}", product.value, key);
}

/// Which buyers were given a picture, by its bytes. Thread-safe.
class Deliveries {
 public:
  void add(const std::string& picture) {
    const concurrency::MutexLock lock(mutex_);
    ++times_[picture];
  }
  std::size_t repeated() const {
    const concurrency::MutexLock lock(mutex_);
    std::size_t repeated = 0;
    for (const auto& [picture, times] : times_) repeated += times > 1 ? 1 : 0;
    return repeated;
  }
  std::size_t pictures() const {
    const concurrency::MutexLock lock(mutex_);
    return times_.size();
  }

 private:
  mutable concurrency::Mutex mutex_;
  std::map<std::string, int> times_ STAMPEDE_GUARDED_BY(mutex_);
};

inline std::string answer_body(ProductId product, const std::string& key,
                               const std::string& challenge, const std::string& answer) {
  return boost::json::serialize(boost::json::object{
      {"challenge", challenge}, {"answer", answer}, {"productID", product.value}, {"key", key}});
}

inline http::ClientResponse verify(Buyer& buyer, ProductId product, const std::string& key,
                                   const std::string& challenge, const std::string& answer) {
  return buyer.send({.method = "POST",
                     .target = "/captcha/verify",
                     .headers = {{"Content-Type", "application/json"}},
                     .body = answer_body(product, key, challenge, answer)});
}

/// Waits until a shop that draws `ahead` pictures ahead has drawn them, after so many were given:
/// it draws eight before it listens.
inline void await_pictures(Shop& shop, std::size_t ahead, std::size_t given) {
  const std::string name = "\nstampede_captchas_drawn_total ";
  ASSERT_TRUE(eventually(kPatience, [&] {
    const auto metrics = Buyer(shop.server().console_port()).get("/metrics").body;
    return std::stoul(metrics.substr(metrics.find(name) + name.size())) + 8 >= ahead + given;
  }));
}

inline std::string text_of(const http::ClientResponse& response, std::string_view member) {
  return std::string(boost::json::parse(response.body).at(member).as_string());
}

/// Challenges whose answers are known, since no test reads a picture: sealed by the shop's keys.
class Challenges {
 public:
  explicit Challenges(const Shop& shop) : keys_(shop.data() / "keys") {}

  std::string seal(UserId buyer, ProductId product, const std::string& key, int seconds_ago) const {
    return tokens_.seal_challenge({buyer, product, *IdempotencyKey::parse(key)},
                                  captcha::Kind::kPicture, "RIGHT",
                                  read_clocks().wall - std::chrono::seconds{seconds_ago});
  }

 private:
  const identity::KeyRing keys_;
  const captcha::Tokens tokens_{keys_};
};

/// The purchase with the pass that /captcha/verify has answered with, if it has; what the buyer is
/// told is kept in `answers`. True if it is sold.
inline bool order_with(const http::ClientResponse& verified, Buyer& buyer, ProductId product,
                       const std::string& key, Answers& answers) {
  if (verified.status != 200) return false;
  const CheckAnswer answer = buyer.order(product, key, text_of(verified, "pass"));
  answers.add(buyer.id(), product, key, answer);
  return answer.result == "sold";
}

/// People of accounts 1, 2 and so on, each of whom reads a picture and buys.
class Readers {
 public:
  Readers(const Shop& shop, ProductId product, int count)
      : port_(shop.port()), product_(product), accounts_(shop.mint(1, count)), challenges_(shop) {}

  /// The next ones.
  Honest buy(int count) {
    const Honest honest = measure(count, [&](int) { return buys(accounts_[next_++]); });
    sold_ += honest.served();
    return honest;
  }
  int sold() const { return sold_; }
  const Challenges& challenges() const { return challenges_; }
  Deliveries& deliveries() { return deliveries_; }
  /// What they were told, and whoever else bought.
  Answers& answers() { return answers_; }

 private:
  /// Asks for a picture until there is one, and answers as if a minute had passed.
  bool buys(const MintedBuyer& account) {
    Buyer buyer(port_, account.id, account.sign);
    const std::string key = fresh_key();
    const bool given = eventually(kPatience, [&] {
      const auto response = buyer.get(picture_of(product_, key));
      if (response.status == 200) deliveries_.add(response.body);
      return response.status == 200;
    });
    if (!given) return false;
    const std::string sealed = challenges_.seal(account.id, product_, key, 61);
    return order_with(verify(buyer, product_, key, sealed, "RIGHT"), buyer, product_, key,
                      answers_);
  }

  const std::uint16_t port_;
  const ProductId product_;
  const std::vector<MintedBuyer> accounts_;
  const Challenges challenges_;
  Deliveries deliveries_;
  Answers answers_;
  std::size_t next_ = 0;
  int sold_ = 0;
};

}  // namespace stampede::test_support

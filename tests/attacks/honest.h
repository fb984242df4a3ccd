#pragma once

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <time.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <functional>
#include <iterator>
#include <memory>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "concurrency/stand_back.h"
#include "tests/attacks/answers.h"
#include "tests/support/buyer.h"
#include "tests/support/eventually.h"
#include "tests/support/raw_connection.h"
#include "tests/support/shop.h"

/// What honest people get, before an attack and beside it. Their times are printed and recorded.
/// What is expected of them is so little that a machine's pace does not matter (expect_served).
namespace stampede::test_support {

inline std::chrono::nanoseconds processor_time(clockid_t clock) {
  timespec time{};
  ::clock_gettime(clock, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}
/// Of this thread.
inline std::chrono::nanoseconds own_processor_time() {
  return processor_time(CLOCK_THREAD_CPUTIME_ID);
}
/// Of this process's other threads: the attacker's, where one thread is honest.
inline std::chrono::nanoseconds others_processor_time() {
  return processor_time(CLOCK_PROCESS_CPUTIME_ID) - own_processor_time();
}

/// What the thread of an attacker begins with. A real attacker has processors of its own; one that
/// shares the server's gets what the server leaves, so that the figures speak of what the server
/// does for it, and not of the machine. It is not the lowest priority, at which it would stand
/// still on a machine with other work.
inline void stand_back() { concurrency::stand_back(10); }

/// What some honest people did, one after another.
struct Honest {
  using Clock = std::chrono::steady_clock;

  int asked = 0;
  std::vector<Clock::duration> times = {};  // of those who were served
  double attackers_cores = 0;               // that others_processor_time() took meanwhile

  /// One more; `task()` says whether they are served.
  template <class Task>
  bool add(const Task& task) {
    ++asked;
    const auto began = Clock::now();
    if (!task()) return false;
    times.push_back(Clock::now() - began);
    return true;
  }
  int served() const { return static_cast<int>(times.size()); }
  /// Others did the same at another time.
  void add_all(const Honest& others) {
    const int all = asked + others.asked;
    if (all == 0) return;
    attackers_cores = (attackers_cores * asked + others.attackers_cores * others.asked) / all;
    asked = all;
    times.insert(times.end(), others.times.begin(), others.times.end());
  }
  /// The least time, in ms, within which that part of those who were served were; -1 of nobody.
  double quantile(double part) const {
    if (times.empty()) return -1;
    auto sorted = times;
    std::ranges::sort(sorted);
    const auto rank = std::ceil(part * static_cast<double>(sorted.size()));
    return std::chrono::duration<double, std::milli>(
               sorted[static_cast<std::size_t>(std::max(rank, 1.0)) - 1])
        .count();
  }
};

/// Whether one more comes; what it waits for is not timed.
using More = std::function<bool()>;
inline const More kAlways = [] { return true; };

/// The first honest people, at most so many; `task(i)` says whether the one of that number is
/// served.
template <class Task>
Honest measure(int most, const Task& task, const More& more = kAlways) {
  Honest honest;
  const auto began = Honest::Clock::now();
  const auto others_began = others_processor_time();
  for (int i = 0; i < most && more(); ++i) honest.add([&] { return task(i); });
  honest.attackers_cores = std::chrono::duration<double>(others_processor_time() - others_began) /
                           std::chrono::duration<double>(Honest::Clock::now() - began);
  return honest;
}

/// What is expected of how long honest people wait beside an attack.
enum class Wait {
  kShort,  // nine of ten are served within four times as long as before, or within 5 s
  /// Nothing, because those who serve stand back behind whatever else the machine has to do, and
  /// the test counts what goes before each.
  kCounted,
};

/// At least 95 of 100 are served, before the attack and beside it. `doing`: what they do, a word.
inline void expect_served(const std::string& attack, const std::string& doing, const Honest& before,
                          const Honest& beside, Wait wait = Wait::kShort) {
  std::string text = attack + ":";
  for (const auto& [when, honest] : {std::pair("beside", &beside), {"before", &before}}) {
    const double median = honest->quantile(0.5);
    const double p99 = honest->quantile(0.99);
    text += fmt::format(" {} it {} of {} {}, p50 {:.1f} ms, p99 {:.1f} ms;", when, honest->served(),
                        honest->asked, doing, median, p99);
    const auto record = [&](const char* what, const std::string& value) {
      testing::Test::RecordProperty(fmt::format("{}_{}_{}", doing, when, what), value);
    };
    record("served", fmt::format("{} of {}", honest->served(), honest->asked));
    record("p50_ms", fmt::format("{:.1f}", median));
    record("p99_ms", fmt::format("{:.1f}", p99));
    EXPECT_GT(honest->asked, 0) << doing << ' ' << when << ' ' << attack;
    EXPECT_GE(honest->served() * 100, honest->asked * 95) << doing << ' ' << when << ' ' << attack;
  }
  if (wait == Wait::kShort) {
    EXPECT_LE(beside.quantile(0.9), std::max(4 * before.quantile(0.9), 5'000.0))
        << doing << " beside " << attack;
  }
  fmt::print("{} p99 {:.1f} times; the attacker had {:.2f} cores\n", text,
             beside.quantile(0.99) / before.quantile(0.99), beside.attackers_cores);
}

/// Honest people of one kind: a word for what they do, and so many of them, one after another.
struct People {
  std::string doing;
  std::function<Honest()> some;
  Honest before = {};
  Honest beside = {};
};

/// How often an attack begins anew.
constexpr int kBlocks = 5;

/// Honest people without an attack and beside it, kBlocks times in turn, so that other work of the
/// machine slows both alike, and there are so many that a few do not decide. `begin()` begins the
/// attack, which lasts for as long as what it returns; `calm()` waits until nothing is left of it.
/// As expect_served() says.
template <class Begin>
void expect_served_beside(
    const std::string& attack, std::vector<People> all, const Begin& begin,
    const std::function<void()>& calm = [] {}) {
  for (int i = 0; i < kBlocks; ++i) {
    calm();
    for (People& people : all) people.before.add_all(people.some());
    [[maybe_unused]] const auto under_way = begin();
    if (testing::Test::HasFatalFailure()) return;
    for (People& people : all) people.beside.add_all(people.some());
  }
  for (const People& people : all) {
    expect_served(attack, people.doing, people.before, people.beside);
  }
}

/// A purchase of the intent `key`, without the captcha's pass.
inline std::string check_request(ProductId product, const MintedBuyer& buyer,
                                 const std::string& key) {
  return fmt::format(
      "POST /check?productID={} HTTP/1.1\r\nHost: 127.0.0.1\r\nCookie: sign={}\r\n"
      "Idempotency-Key: {}\r\nContent-Length: 0\r\n\r\n",
      product.value, buyer.sign, key);
}

/// Of the bytes that came; "lost" if there are none.
inline CheckAnswer read_check(const std::string& response) {
  if (response.size() < 12) return {.status = 0, .result = "lost", .order = 0, .response = {}};
  return read_check({.status = std::atoi(response.c_str() + 9),
                     .headers = {},
                     .body = response.substr(response.find("\r\n\r\n") + 4)});
}

/// True if the answer is a yes; while it is "pending", the same is asked again, for kPatience.
/// False too if the server closes the connection, as it does beyond its cap. Adds what was told.
inline bool buys(RawConnection& connection, ProductId product, const MintedBuyer& buyer,
                 Answers& answers) {
  const std::string key = fresh_key();
  const std::string request = check_request(product, buyer, key);
  CheckAnswer answer;
  const bool decided = eventually(kPatience, [&] {
    answer = read_check(connection.ask(request));
    answers.add(buyer.id, product, key, answer);
    return answer.status != 202;
  });
  return decided && (answer.status == 200 || answer.status == 201);
}

/// Buyers of a sale without captcha, who come one after another and buy one unit each. For one
/// thread.
class HonestBuyers {
 public:
  /// Of the buyer with that number, made when it comes.
  using Connect = std::function<std::unique_ptr<RawConnection>(int)>;

  /// `stock`: the units of the sale, which is the shop's only one.
  HonestBuyers(const Shop& shop, ProductId product, std::int64_t stock, Connect connect = {})
      : shop_(shop), product_(product), stock_(stock), connect_(std::move(connect)) {
    if (connect_) return;
    connect_ = [&shop](int) { return std::make_unique<RawConnection>(shop.port(), "127.4.0.1"); };
  }

  /// Makes sessions for that many now, which takes a process, so that buy() begins at once.
  void prepare(int count) {
    const std::int64_t first = kFirst + minted_;
    const auto lacking = count - static_cast<int>(ready_.size());
    if (lacking <= 0) return;
    minted_ += lacking;
    std::ranges::copy(shop_.mint(first, first + lacking - 1), std::back_inserter(ready_));
  }
  /// The next ones, at most so many, and no sooner than kBetween one after another.
  Honest buy(int most, const More& more = kAlways) {
    const auto buyers = next(most);
    const Honest honest = measure(
        most,
        [&](int i) {
          return buys(*connect_(i), product_, buyers[static_cast<std::size_t>(i)], *answers_);
        },
        [&] {
          std::this_thread::sleep_until(earliest_);  // the test's input; nothing is waited for
          earliest_ = Honest::Clock::now() + kBetween;
          return more();
        });
    sold_ += honest.served();
    return honest;
  }
  /// What they were told, and whoever else bought.
  Answers& answers() { return *answers_; }
  /// Every yes is the order that it named, and the audit finds no breach, neither of the sale nor
  /// of what was told. `others`: yeses that the attacker read.
  void expect_orders(std::int64_t others = 0) const {
    answers_->expect_kept(shop_);
    const auto orders = shop_.audited_orders();
    EXPECT_GE(orders, sold_ + others);
    EXPECT_LE(orders, stock_);
  }
  /// The same, and the units that are left are sold, each once, and then no more.
  void expect_all_sold_once() {
    expect_orders();
    const auto left = static_cast<int>(std::max(stock_ - shop_.audited_orders(), std::int64_t{0}));
    for (const MintedBuyer& buyer : next(left)) {
      // Connections of the attack may not be closed yet.
      EXPECT_TRUE(
          eventually(kPatience, [&] { return buys(*connect_(0), product_, buyer, *answers_); }));
    }
    EXPECT_EQ(buy(1).served(), 0) << "all is sold";
    answers_->expect_kept(shop_);
    EXPECT_EQ(shop_.audited_orders(), stock_);
  }

 private:
  static constexpr std::int64_t kFirst = 100'001;  // below it are the attackers' accounts
  /// At its default rate the token bucket of `/check` gets two tokens meanwhile, so that honest
  /// buyers alone do not empty it, however fast the machine is.
  static constexpr std::chrono::milliseconds kBetween{2};

  std::vector<MintedBuyer> next(int count) {
    prepare(count);
    const auto end = ready_.begin() + count;
    std::vector<MintedBuyer> taken(ready_.begin(), end);
    ready_.erase(ready_.begin(), end);
    return taken;
  }

  const Shop& shop_;
  const ProductId product_;
  const std::int64_t stock_;
  Connect connect_;
  std::vector<MintedBuyer> ready_;
  std::int64_t minted_ = 0;
  std::int64_t sold_ = 0;
  Honest::Clock::time_point earliest_;  // for the next buyer to come
  std::unique_ptr<Answers> answers_ = std::make_unique<Answers>();
};

}  // namespace stampede::test_support

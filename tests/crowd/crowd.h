#pragma once

#include <chrono>
#include <cstdint>
#include <map>
#include <queue>
#include <random>
#include <string>
#include <vector>

#include "tests/crowd/answer_log.h"
#include "tests/crowd/shopper.h"

namespace stampede::crowd {

using Clock = std::chrono::steady_clock;

/// The buyers, what each still waits for, and the record of what they were told. Every buyer wants
/// one unit, asks until the answer is a yes or a no, and repeats with the same key whatever leaves
/// that open. For one thread.
class Crowd {
 public:
  struct Options {
    std::int64_t product = 1;
    std::string host;  // "127.0.0.1:8082"
    std::uint64_t seed = 0;
    int longest_wait = 4;  // seconds; a buyer refused again and again waits longer, up to this
    std::int64_t tell_every = 0;  // prints `sold N` at every multiple of it; 0: never
  };
  Crowd(Options options, std::vector<Shopper> shoppers, AnswerLog& log);

  bool finished() const { return undecided_ == 0; }
  std::size_t undecided() const { return undecided_; }
  /// The next buyer whose time has come, taken out of the queue; nullptr if there is none now.
  Shopper* next(Clock::time_point now);
  /// When the next one's time comes; never later than a moment from now.
  Clock::time_point next_due(Clock::time_point now) const;

  std::string request_of(const Shopper& shopper) const;
  /// The server could not be connected to: nothing was asked.
  void unreachable(Shopper& shopper, Clock::time_point now);
  /// Records the reply, then decides what the buyer does next.
  void heard(Shopper& shopper, Reply reply, Clock::duration latency, Clock::time_point now);

  /// Rates, counts and percentiles, for people.
  std::string summary(Clock::duration elapsed) const;
  std::int64_t sold() const { return sold_; }

 private:
  struct Due {
    Clock::time_point time;
    Shopper* shopper;
    friend bool operator>(const Due& a, const Due& b) { return a.time > b.time; }
  };

  std::string key_of(const Shopper& shopper) const;
  void looked(Shopper& shopper, const Reply& reply, Clock::time_point now);
  void record(const Shopper& shopper, const Reply& reply);
  void decide(const Reply& reply);
  void again(Shopper& shopper, Clock::time_point due) { waiting_.push({due, &shopper}); }
  std::chrono::microseconds jitter(std::chrono::microseconds most);

  Options options_;
  std::vector<Shopper> shoppers_;
  AnswerLog* log_;
  std::mt19937_64 random_;
  std::priority_queue<Due, std::vector<Due>, std::greater<>> waiting_;
  std::size_t undecided_;
  std::int64_t sold_ = 0;
  std::map<std::string, std::int64_t> refused_;   // definite answers, by kind
  std::map<std::string, std::int64_t> repeated_;  // what made a buyer ask again, by kind
  std::vector<std::uint32_t> latencies_;          // microseconds
};

}  // namespace stampede::crowd

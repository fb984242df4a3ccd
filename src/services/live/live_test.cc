// A virtual clock, a store and a database of the test's own.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <stdexcept>

#include "services/live/sale_sampler.h"
#include "tests/support/fakes/fake_units.h"

namespace stampede::services::live {
namespace {

using testing::ElementsAre;
using testing::Eq;
using testing::IsEmpty;
using testing::Optional;
using testing::SizeIs;

constexpr SaleId kSale{3};
constexpr std::size_t kSoldOut = static_cast<std::size_t>(Verdict::kSoldOut);
constexpr std::size_t kPending = static_cast<std::size_t>(Verdict::kPending);

Instant second(std::int64_t n) { return Instant{std::chrono::seconds{n}}; }

Waits waits(std::initializer_list<std::pair<std::size_t, std::int64_t>> buckets) {
  Waits made{};
  for (const auto& [bucket, count] : buckets) made.at(bucket) = count;
  return made;
}

TEST(Quantile, IsInterpolatedWithinItsBucket) {
  EXPECT_EQ(quantile({}, 0.5), std::nullopt);
  // Bucket 10 holds 513 to 1024 us.
  EXPECT_THAT(quantile(waits({{10, 100}}), 0.5), Optional(768));
  EXPECT_THAT(quantile(waits({{10, 100}}), 1), Optional(1'024));
  EXPECT_THAT(quantile(waits({{10, 99}, {20, 1}}), 0.99), Optional(1'024));
  EXPECT_THAT(quantile(waits({{10, 98}, {20, 2}}), 0.99), Optional(786'432));
  EXPECT_THAT(quantile(waits({{0, 1}}), 0.5), Optional(1));
  EXPECT_THAT(quantile(waits({{27, 1}}), 0.5), Optional(1 << 26));  // beyond all buckets
}

Source source(const std::string& id, std::int64_t sold_out, std::int64_t fast = 0,
              std::int64_t slow = 0) {
  CheckCounts counts;
  counts.answers[kSoldOut] = sold_out;
  counts.waits = waits({{10, fast}, {11, slow}});
  return {id, counts};
}

struct CountIncreaseTest : testing::Test {
  CountIncrease increase;
  Tick now{};

  std::int64_t sold_out(const std::vector<Source>& sources) {
    return increase.advance(sources, now).answers[kSoldOut];
  }
};

TEST_F(CountIncreaseTest, CountsWhatWasAddedSinceTheLastTime) {
  EXPECT_EQ(increase.advance({source("a", 100, 5, 5)}, now),
            CheckCounts{});  // it may have run for days
  const CheckCounts counted = increase.advance({source("a", 107, 6, 8)}, now);
  EXPECT_EQ(counted.answers[kSoldOut], 7);
  EXPECT_EQ(counted.attempts(), 7);
  EXPECT_EQ(counted.waits[10], 1);
  EXPECT_EQ(counted.waits[11], 3);
  EXPECT_EQ(counted.waits[12], 0);
  EXPECT_EQ(increase.advance({source("a", 107, 6, 8)}, now), CheckCounts{});
}

TEST_F(CountIncreaseTest, ASourceThatBeganAgainCountsFromZero) {
  sold_out({source("a", 100, 50)});
  const CheckCounts counted = increase.advance({source("a", 3, 60)}, now);
  EXPECT_EQ(counted.answers[kSoldOut], 3);
  EXPECT_EQ(counted.waits[10], 60);  // more than before, and yet all of it is new
}

TEST_F(CountIncreaseTest, SourcesComeAndGoWithoutASpikeOrADebt) {
  sold_out({source("a", 100), source("b", 1'000)});
  EXPECT_EQ(sold_out({source("a", 110)}), 10);                       // b is gone
  EXPECT_EQ(sold_out({source("a", 111), source("c", 5'000)}), 1);    // c is new here
  EXPECT_EQ(sold_out({source("b", 1'002), source("c", 5'003)}), 5);  // b was only away
  EXPECT_EQ(sold_out({{"a", {}}, source("b", 1'002)}), 0);           // a has told nothing yet
  EXPECT_EQ(sold_out({source("a", 113)}), 2);
}

TEST_F(CountIncreaseTest, ForgetsASourceThatIsLongGone) {
  sold_out({source("a", 100)});
  now += std::chrono::hours{2};
  sold_out({source("b", 1)});
  EXPECT_EQ(sold_out({source("a", 150)}), 0);
}

Sample sample_at(std::int64_t n, std::int64_t sold_out = 1) {
  Sample sample{.at = second(n), .units = {.quantity = 10}};
  sample.counted.answers[kSoldOut] = sold_out;
  return sample;
}

TEST(SampleHistory, KeepsEveryCountInABoundedNumberOfSamples) {
  SampleHistory history(4);
  for (std::int64_t n = 1; n <= 1'000; ++n) {
    history.add(sample_at(n));
    ASSERT_LE(history.samples().size(), 4U);
  }
  std::int64_t count = 0, seconds = 0;
  for (const Sample& each : history.samples()) {
    count += each.counted.answers[kSoldOut];
    seconds += each.seconds;
    EXPECT_LE(each.seconds, 256);
  }
  EXPECT_EQ(count, 1'000);
  EXPECT_EQ(seconds, 1'000);
  EXPECT_EQ(history.samples().front().at, second(256));
  EXPECT_EQ(history.samples().back().at, second(1'000));
}

TEST(SampleHistory, MergedSamplesShowTheWorstAndTheLast) {
  Sample first = sample_at(1);
  first.queue_depth = 9;
  first.units.sold = 1;
  Sample next = sample_at(2);
  next.queue_depth = 2;
  next.units.sold = 5;
  const Sample both = merged(first, next);
  EXPECT_EQ(both.at, second(2));
  EXPECT_EQ(both.seconds, 2);
  EXPECT_EQ(both.queue_depth, 9);
  EXPECT_EQ(both.units.sold, 5);
  EXPECT_EQ(both.counted.answers[kSoldOut], 2);
  next.queue_depth.reset();
  EXPECT_EQ(merged(first, next).queue_depth, 9);
}

TEST(SampleBody, ComesBackAsItWas) {
  Sample sample = sample_at(7, 12);
  sample.seconds = 2;
  sample.counted.answers[kPending] = 4;
  sample.counted.answers[CheckCounts::kRefused] = 3;
  sample.counted.waits = waits({{0, 1}, {27, 2}});
  sample.units.unleased = 1;
  sample.units.leased = 2;
  sample.units.sold = 3;
  sample.units.failed = 4;
  sample.leased_by_node = {{"a\"b", LeaseState::kFenced, 5, 3}};
  EXPECT_THAT(from_body(sample.at, to_body(sample)), Optional(Eq(sample)));
  sample.queue_depth = 0;
  EXPECT_THAT(from_body(sample.at, to_body(sample)), Optional(Eq(sample)));
}

TEST(SampleBody, IsBounded) {
  Sample sample = sample_at(7);
  for (auto& answer : sample.counted.answers) answer = 1'000'000'000'000;
  for (auto& wait : sample.counted.waits) wait = 1'000'000'000'000;
  for (int i = 0; i < 60; ++i) {
    sample.leased_by_node.push_back({std::string(32, 'x'), LeaseState::kFenced, 1'000'000'000, 1});
  }
  EXPECT_LT(to_body(sample).size(), 8'000U);
  sample.leased_by_node.resize(1'000);
  EXPECT_LT(to_body(sample).size(), 8'000U);
}

TEST(SampleBody, ThatNobodyWroteIsRefusedByItsInstant) {
  for (const char* body : {"", "[]", "{}", R"({"seconds":"1"})"}) {
    const auto sample = from_body(second(0), body);
    ASSERT_FALSE(sample) << body;
    EXPECT_THAT(sample.error(), testing::StartsWith("the sample of 1970-01-01T00:00:00.000Z"));
  }
  std::string body = to_body(sample_at(1));
  body.replace(body.find("[]"), 2, "[99,1]");
  EXPECT_FALSE(from_body(second(0), body));
}

/// One sale on a shop that counts what the test says.
class LiveFeedTest : public testing::Test {
 protected:
  LiveFeedTest() { sale().sale.ends_at = second(200); }

  repositories::PositionByHolder& sale() { return shop_.of_sale.at(kSale); }
  std::vector<SaleSampler::Seen> tick(std::int64_t n, std::int64_t ms = 0) {
    now_.wall = second(n) + std::chrono::milliseconds{ms};
    auto seen = sampler_.tick(now_);
    sampler_.save();
    return seen;
  }
  std::vector<Instant> stored_at() const {
    std::vector<Instant> instants;
    for (const auto& each : shop_.stored) instants.push_back(each.at);
    return instants;
  }

  test_support::FakeUnits shop_ = [] {
    test_support::FakeUnits shop;
    shop.add(kSale, second(100));
    return shop;
  }();
  Totals totals_{.sources = {source("a", 0)}, .queue_depth = 0};
  Now now_{};
  SaleSampler sampler_{{shop_, shop_, [this] { return totals_; }}};
};

TEST_F(LiveFeedTest, WatchesASaleFromItsStartToAMinuteAfterItsEnd) {
  EXPECT_THAT(tick(99, 999), IsEmpty());
  EXPECT_FALSE(sampler_.history(kSale));
  EXPECT_THAT(tick(100), SizeIs(1));
  EXPECT_TRUE(sampler_.history(kSale));
  EXPECT_THAT(tick(259), SizeIs(1));
  EXPECT_THAT(tick(260), IsEmpty());
  EXPECT_FALSE(sampler_.history(kSale));
}

TEST_F(LiveFeedTest, EachSampleIsWhatHappenedInItsSecond) {
  tick(100);
  totals_ = {.sources = {source("a", 30, 4)}, .queue_depth = 17};
  shop_.sell(kSale, 4);
  sale().failed = 1;
  shop_.hold(kSale, {{"a", LeaseState::kOpen, 5, 4}});
  const auto seen = tick(101, 10);
  ASSERT_THAT(seen, SizeIs(1));
  EXPECT_EQ(seen[0].units.sale.id, kSale);
  const Sample& sample = seen[0].sample;
  EXPECT_EQ(sample.at, second(101));
  EXPECT_EQ(sample.seconds, 1);
  EXPECT_EQ(sample.counted.answers[kSoldOut], 30);
  EXPECT_EQ(sample.counted.waits[10], 4);
  EXPECT_EQ(sample.queue_depth, 17);
  EXPECT_EQ(sample.units.quantity, 10);
  EXPECT_EQ(sample.units.unleased, 6);
  EXPECT_EQ(sample.units.leased, 1);
  EXPECT_EQ(sample.units.sold, 4);
  EXPECT_EQ(sample.units.failed, 1);
  EXPECT_THAT(sample.leased_by_node, ElementsAre(sale().leased_by_node[0]));
  EXPECT_EQ(tick(102)[0].sample.counted, CheckCounts{});
}

TEST_F(LiveFeedTest, TwoTicksInOneSecondAreOneSample) {
  tick(100);
  totals_.sources = {source("a", 30)};
  EXPECT_THAT(tick(100, 990), IsEmpty());
  totals_.sources = {source("a", 50)};
  const auto seen = tick(103, 10);
  EXPECT_EQ(seen.at(0).sample.counted.answers[kSoldOut], 50);
  EXPECT_EQ(seen.at(0).sample.seconds, 3);
}

TEST_F(LiveFeedTest, ADatabaseThatIsAwayLosesNoCount) {
  tick(100);
  totals_.sources = {source("a", 30)};
  shop_.broken = true;
  EXPECT_THROW(tick(101), std::runtime_error);
  shop_.broken = false;
  totals_.sources = {source("a", 35)};
  const auto seen = tick(102);
  EXPECT_EQ(seen.at(0).sample.counted.answers[kSoldOut], 35);
  EXPECT_EQ(seen.at(0).sample.seconds, 2);
}

TEST_F(LiveFeedTest, ASampleThatCannotBeStoredIsStoredLater) {
  tick(100);
  shop_.sell(kSale, 1);
  shop_.full = true;
  EXPECT_THROW(tick(101), std::runtime_error);
  EXPECT_THAT(*sampler_.history(kSale), SizeIs(2));
  shop_.full = false;
  shop_.sell(kSale, 1);
  tick(102);
  EXPECT_THAT(stored_at(), ElementsAre(second(100), second(101), second(102)));
}

TEST_F(LiveFeedTest, OfAQuietTimeItsFirstAndLastSecondAreKept) {
  tick(100);
  shop_.sell(kSale, 1);
  tick(101);
  totals_.sources = {source("a", 1)};
  tick(102);
  for (std::int64_t n = 103; n < 150; ++n) tick(n);
  shop_.sell(kSale, 1);
  tick(150);
  EXPECT_THAT(stored_at(), ElementsAre(second(100), second(101), second(102), second(103),
                                       second(149), second(150)));
  EXPECT_THAT(*sampler_.history(kSale), SizeIs(6));
}

TEST_F(LiveFeedTest, ARestartGoesOnWithWhatIsStored) {
  tick(100);
  shop_.sell(kSale, 3);
  tick(101);
  SaleSampler next{{shop_, shop_, [this] { return totals_; }}};
  next.tick({.wall = second(102), .tick = {}});
  const auto history = next.history(kSale);
  ASSERT_TRUE(history);
  ASSERT_THAT(*history, SizeIs(3));
  EXPECT_EQ(history->at(1).units.sold, 3);
}

TEST_F(LiveFeedTest, SalesAreWatchedSideBySide) {
  shop_.add(SaleId{4}, second(101));
  EXPECT_THAT(tick(100), SizeIs(1));
  totals_.sources = {source("a", 9)};
  const auto seen = tick(101);
  ASSERT_THAT(seen, SizeIs(2));
  EXPECT_EQ(seen[0].sample.counted, seen[1].sample.counted);  // of the whole shop
}

TEST_F(LiveFeedTest, StatisticsTellPeaksAndWhenAllWasSold) {
  tick(100);
  totals_.sources = {source("a", 40)};
  shop_.sell(kSale, 4);
  totals_.queue_depth = 8;
  tick(101);
  totals_.sources = {source("a", 50)};
  totals_.queue_depth = 1;
  shop_.sell(kSale, 6);
  tick(103);
  tick(104);
  totals_.sources = {source("a", 51)};
  tick(105);
  const SaleStatistics statistics = sampler_.statistics(sale().sale);
  EXPECT_EQ(statistics.counted.attempts(), 51);
  EXPECT_EQ(statistics.attempts.per_second, 40);
  EXPECT_EQ(statistics.attempts.at, second(101));
  EXPECT_EQ(statistics.sold.per_second, 4);  // and not 6 in the two seconds until 103
  EXPECT_EQ(statistics.most_queued, 8);
  EXPECT_EQ(statistics.sold_out_at, second(103));
}

TEST_F(LiveFeedTest, WhatWasSoldUnwatchedIsNoPeak) {
  tick(100);
  shop_.sell(kSale, 8);
  SaleSampler next{{shop_, shop_, [this] { return totals_; }}};
  next.tick({.wall = second(180), .tick = {}});
  next.save();
  EXPECT_DOUBLE_EQ(next.statistics(sale().sale).sold.per_second, 0.1);
}

TEST_F(LiveFeedTest, AddedStockReopensTheSale) {
  sale().sale.unleased = 0;
  tick(100);
  sale().sale.unleased = 1;
  tick(101);
  EXPECT_FALSE(sampler_.statistics(sale().sale).sold_out_at);
  sale().sale.unleased = 0;
  tick(102);
  EXPECT_EQ(sampler_.statistics(sale().sale).sold_out_at, second(102));
}

}  // namespace
}  // namespace stampede::services::live

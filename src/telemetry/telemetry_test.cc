#include <gmock/gmock.h>

#include <string>
#include <thread>
#include <vector>

#include "telemetry/log.h"
#include "telemetry/metrics.h"

namespace stampede::telemetry {
namespace {

using ::testing::HasSubstr;
using ::testing::MatchesRegex;
using ::testing::internal::CaptureStderr;
using ::testing::internal::GetCapturedStderr;

TEST(Log, WritesTimeLevelEventAndFields) {
  CaptureStderr();
  log_info("sale opened", "sale={} units={}", 1, 500);
  EXPECT_THAT(GetCapturedStderr(),
              MatchesRegex("....-..-..T..:..:..\\....Z info sale opened sale=1 units=500\n"));
}

TEST(Log, AnEventWithoutFieldsEndsWithoutABlank) {
  CaptureStderr();
  log_error("disk full");
  EXPECT_THAT(GetCapturedStderr(), MatchesRegex(".*Z error disk full\n"));
}

TEST(Log, AFieldCannotForgeALineOrSteerTheTerminal) {
  CaptureStderr();
  log_warning("login refused", "name={}", "a\nb\r\x1b[2Jc");
  const std::string written = GetCapturedStderr();
  EXPECT_THAT(written, HasSubstr("warning login refused name=a\\nb\\r\\u{1b}[2Jc\n"));
  EXPECT_EQ(std::ranges::count(written, '\n'), 1);
}

TEST(Log, LinesBelowTheLevelAreNotWritten) {
  CaptureStderr();
  set_level(Level::kWarning);
  log_info("quiet");
  log_warning("loud");
  set_level(Level::kInfo);
  const std::string written = GetCapturedStderr();
  EXPECT_THAT(written, HasSubstr("loud"));
  EXPECT_THAT(written, Not(HasSubstr("quiet")));
}

TEST(Counter, CountsFromManyThreads) {
  Counter counter;
  {
    std::vector<std::jthread> threads;
    for (int i = 0; i < 8; ++i) {
      threads.emplace_back([&] {
        for (int n = 0; n < 1000; ++n) counter.add();
      });
    }
  }
  counter.add(5);
  EXPECT_EQ(counter.value(), 8005U);
}

TEST(Histogram, ABoundIsInItsOwnBucket) {
  Histogram histogram;
  for (const std::uint64_t us : {0U, 1U, 2U, 3U, 4U, 5U, 1U << 26, (1U << 26) + 1}) {
    histogram.observe(us);
  }
  const auto snapshot = histogram.snapshot();
  EXPECT_EQ(snapshot.buckets[0], 2U);   // 0, 1
  EXPECT_EQ(snapshot.buckets[1], 1U);   // 2
  EXPECT_EQ(snapshot.buckets[2], 2U);   // 3, 4
  EXPECT_EQ(snapshot.buckets[3], 1U);   // 5
  EXPECT_EQ(snapshot.buckets[26], 1U);  // 2^26; beyond it only the count
  EXPECT_EQ(snapshot.count, 8U);
  EXPECT_EQ(snapshot.sum, 15U + (1U << 26) * 2 + 1);
}

TEST(PrometheusText, WritesFamiliesValuesAndHistograms) {
  PrometheusText text;
  text.family("checks_total", "counter", "Purchases asked for.");
  text.value("checks_total", "result=\"sold\"", 3);
  text.value("up", "", 1);
  EXPECT_EQ(text.text(),
            "# HELP checks_total Purchases asked for.\n# TYPE checks_total counter\n"
            "checks_total{result=\"sold\"} 3\nup 1\n");
}

TEST(PrometheusText, HistogramsAreCumulativeAndInSeconds) {
  Histogram histogram;
  histogram.observe(1);
  histogram.observe(1'000'000);
  PrometheusText text;
  text.histogram("wait_seconds", "step=\"queue\"", histogram.snapshot());
  EXPECT_THAT(text.text(), HasSubstr("wait_seconds_bucket{step=\"queue\",le=\"1e-06\"} 1\n"));
  EXPECT_THAT(text.text(), HasSubstr("wait_seconds_bucket{step=\"queue\",le=\"1.048576\"} 2\n"));
  EXPECT_THAT(text.text(), HasSubstr("wait_seconds_bucket{step=\"queue\",le=\"+Inf\"} 2\n"));
  EXPECT_THAT(text.text(), HasSubstr("wait_seconds_sum{step=\"queue\"} 1.000001\n"));
  EXPECT_THAT(text.text(), HasSubstr("wait_seconds_count{step=\"queue\"} 2\n"));
}

}  // namespace
}  // namespace stampede::telemetry

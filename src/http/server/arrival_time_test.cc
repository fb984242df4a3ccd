#include "http/server/arrival_time.h"

#include <gtest/gtest.h>

namespace stampede::http {
namespace {

using namespace std::chrono_literals;
using Phase = RequestReader::Phase;

class ArrivalTimeTest : public testing::Test {
 protected:
  const Limits limits_{
      .header_time = 10s, .body_time = 20s, .idle_time = 60s, .progress_bytes = 1'000};
  ArrivalTime time_{limits_};
};

TEST_F(ArrivalTimeTest, ANewConnectionHasTheTimeOfAHeadToBegin) {
  EXPECT_TRUE(time_.first_request());
  EXPECT_EQ(time_.next(Phase::kIdle, 0), 10s);
  time_.arrived();
  EXPECT_FALSE(time_.first_request());
  EXPECT_EQ(time_.next(Phase::kIdle, 0), 60s);
}

TEST_F(ArrivalTimeTest, EveryByteOfAHeadCountsTowardsOneTime) {
  EXPECT_EQ(time_.next(Phase::kHead, 0), 10s);
  EXPECT_EQ(time_.next(Phase::kHead, 0), std::nullopt);
}

TEST_F(ArrivalTimeTest, ABodyHasItsTimeAnewForEachProgress) {
  EXPECT_EQ(time_.next(Phase::kBody, 300), 20s) << "what came with the head";
  EXPECT_EQ(time_.next(Phase::kBody, 1'299), std::nullopt);
  EXPECT_EQ(time_.next(Phase::kBody, 1'300), 20s);
  EXPECT_EQ(time_.next(Phase::kBody, 2'299), std::nullopt);
}

TEST_F(ArrivalTimeTest, BeginsAnewBehindARequestAndBehindAnotherWait) {
  EXPECT_EQ(time_.next(Phase::kHead, 0), 10s);
  time_.interrupted();
  EXPECT_EQ(time_.next(Phase::kHead, 0), 10s);
  time_.arrived();
  EXPECT_EQ(time_.next(Phase::kHead, 0), 10s) << "a pipelined one";
}

}  // namespace
}  // namespace stampede::http

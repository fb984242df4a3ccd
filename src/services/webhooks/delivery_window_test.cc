#include "services/webhooks/delivery_window.h"

#include <gmock/gmock.h>

#include <map>

#include "services/webhooks/backoff.h"

namespace stampede::services::webhooks {
namespace {

using repositories::HistoryEntry;
using repositories::HistoryPage;
using repositories::WebhookRecord;
using std::chrono::hours;
using std::chrono::milliseconds;
using std::chrono::seconds;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr double kMiddle = 0.5;  // no jitter

HistoryEntry order(std::int64_t seq, bool held = false) {
  HistoryEntry entry{.order = {.number = {seq},
                               .sale = {1},
                               .buyer = {1},
                               .intent = *IdempotencyKey::parse("intent-0000000000000001"),
                               .slot = 1,
                               .lease = {1},
                               .seq = seq,
                               .created_at = {}},
                     .product = {1}};
  if (held) entry.order.pay_by = Instant{};
  return entry;
}

/// Orders with these seqs, of a history that ends with `up_to`.
HistoryPage page(std::int64_t first, std::int64_t last, std::int64_t up_to) {
  HistoryPage made{.entries = {}, .up_to = up_to};
  for (std::int64_t seq = first; seq <= last; ++seq) made.entries.push_back(order(seq));
  return made;
}

class DeliveryWindowTest : public testing::Test {
 protected:
  void open(repositories::WebhookProgress progress, std::vector<WebhookEvent> events = {}) {
    endpoint_.events = std::move(events);
    window_.emplace(endpoint_, progress);
  }
  /// The seq of the next delivery; 0: there is none.
  std::int64_t begin() {
    const auto next = window_->begin();
    return next ? next->place.seq : 0;
  }
  void end(std::int64_t seq, int status, std::optional<seconds> retry_after = std::nullopt) {
    window_->ended({.place = {.shard = 0, .seq = seq},
                    .began_at = now_,
                    .status = status,
                    .failure = status == 0 ? "timeout" : "",
                    .retry_after = retry_after},
                   now_, kMiddle);
  }
  void deliver(std::int64_t seq, int status) {
    ASSERT_EQ(begin(), seq);
    end(seq, status);
  }
  /// Gives out what is due, and returns its seqs.
  std::vector<std::int64_t> due() {
    std::vector<std::int64_t> seqs;
    for (const WebhookPlace& place : window_->due(now_)) {
      window_->add_due(place, order(place.seq));
      seqs.push_back(place.seq);
    }
    return seqs;
  }
  WebhookRecord record() { return window_->take_record(now_).value_or(WebhookRecord{}); }
  static WebhookRecord::Moved moved(std::int64_t from, std::int64_t to) {
    return {.shard = 0, .from = from, .to = to};
  }

  WebhookEndpoint endpoint_{.id = {1}, .url = {}, .secret = {}, .previous_secret = {}};
  Instant now_{hours{24 * 365}};
  std::optional<DeliveryWindow> window_;
};

TEST_F(DeliveryWindowTest, ACursorMovesUpToTheFirstThatIsUnderWay) {
  open({.revision = 9, .cursors = {10}, .pending = {}});
  EXPECT_EQ(window_->read_after(0), 10);
  window_->add(0, page(11, 13, 15));
  EXPECT_EQ(window_->read_after(0), 15);
  EXPECT_EQ(begin(), 11);
  deliver(12, 204);
  EXPECT_EQ(begin(), 13);
  const auto first = record();
  EXPECT_EQ(first.revision, 9);
  EXPECT_THAT(first.moved, IsEmpty()) << "11 is under way";
  EXPECT_EQ(first.attempts.size(), 1U);
  end(11, 200);
  EXPECT_THAT(record().moved, ElementsAre(moved(10, 12)));
  end(13, 200);
  EXPECT_THAT(record().moved, ElementsAre(moved(12, 15))) << "14 and 15 are nothing to be told";
  EXPECT_EQ(window_->take_record(now_), std::nullopt);
}

TEST_F(DeliveryWindowTest, WhatAnEndpointHasNotChosenIsPassed) {
  open({.revision = 1, .cursors = {0}, .pending = {}}, {WebhookEvent::kOrderHeld});
  HistoryPage mixed = page(1, 1, 3);
  mixed.entries.push_back(order(2, true));
  mixed.entries.push_back(order(3));
  window_->add(0, mixed);
  deliver(2, 200);
  EXPECT_EQ(begin(), 0);
  EXPECT_THAT(record().moved, ElementsAre(moved(0, 3)));
}

TEST_F(DeliveryWindowTest, WhatFailedIsPendingAndKeepsNoOtherWaiting) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 2, 2));
  deliver(1, 500);
  deliver(2, 200);
  const auto written = record();
  EXPECT_THAT(written.moved, ElementsAre(moved(0, 2)));
  const PendingWebhook pending{
      .place = {0, 1}, .attempts = 1, .first_at = now_, .next_at = now_ + seconds{5}};
  EXPECT_THAT(written.pending, ElementsAre(pending));
  ASSERT_EQ(written.attempts.size(), 2U);
  EXPECT_EQ(written.attempts[0].status, 500);
  now_ += milliseconds{4'999};
  EXPECT_THAT(due(), IsEmpty());
  now_ += milliseconds{1};
  EXPECT_THAT(due(), ElementsAre(1));
  EXPECT_THAT(due(), IsEmpty()) << "it is given out once";
  deliver(1, 0);
  EXPECT_EQ(record().pending.at(0).next_at, now_ + seconds{30});
  now_ += seconds{30};
  EXPECT_THAT(due(), ElementsAre(1));
  deliver(1, 200);
  const auto last = record();
  EXPECT_THAT(last.done, ElementsAre(WebhookPlace{0, 1}));
  EXPECT_THAT(last.pending, IsEmpty());
  EXPECT_EQ(window_->pending(), 0U);
}

TEST_F(DeliveryWindowTest, NoMoreIsUnderWayThanMay) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 20, 20));
  for (std::int64_t seq = 1; seq <= 8; ++seq) EXPECT_EQ(begin(), seq);
  EXPECT_EQ(begin(), 0);
  end(3, 200);
  EXPECT_EQ(begin(), 9);
}

TEST_F(DeliveryWindowTest, WhereAsManyArePendingAsMayNothingNewIsBegun) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 200, 200));
  std::int64_t failed = 0;
  for (std::int64_t seq = begin(); seq != 0; seq = begin()) {
    end(seq, 0);
    ++failed;
  }
  EXPECT_EQ(failed, 100);
  EXPECT_EQ(window_->pending(), 100U);
  EXPECT_EQ(window_->read_after(0), std::nullopt);
  EXPECT_THAT(record().moved, ElementsAre(moved(0, 100))) << "the others wait";
  now_ += seconds{5};
  ASSERT_FALSE(due().empty());
  deliver(1, 200);
  EXPECT_EQ(begin(), 2) << "those that are pending come first";
}

TEST_F(DeliveryWindowTest, PendingOnesAreLimitedWithThoseUnderWay) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 200, 200));
  for (int i = 0; i < 98; ++i) end(begin(), 500);
  EXPECT_NE(begin(), 0);
  EXPECT_NE(begin(), 0);
  EXPECT_EQ(begin(), 0) << "if both fail there are a hundred";
}

TEST_F(DeliveryWindowTest, AnEndpointThatIsBackIsToldAtOnceWhatItMissed) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 5, 5));
  for (std::int64_t seq = 1; seq <= 4; ++seq) deliver(seq, 0);
  EXPECT_THAT(due(), IsEmpty());
  deliver(5, 200);
  EXPECT_THAT(due(), ElementsAre(1, 2, 3, 4));
}

/// How often `poison` events are tried in a day in which others are acknowledged all the time.
class PoisonTest : public DeliveryWindowTest {
 protected:
  std::map<std::int64_t, int> attempts_of_a_day(int status) {
    open({.revision = 1, .cursors = {0}, .pending = {}});
    window_->add(0, page(1, 3, 3));
    std::map<std::int64_t, int> attempts;
    const Instant until = now_ + hours{24};
    for (std::int64_t seq = 3; now_ < until; now_ += seconds{5}) {
      ++seq;
      window_->add(0, page(seq, seq, seq));
      for (due();; due()) {
        const std::int64_t next = begin();
        if (next == 0) break;
        ++attempts[next];
        end(next, next <= 3 ? status : 200);
      }
    }
    return attempts;
  }
};

TEST_F(PoisonTest, EventsThatAreRefusedAmongOthersAreTriedByTheBackoff) {
  const auto attempts = attempts_of_a_day(500);
  // At once, after 5 s, 30 s, 2 min, 10 min, 1 h, 3 h, 8 h and 8 h.
  for (std::int64_t seq = 1; seq <= 3; ++seq) EXPECT_EQ(attempts.at(seq), 9);
}

TEST_F(PoisonTest, EventsThatAreNotAnsweredAmongOthersAreTriedTwiceAsOftenAtMost) {
  const auto attempts = attempts_of_a_day(0);
  for (std::int64_t seq = 1; seq <= 3; ++seq) EXPECT_LE(attempts.at(seq), 2 * 9);
}

TEST_F(DeliveryWindowTest, ReceiversThatAreBackAreNotAskedSoonerThanTheySaid) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 5, 5));
  EXPECT_EQ(begin(), 1);
  end(1, 503, seconds{60});
  for (std::int64_t seq = 2; seq <= 4; ++seq) deliver(seq, 0);
  now_ += seconds{1};
  deliver(5, 200);
  EXPECT_THAT(due(), ElementsAre(2, 3, 4));
  now_ += seconds{59};
  EXPECT_THAT(due(), ElementsAre(1));
}

TEST_F(DeliveryWindowTest, OneThatFailsAmongOthersIsNotTriedAtEachSuccess) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 3, 3));
  deliver(1, 500);
  deliver(2, 200);
  EXPECT_THAT(due(), IsEmpty());
}

TEST_F(DeliveryWindowTest, WhatIsPendingBeyondTheCursorIsDeliveredOnce) {
  open({.revision = 1,
        .cursors = {0},
        .pending = {{.place = {0, 7}, .attempts = 1, .first_at = now_, .next_at = now_}}});
  window_->add(0, page(1, 8, 8));
  ASSERT_THAT(due(), ElementsAre(7));
  std::vector<std::int64_t> delivered;
  for (std::int64_t seq = begin(); seq != 0; seq = begin()) {
    delivered.push_back(seq);
    end(seq, 200);
  }
  EXPECT_THAT(delivered, ElementsAre(7, 1, 2, 3, 4, 5, 6, 8));
  EXPECT_THAT(record().moved, ElementsAre(moved(0, 8)));
  EXPECT_EQ(window_->pending(), 0U);
}

TEST_F(DeliveryWindowTest, WhatWasAcknowledgedBeyondTheCursorIsNotDeliveredOnceItIsRead) {
  open({.revision = 1,
        .cursors = {0},
        .pending = {{.place = {0, 2}, .attempts = 1, .first_at = now_, .next_at = now_}}});
  ASSERT_THAT(due(), ElementsAre(2));
  deliver(2, 200);
  window_->add(0, page(1, 3, 3));
  deliver(1, 200);
  deliver(3, 200);
  EXPECT_EQ(begin(), 0);
  EXPECT_THAT(record().moved, ElementsAre(moved(0, 3)));
}

/// Each would keep a place of those that may be under way.
TEST_F(DeliveryWindowTest, ManyThatArePendingBeyondTheCursorStopNothing) {
  repositories::WebhookProgress progress{.revision = 1, .cursors = {0}, .pending = {}};
  for (std::int64_t seq = 1; seq < 100; ++seq) {
    progress.pending.push_back(
        {.place = {0, seq}, .attempts = 1, .first_at = now_, .next_at = now_ + hours{1}});
  }
  open(progress);
  window_->add(0, page(1, 300, 300));
  for (std::int64_t seq = 100; seq <= 300; ++seq) deliver(seq, 200);
  EXPECT_EQ(begin(), 0);
  now_ += hours{1};
  for (std::vector<std::int64_t> seqs = due(); !seqs.empty(); seqs = due()) {
    for (const std::int64_t seq : seqs) deliver(seq, 200);
  }
  EXPECT_EQ(window_->pending(), 0U);
  EXPECT_THAT(record().moved, ElementsAre(moved(0, 300)));
  window_->add(0, page(301, 320, 320));
  for (std::int64_t seq = 301; seq <= 308; ++seq) EXPECT_EQ(begin(), seq);
}

TEST_F(DeliveryWindowTest, GoneDisables) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 2, 2));
  deliver(1, 410);
  EXPECT_TRUE(window_->over());
  EXPECT_EQ(begin(), 0);
  const auto written = record();
  ASSERT_TRUE(written.disabled);
  EXPECT_THAT(*written.disabled, HasSubstr("410"));
  EXPECT_EQ(written.pending.size(), 1U) << "it is told of it if it is enabled again";
  EXPECT_THAT(written.moved, ElementsAre(moved(0, 1)));
}

TEST_F(DeliveryWindowTest, AfterThreeDaysItIsDisabledAndNotBefore) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 1, 1));
  const Instant first = now_;
  deliver(1, 503);
  int attempts = 1;
  while (!window_->over()) {
    ASSERT_LT(attempts, 50);
    now_ = record().pending.at(0).next_at;
    ASSERT_THAT(due(), ElementsAre(1));
    deliver(1, 503);
    ++attempts;
  }
  EXPECT_EQ(now_ - first, hours{72});
  EXPECT_GT(attempts, 10);
  const auto written = record();
  ASSERT_TRUE(written.disabled);
  EXPECT_THAT(*written.disabled,
              HasSubstr("evt_0_1 for three days, nor anything else; last: HTTP 503"));
}

TEST_F(DeliveryWindowTest, AnEventThatIsRefusedForThreeDaysAmongOthersIsGivenUpAlone) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 2, 2));
  const Instant first = now_;
  deliver(1, 500);
  now_ += seconds{1};
  deliver(2, 200);
  EXPECT_EQ(record().acknowledged_at, now_);
  while (window_->pending() != 0) {
    ASSERT_LE(now_ - first, hours{72});
    now_ += seconds{1};
    if (due().empty()) continue;
    deliver(1, 500);
  }
  EXPECT_EQ(now_ - first, hours{72});
  EXPECT_FALSE(window_->over());
  const auto written = record();
  EXPECT_FALSE(written.disabled);
  EXPECT_FALSE(written.acknowledged_at) << "it is written";
  EXPECT_THAT(written.pending, IsEmpty());
  EXPECT_THAT(written.done, ElementsAre(WebhookPlace{0, 1}));
  ASSERT_FALSE(written.attempts.empty());
  EXPECT_EQ(written.attempts.back().failure, "given-up");
  EXPECT_EQ(written.attempts.back().place, (WebhookPlace{0, 1}));
  EXPECT_EQ(begin(), 0);
}

/// What an earlier process has heard counts, and what was before the event does not.
TEST_F(DeliveryWindowTest, WhatWasAcknowledgedBeforeAnEventSavesNoEndpoint) {
  for (const bool since : {false, true}) {
    const Instant first = now_;
    open({.revision = 1,
          .cursors = {1},
          .pending = {{.place = {0, 1}, .attempts = 9, .first_at = first, .next_at = first}},
          .acknowledged_at = since ? first : first - milliseconds{1}});
    now_ += hours{72};
    ASSERT_THAT(due(), ElementsAre(1));
    deliver(1, 0);
    EXPECT_EQ(window_->over(), !since);
    EXPECT_EQ(window_->pending(), since ? 0U : 1U);
  }
}

TEST_F(DeliveryWindowTest, AReceiverMayAskToWaitLongerWithinBounds) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 4, 4));
  const auto wait_of = [&](std::int64_t seq, int status, int asked) {
    EXPECT_EQ(begin(), seq);
    end(seq, status, seconds{asked});
    return std::chrono::duration_cast<seconds>(record().pending.at(0).next_at - now_).count();
  };
  EXPECT_EQ(wait_of(1, 429, 60), 60);
  EXPECT_EQ(wait_of(2, 503, 1), 5) << "never sooner than otherwise";
  EXPECT_EQ(wait_of(3, 503, 1'000'000), 3'600);
  EXPECT_EQ(wait_of(4, 500, 60), 5) << "only where it is busy";
}

TEST_F(DeliveryWindowTest, WhatThisProcessEndsItselfSaysNothing) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 2, 2));
  EXPECT_EQ(begin(), 1);
  window_->given_up({.shard = 0, .seq = 1});
  EXPECT_EQ(window_->pending(), 0U);
  EXPECT_EQ(begin(), 1) << "it comes first again";
  deliver(2, 200);
  const auto written = record();
  EXPECT_THAT(written.moved, IsEmpty()) << "1 is delivered by whoever starts next";
  EXPECT_EQ(written.attempts.size(), 1U);
}

TEST_F(DeliveryWindowTest, WhatIsTriedAgainComesFirstOnceThisProcessFailedToTryIt) {
  open({.revision = 1, .cursors = {0}, .pending = {}});
  window_->add(0, page(1, 20, 20));
  deliver(1, 0);
  now_ += seconds{5};
  ASSERT_THAT(due(), ElementsAre(1));
  record();
  for (int i = 0; i < 200; ++i) {
    EXPECT_EQ(begin(), 1);
    window_->given_up({.shard = 0, .seq = 1});
  }
  EXPECT_THAT(due(), IsEmpty()) << "it waits already";
  EXPECT_EQ(window_->take_record(now_), std::nullopt) << "no attempt, and no other time";
  for (std::int64_t seq = 1; seq <= 8; ++seq) EXPECT_EQ(begin(), seq) << "no place is lost";
}

TEST_F(DeliveryWindowTest, WhatIsPendingAndThereNoMoreIsPendingNoMore) {
  open({.revision = 1,
        .cursors = {5},
        .pending = {{.place = {0, 3}, .attempts = 1, .first_at = now_, .next_at = now_}}});
  ASSERT_THAT(window_->due(now_), ElementsAre(WebhookPlace{0, 3}));
  window_->add_due({.shard = 0, .seq = 3}, std::nullopt);
  EXPECT_EQ(window_->pending(), 0U);
  EXPECT_THAT(record().done, ElementsAre(WebhookPlace{0, 3}));
}

TEST_F(DeliveryWindowTest, WhatCannotBeReadNowIsDueAgain) {
  open({.revision = 1,
        .cursors = {5},
        .pending = {{.place = {0, 3}, .attempts = 1, .first_at = now_, .next_at = now_}}});
  ASSERT_THAT(window_->due(now_), ElementsAre(WebhookPlace{0, 3}));
  window_->put_back({.shard = 0, .seq = 3});
  EXPECT_THAT(window_->due(now_), ElementsAre(WebhookPlace{0, 3}));
}

TEST(WebhookBackoff, GrowsAndEndsAtEightHoursWithAQuarterOfJitter) {
  EXPECT_EQ(wait_after(1, kMiddle), seconds{5});
  EXPECT_EQ(wait_after(2, kMiddle), seconds{30});
  EXPECT_EQ(wait_after(7, kMiddle), hours{8});
  EXPECT_EQ(wait_after(500, kMiddle), hours{8});
  EXPECT_EQ(wait_after(1, 0), milliseconds{3'750});
  EXPECT_EQ(wait_after(1, 1), milliseconds{6'250});
}

}  // namespace
}  // namespace stampede::services::webhooks

#include "schedules/webhooks/webhook_deliveries.h"

#include <gmock/gmock.h>

#include <atomic>
#include <latch>
#include <map>
#include <new>
#include <string>

#include "concurrency/mutex.h"
#include "repositories/storage_error.h"
#include "services/webhooks/signing.h"
#include "tests/support/eventually.h"
#include "tests/support/fakes/fake_web_requests.h"
#include "tests/support/fakes/fake_webhooks.h"

namespace stampede::schedules {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;
using test_support::FakeWebRequests;
using testing::ElementsAre;
using testing::IsEmpty;
using testing::SizeIs;
using web_requests::Request;

std::string header_of(const Request& request, std::string_view name) {
  for (const auto& [key, value] : request.headers) {
    if (key == name) return value;
  }
  return {};
}

/// Requests of one endpoint, whose receiver is the test's for as long as the test runs.
class Forwarded final : public web_requests::WebRequests {
 public:
  explicit Forwarded(FakeWebRequests& to) : to_(to) {}
  void send(Request request, Done done) override { to_.send(std::move(request), std::move(done)); }
  void stop() override {}

 private:
  FakeWebRequests& to_;
};

/// Acknowledges the first event of each endpoint, and answers no other until all endpoints are
/// stopped at a time.
class HangingRequests final : public web_requests::WebRequests {
 public:
  HangingRequests(std::latch& stops, std::atomic<int>& together)
      : stops_(stops), together_(together) {}
  ~HangingRequests() override { stop(); }
  void send(Request request, Done done) override {
    if (header_of(request, "webhook-id") == "evt_0_1") return done(FakeWebRequests::says(204, ""));
    waiting_.push_back(std::move(done));
  }
  void stop() override {
    if (std::exchange(stopped_, true)) return;
    stops_.count_down();
    if (test_support::eventually(test_support::kPatience, [&] { return stops_.try_wait(); })) {
      ++together_;
    }
    for (auto& done : std::exchange(waiting_, {})) {
      done(FakeWebRequests::fails(web_requests::Failure::kStopped));
    }
  }

 private:
  std::latch& stops_;
  std::atomic<int>& together_;
  bool stopped_ = false;
  std::vector<Done> waiting_;
};

class WebhookDeliveriesTest : public testing::Test {
 protected:
  WebhookId add(const std::string& url) {
    return webhooks_
        .add({.id = {},
              .url = url,
              .secret = services::webhooks::new_secret(),
              .previous_secret = {},
              .created_at = now_.wall},
             100)
        .value();
  }
  void pass(milliseconds time) {
    const concurrency::MutexLock lock(clock_);
    now_.wall += time;
    now_.tick += time;
  }
  /// Goes on until everything is delivered, and written.
  void run() {
    for (int i = 0; i < 3; ++i) {  // nothing that failed is tried again so soon
      deliveries_.step();
      pass(seconds{1});
    }
    deliveries_.step();
  }
  std::vector<std::string> ids_at(const std::string& url) {
    std::vector<std::string> ids;
    for (const Request& request : receivers_[url].asked) {
      ids.push_back(header_of(request, "webhook-id"));
    }
    return ids;
  }

  concurrency::Mutex clock_;
  Now now_{*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{std::chrono::hours{1}}};
  test_support::FakeOrderHistory history_;
  test_support::FakeWebhooks webhooks_{history_};
  std::map<std::string, FakeWebRequests> receivers_;
  WebhookDeliveries deliveries_{{.webhooks = webhooks_,
                                 .history = history_,
                                 .make_requests = [this](const WebhookEndpoint& endpoint)
                                     -> std::unique_ptr<web_requests::WebRequests> {
                                   return std::make_unique<Forwarded>(receivers_[endpoint.url]);
                                 },
                                 .clock =
                                     [this] {
                                       const concurrency::MutexLock lock(clock_);
                                       return now_;
                                     }}};
};

/// Of many endpoints, whose receivers hang.
class WebhooksThatHang : public WebhookDeliveriesTest {
 protected:
  static constexpr int kEndpoints = 12;

  WebhooksThatHang() {
    for (int i = 0; i < kEndpoints; ++i) ids_.push_back(add("https://a.example/"));
    history_.end = 5;
    hanging_.step();
  }
  void expect_all_written() {
    EXPECT_EQ(together_, kEndpoints);
    for (const WebhookId id : ids_) EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(1));
    EXPECT_THAT(webhooks_.attempts, SizeIs(kEndpoints));
  }

  std::vector<WebhookId> ids_;
  std::latch stops_{kEndpoints};
  std::atomic<int> together_{0};
  WebhookDeliveries hanging_{{.webhooks = webhooks_,
                              .history = history_,
                              .make_requests = [this](const WebhookEndpoint&)
                                  -> std::unique_ptr<web_requests::WebRequests> {
                                return std::make_unique<HangingRequests>(stops_, together_);
                              },
                              .clock =
                                  [this] {
                                    const concurrency::MutexLock lock(clock_);
                                    if (slow_) now_.tick += seconds{1};
                                    return now_;
                                  }}};
  bool slow_ = false;  // time passes with each look at the clock
};

TEST_F(WebhooksThatHang, AreStoppedAtATimeAndWhatWasAcknowledgedIsWritten) {
  hanging_.stop();
  expect_all_written();
}

TEST_F(WebhooksThatHang, AreLeftAtATimeAndWhatWasAcknowledgedIsWritten) {
  hanging_.rest();
  EXPECT_EQ(hanging_.enabled(), 0);
  hanging_.stop();
  expect_all_written();
}

TEST_F(WebhooksThatHang, ADatabaseThatIsAwayIsAskedOnce) {
  webhooks_.away = true;
  hanging_.stop();
  EXPECT_EQ(together_, kEndpoints);
  EXPECT_EQ(webhooks_.records, 1);
}

TEST_F(WebhooksThatHang, ADatabaseThatIsSlowIsNotAskedForLong) {
  slow_ = true;
  hanging_.stop();
  EXPECT_EQ(together_, kEndpoints);
  EXPECT_LT(webhooks_.records, kEndpoints);
}

TEST_F(WebhookDeliveriesTest, WhatHappensIsDeliveredSignedAndWritten) {
  history_.end = 7;
  const WebhookId id = add("https://a.example/");
  history_.end = 9;
  run();
  ASSERT_THAT(ids_at("https://a.example/"), ElementsAre("evt_0_8", "evt_0_9"));
  const Request& request = receivers_["https://a.example/"].asked[0];
  EXPECT_EQ(request.method, "POST");
  EXPECT_EQ(request.url, "https://a.example/");
  EXPECT_EQ(header_of(request, "Content-Type"), "application/json");
  EXPECT_EQ(header_of(request, "webhook-timestamp"), "1795335840");
  EXPECT_EQ(header_of(request, "webhook-signature"),
            services::webhooks::signature(webhooks_.find(id)->secret, "evt_0_8",
                                          *parse_rfc3339("2026-11-22T08:24:00Z"), request.body));
  EXPECT_THAT(request.body, testing::HasSubstr(R"("type":"order.created")"));
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(9));
  EXPECT_THAT(webhooks_.attempts, SizeIs(2));
  EXPECT_EQ(deliveries_.counts().acknowledged.value(), 2U);
  EXPECT_EQ(deliveries_.enabled(), 1);
}

TEST_F(WebhookDeliveriesTest, AReceiverThatNeverAnswersKeepsNoOtherWaiting) {
  add("https://slow.example/");
  add("https://a.example/");
  receivers_["https://slow.example/"].later = true;
  history_.end = 500;
  run();
  EXPECT_THAT(ids_at("https://slow.example/"), SizeIs(8)) << "so many at a time";
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(500));
}

TEST_F(WebhookDeliveriesTest, WhatFailsIsTriedAgainWithTheSameId) {
  const WebhookId id = add("https://a.example/");
  auto& receiver = receivers_["https://a.example/"];
  receiver.answer = [](const Request&) {
    return FakeWebRequests::fails(web_requests::Failure::kTimeout);
  };
  history_.end = 1;
  run();
  EXPECT_EQ(deliveries_.pending(), 1);
  ASSERT_THAT(webhooks_.attempts, SizeIs(1));
  EXPECT_EQ(webhooks_.attempts[0].failure, "timeout");
  EXPECT_EQ(webhooks_.progress(id)->pending.size(), 1U);
  receiver.answer = [](const Request&) { return FakeWebRequests::says(204, ""); };
  pass(seconds{10});
  run();
  EXPECT_THAT(ids_at("https://a.example/"), ElementsAre("evt_0_1", "evt_0_1"));
  EXPECT_EQ(deliveries_.pending(), 0);
  EXPECT_THAT(webhooks_.progress(id)->pending, IsEmpty());
  EXPECT_EQ(deliveries_.counts().unanswered.value(), 1U);
}

TEST_F(WebhookDeliveriesTest, ARedirectIsAFailure) {
  add("https://a.example/");
  receivers_["https://a.example/"].answer = [](const Request&) {
    return FakeWebRequests::says(302, "");
  };
  history_.end = 1;
  run();
  EXPECT_EQ(deliveries_.pending(), 1);
  EXPECT_EQ(deliveries_.counts().refused.value(), 1U);
}

TEST_F(WebhookDeliveriesTest, OneThatIsGoneIsDisabledAndEnabledAgainGoesOn) {
  const WebhookId id = add("https://a.example/");
  auto& receiver = receivers_["https://a.example/"];
  receiver.answer = [](const Request&) { return FakeWebRequests::says(410, ""); };
  history_.end = 1;
  run();
  EXPECT_EQ(webhooks_.find(id)->disabled_reason, "the receiver answered 410 Gone");
  EXPECT_EQ(deliveries_.disabled(), 1);
  history_.end = 3;
  run();
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(1));
  receiver.answer = [](const Request&) { return FakeWebRequests::says(200, ""); };
  webhooks_.enable(id, now_.wall);
  run();
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(4));
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(3));
  EXPECT_EQ(deliveries_.disabled(), 0);
}

TEST_F(WebhookDeliveriesTest, AReplayIsHeardOf) {
  const WebhookId id = add("https://a.example/");
  history_.end = 3;
  run();
  webhooks_.replay(id, {1});
  run();
  EXPECT_THAT(ids_at("https://a.example/"),
              ElementsAre("evt_0_1", "evt_0_2", "evt_0_3", "evt_0_2", "evt_0_3"));
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(3));
}

/// Two that lead for a moment: what the quicker one has written stands.
TEST_F(WebhookDeliveriesTest, AnotherProcessThatDeliversTooIsNoHarm) {
  const WebhookId id = add("https://a.example/");
  deliveries_.step();
  history_.end = 2;
  deliveries_.step();
  ASSERT_TRUE(webhooks_.record(id, {.revision = 1, .moved = {{0, 0, 1}}, .at = now_.wall}));
  run();
  EXPECT_THAT(ids_at("https://a.example/"), ElementsAre("evt_0_1", "evt_0_2", "evt_0_2"));
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(2));
}

TEST_F(WebhookDeliveriesTest, OneThatIsRemovedIsToldNothingMore) {
  const WebhookId id = add("https://a.example/");
  run();
  webhooks_.remove(id);
  pass(seconds{1});
  deliveries_.step();
  history_.end = 2;
  run();
  EXPECT_THAT(ids_at("https://a.example/"), IsEmpty());
}

TEST_F(WebhookDeliveriesTest, WhatIsUnderWayAtTheEndIsDeliveredByWhoeverStartsNext) {
  const WebhookId id = add("https://a.example/");
  deliveries_.step();
  history_.end = 2;
  receivers_["https://a.example/"].answer = [](const Request& request) {
    return header_of(request, "webhook-id") == "evt_0_1"
               ? FakeWebRequests::says(200, "")
               : FakeWebRequests::fails(web_requests::Failure::kStopped);
  };
  deliveries_.step();
  deliveries_.stop();
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(1));
  EXPECT_THAT(webhooks_.progress(id)->pending, IsEmpty());
}

TEST_F(WebhookDeliveriesTest, ADatabaseThatIsAwayForAWhileLosesNothing) {
  const WebhookId id = add("https://a.example/");
  auto& receiver = receivers_["https://a.example/"];
  receiver.answer = [](const Request&) { return FakeWebRequests::says(500, ""); };
  history_.end = 1;
  run();
  receiver.answer = [](const Request&) { return FakeWebRequests::says(200, ""); };
  pass(seconds{10});
  history_.away = true;
  EXPECT_THROW(deliveries_.step(), repositories::StorageError) << "it is due";
  history_.away = false;
  deliveries_.step();
  pass(seconds{1});
  webhooks_.away = true;
  EXPECT_THROW(deliveries_.step(), repositories::StorageError) << "it is to be written";
  webhooks_.away = false;
  run();
  EXPECT_THAT(ids_at("https://a.example/"), ElementsAre("evt_0_1", "evt_0_1"));
  EXPECT_THAT(webhooks_.progress(id)->pending, IsEmpty());
  EXPECT_THAT(webhooks_.attempts, SizeIs(2));
}

TEST_F(WebhookDeliveriesTest, AFaultOfThisProcessIsNoFaultOfTheReceiver) {
  const WebhookId id = add("https://a.example/");
  auto& receiver = receivers_["https://a.example/"];
  using web_requests::Failure;
  auto failure = Failure::kQueueFull;
  receiver.answer = [&](const Request&) { return FakeWebRequests::fails(failure); };
  history_.end = 2'000;
  for (const auto own : {Failure::kQueueFull, Failure::kNotBegun, Failure::kBreakerOpen}) {
    failure = own;
    run();
  }
  EXPECT_THAT(ids_at("https://a.example/"), testing::Each("evt_0_1")) << "once a step";
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(12));
  EXPECT_EQ(deliveries_.pending(), 0);
  EXPECT_THAT(webhooks_.attempts, IsEmpty());
  EXPECT_EQ(deliveries_.counts().unanswered.value(), 0U);
  receiver.answer = [](const Request&) { return FakeWebRequests::says(200, ""); };
  run();
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(2'000));
  EXPECT_THAT(webhooks_.attempts, SizeIs(2'000));
}

TEST_F(WebhookDeliveriesTest, ARequestThatCannotBeMadeKeepsItsPlaceAndNoOtherWaiting) {
  const WebhookId id = add("https://bad.example/");
  add("https://a.example/");
  auto& bad = receivers_["https://bad.example/"];
  bad.answer = [](const Request&) -> web_requests::Result { throw std::bad_alloc(); };
  history_.end = 20;
  for (int i = 0; i < 20; ++i) EXPECT_THROW(deliveries_.step(), std::bad_alloc);
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(20));
  bad.answer = [](const Request&) { return FakeWebRequests::says(200, ""); };
  run();
  EXPECT_THAT(webhooks_.progress(id)->cursors, ElementsAre(20));
}

TEST_F(WebhookDeliveriesTest, APreviousSecretThatIsNoneIsSaidToo) {
  const WebhookId bad = add("https://bad.example/");
  webhooks_.endpoints[bad].previous_secret = "whsec_x";
  webhooks_.endpoints[bad].previous_until = now_.wall + std::chrono::hours{1};
  add("https://a.example/");
  history_.end = 1;
  EXPECT_THROW(deliveries_.step(), repositories::StorageError);
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(1));
  EXPECT_THAT(ids_at("https://bad.example/"), IsEmpty());
}

TEST_F(WebhookDeliveriesTest, ASecretThatIsNoneIsSaidAndKeepsNoOtherWaiting) {
  const WebhookId bad = add("https://bad.example/");
  webhooks_.endpoints[bad].secret = "whsec_x";
  add("https://a.example/");
  history_.end = 1;
  EXPECT_THROW(deliveries_.step(), repositories::StorageError);
  pass(seconds{1});
  EXPECT_THROW(deliveries_.step(), repositories::StorageError);
  EXPECT_THAT(ids_at("https://a.example/"), SizeIs(1));
  EXPECT_THAT(ids_at("https://bad.example/"), IsEmpty());
}

}  // namespace
}  // namespace stampede::schedules

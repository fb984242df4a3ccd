#include "repositories/sql/webhooks/webhooks.h"

#include <gmock/gmock.h>
#include <soci/soci.h>

#include "repositories/sql/test_database.h"

namespace stampede::repositories::sql {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

constexpr std::size_t kMost = 3;

WebhookEndpoint endpoint(const std::string& url = "https://shop.example/hooks") {
  return {
      .id = {}, .url = url, .secret = "whsec_one", .previous_secret = {}, .created_at = at(100)};
}

WebhookAttempt attempt(std::int64_t seq, int status) {
  return {.place = {0, seq},
          .at = at(500),
          .status = status,
          .failure = status == 0 ? "timeout" : "",
          .duration = std::chrono::milliseconds{12}};
}

PendingWebhook pending(std::int64_t seq, int attempts = 1) {
  return {.place = {0, seq}, .attempts = attempts, .first_at = at(500), .next_at = at(900)};
}

struct WebhooksTest : OnEveryEngine {
  Webhooks& webhooks = shop.repositories.webhooks();

  WebhookId add() { return webhooks.add(endpoint(), kMost).value(); }
  WebhookProgress progress(WebhookId id) { return webhooks.progress(id).value(); }
  void end_shard_at(std::int64_t seq) {
    shop.database.write([&](soci::session& session) {
      session << "UPDATE queue_shards SET last_seq = :seq", soci::use(seq);
    });
  }
  /// As if all up to `to` had been delivered.
  bool move(WebhookId id, std::int64_t from, std::int64_t to) {
    return webhooks.record(id, {.revision = progress(id).revision,
                                .moved = {{.shard = 0, .from = from, .to = to}},
                                .at = at(600)});
  }
};
INSTANTIATE_TEST_SUITE_P(On, WebhooksTest, every_engine(), testing::PrintToStringParamName());

TEST_P(WebhooksTest, AnEndpointIsKeptWholeAndBeginsAtThePresentEnd) {
  end_shard_at(40);
  WebhookEndpoint chosen = endpoint("https://shop.example/a?b=c");
  chosen.events = {WebhookEvent::kOrderPaid, WebhookEvent::kOrderRefunded};
  const auto id = webhooks.add(chosen, kMost);
  ASSERT_TRUE(id);
  const auto found = webhooks.find(*id);
  ASSERT_TRUE(found);
  EXPECT_EQ(found->url, chosen.url);
  EXPECT_EQ(found->secret, "whsec_one");
  EXPECT_EQ(found->previous_secret, "");
  EXPECT_FALSE(found->previous_until);
  EXPECT_EQ(found->events, chosen.events);
  EXPECT_EQ(found->created_at, at(100));
  EXPECT_FALSE(found->disabled_at);
  const auto begins = progress(*id);
  EXPECT_THAT(begins.cursors, ElementsAre(40));
  EXPECT_THAT(begins.pending, IsEmpty());
  EXPECT_FALSE(begins.acknowledged_at);
  EXPECT_EQ(begins.revision, found->revision);
  EXPECT_FALSE(webhooks.find(WebhookId{99}));
  EXPECT_FALSE(webhooks.progress(WebhookId{99}));
}

TEST_P(WebhooksTest, ThereAreNoMoreThanMayBe) {
  for (std::size_t i = 0; i < kMost; ++i) EXPECT_TRUE(webhooks.add(endpoint(), kMost));
  EXPECT_FALSE(webhooks.add(endpoint(), kMost));
  EXPECT_THAT(webhooks.list(), SizeIs(kMost));
}

TEST_P(WebhooksTest, WhatIsRecordedIsThereTogether) {
  const WebhookId id = add();
  const auto before = progress(id);
  ASSERT_TRUE(webhooks.record(id, {.revision = before.revision,
                                   .moved = {{.shard = 0, .from = 0, .to = 9}},
                                   .pending = {pending(3), pending(7)},
                                   .attempts = {attempt(3, 500), attempt(7, 0), attempt(9, 204)},
                                   .at = at(600)}));
  EXPECT_THAT(progress(id).cursors, ElementsAre(9));
  EXPECT_THAT(progress(id).pending, ElementsAre(pending(3), pending(7)));
  ASSERT_TRUE(webhooks.record(id, {.revision = before.revision,
                                   .pending = {pending(7, 2)},
                                   .done = {{0, 3}},
                                   .attempts = {attempt(3, 200)},
                                   .acknowledged_at = at(650),
                                   .at = at(700)}));
  EXPECT_EQ(progress(id).acknowledged_at, at(650));
  EXPECT_THAT(progress(id).pending, ElementsAre(pending(7, 2)));
  const auto log = webhooks.log(id, 0, 10);
  ASSERT_THAT(log, SizeIs(4));
  EXPECT_EQ(log[0].place, (WebhookPlace{0, 3}));
  EXPECT_EQ(log[0].status, 200);
  EXPECT_TRUE(log[0].acknowledged());
  EXPECT_EQ(log[2].failure, "timeout");
  EXPECT_EQ(log[2].at, at(500));
  EXPECT_EQ(log[2].duration, std::chrono::milliseconds{12});
  const auto older = webhooks.log(id, log[1].id, 1);
  ASSERT_THAT(older, SizeIs(1));
  EXPECT_EQ(older[0].id, log[2].id);
}

TEST_P(WebhooksTest, ARecordThatBeginsElsewhereWritesNothing) {
  const WebhookId id = add();
  const auto before = progress(id);
  ASSERT_TRUE(move(id, 0, 5));
  const WebhookRecord late{.revision = before.revision,
                           .moved = {{.shard = 0, .from = 0, .to = 3}},
                           .pending = {pending(2)},
                           .attempts = {attempt(2, 500)},
                           .at = at(600)};
  EXPECT_FALSE(webhooks.record(id, late)) << "another process was quicker";
  EXPECT_THAT(progress(id).cursors, ElementsAre(5)) << "it never moves backwards";
  EXPECT_THAT(progress(id).pending, IsEmpty());
  EXPECT_THAT(webhooks.log(id, 0, 10), IsEmpty());
  ASSERT_TRUE(webhooks.enable(id, at(700)));
  EXPECT_FALSE(webhooks.record(
      id, {.revision = before.revision, .moved = {{0, 5, 6}}, .attempts = {}, .at = at(800)}))
      << "an operator has changed it";
  EXPECT_FALSE(webhooks.record(WebhookId{99}, late));
}

TEST_P(WebhooksTest, AReplaySetsCursorsBackAndNeverForward) {
  end_shard_at(20);
  const WebhookId id = add();
  const auto before = progress(id);
  ASSERT_TRUE(webhooks.record(
      id, {.revision = before.revision, .pending = {pending(4), pending(12)}, .at = at(600)}));
  ASSERT_TRUE(webhooks.replay(id, {8}));
  const auto replayed = progress(id);
  EXPECT_THAT(replayed.cursors, ElementsAre(8));
  EXPECT_THAT(replayed.pending, ElementsAre(pending(4))) << "12 comes by the cursor";
  EXPECT_NE(replayed.revision, before.revision);
  ASSERT_TRUE(webhooks.replay(id, {15}));
  EXPECT_THAT(progress(id).cursors, ElementsAre(8));
  EXPECT_FALSE(webhooks.replay(WebhookId{99}, {0}));
}

TEST_P(WebhooksTest, IsDisabledOnceAndEnabledWhereItStood) {
  const WebhookId id = add();
  const auto before = progress(id);
  const WebhookRecord over{.revision = before.revision,
                           .moved = {{.shard = 0, .from = 0, .to = 2}},
                           .pending = {pending(2, 9)},
                           .disabled = "the receiver answered 410 Gone",
                           .at = at(600)};
  ASSERT_TRUE(webhooks.record(id, over));
  EXPECT_EQ(webhooks.find(id)->disabled_at, at(600));
  EXPECT_EQ(webhooks.find(id)->disabled_reason, "the receiver answered 410 Gone");
  ASSERT_TRUE(webhooks.enable(id, at(5'000)));
  const auto enabled = webhooks.find(id);
  EXPECT_FALSE(enabled->disabled_at);
  EXPECT_EQ(enabled->disabled_reason, "");
  const auto again = progress(id);
  EXPECT_THAT(again.cursors, ElementsAre(2));
  ASSERT_THAT(again.pending, SizeIs(1));
  EXPECT_EQ(again.pending[0].attempts, 0) << "three days begin anew";
  EXPECT_EQ(again.pending[0].first_at, at(5'000));
  EXPECT_EQ(again.pending[0].next_at, at(5'000));
  EXPECT_EQ(again.revision, enabled->revision);
}

TEST_P(WebhooksTest, ASecretThatIsRotatedIsKeptBesideTheNewOne) {
  const WebhookId id = add();
  const auto before = webhooks.find(id);
  ASSERT_TRUE(webhooks.rotate(id, "whsec_two", at(9'000)));
  const auto rotated = webhooks.find(id);
  EXPECT_EQ(rotated->secret, "whsec_two");
  EXPECT_EQ(rotated->previous_secret, "whsec_one");
  EXPECT_EQ(rotated->previous_until, at(9'000));
  EXPECT_NE(rotated->revision, before->revision);
  EXPECT_FALSE(webhooks.rotate(WebhookId{99}, "whsec_two", at(9'000)));
}

TEST_P(WebhooksTest, NothingIsLeftOfOneThatIsRemoved) {
  const WebhookId id = add();
  const WebhookId other = add();
  for (const WebhookId each : {id, other}) {
    ASSERT_TRUE(webhooks.record(each, {.revision = progress(each).revision,
                                       .pending = {pending(1)},
                                       .attempts = {attempt(1, 500)},
                                       .at = at(600)}));
  }
  EXPECT_TRUE(webhooks.remove(id));
  EXPECT_FALSE(webhooks.remove(id));
  EXPECT_THAT(webhooks.list(), SizeIs(1));
  EXPECT_THAT(webhooks.log(id, 0, 10), IsEmpty());
  EXPECT_THAT(webhooks.log(other, 0, 10), SizeIs(1));
  EXPECT_THAT(progress(other).pending, SizeIs(1));
}

TEST_P(WebhooksTest, AQueueShardThatIsNewBeginsAtItsBeginning) {
  const WebhookId id = add();
  shop.repositories.ensure_shards(4);
  EXPECT_THAT(progress(id).cursors, ElementsAre(0, 0, 0, 0));
}

TEST_P(WebhooksTest, TheLogIsPruned) {
  const WebhookId id = add();
  const WebhookId other = add();
  const auto write = [&](WebhookId to, std::int64_t from, std::int64_t count) {
    std::vector<WebhookAttempt> attempts;
    for (std::int64_t i = 0; i < count; ++i) attempts.push_back(attempt(from + i, 200));
    ASSERT_TRUE(webhooks.record(
        to, {.revision = progress(to).revision, .attempts = std::move(attempts), .at = at(600)}));
  };
  write(other, 1, 1);
  write(id, 1, 6'000);
  write(id, 6'001, 6'000);
  const auto log = webhooks.log(id, 0, 20'000);
  ASSERT_THAT(log, SizeIs(Webhooks::kAttemptsKept));
  EXPECT_EQ(log.front().place.seq, 12'000);
  EXPECT_EQ(log.back().place.seq, 2'001);
  EXPECT_THAT(webhooks.log(other, 0, 10), SizeIs(1));
  write(id, 12'001, 999);
  EXPECT_EQ(webhooks.log(id, 0, 20'000).size(), 10'999U) << "not at each write";
  write(id, 13'000, 1);
  EXPECT_EQ(webhooks.log(id, 0, 20'000).size(), Webhooks::kAttemptsKept);
}

TEST_P(WebhooksTest, AnEventOfANewerReleaseIsSaid) {
  add();
  shop.database.write([](soci::session& session) {
    session << "UPDATE webhook_endpoints SET events = 'order.paid sale.opened'";
  });
  const auto error = error_of([&] { webhooks.list(); });
  ASSERT_TRUE(error);
  EXPECT_THAT(error->what(), HasSubstr("sale.opened"));
}

}  // namespace
}  // namespace stampede::repositories::sql

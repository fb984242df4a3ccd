#include "services/operations/webhook_operations.h"

#include <gmock/gmock.h>

#include "services/webhooks/signing.h"
#include "tests/support/fakes/fake_buyers.h"
#include "tests/support/fakes/fake_webhooks.h"

namespace stampede::services::operations {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

struct WebhookOperationsTest : testing::Test {
  test_support::FakeOrderHistory history;
  test_support::FakeWebhooks webhooks{history};
  test_support::FakeBuyers users;
  test_support::FakeAuditLog log;
  audit::Journal journal{log, users};
  WebhookOperations operations{{webhooks, history}, journal, false};
  const Operator olga{"console:olga", {*parse_rfc3339("2026-11-22T08:24:00Z"), Tick{}}};

  WebhookEndpoint add(std::vector<WebhookEvent> events = {}) {
    return operations
        .add(olga, {.url = "https://shop.example/hooks?token=s3cret", .events = std::move(events)})
        .value();
  }
  std::string last_entry() {
    const auto newest = journal.list(0, 1).at(0);
    return newest.actor + " " + newest.action + " " + newest.subject;
  }
};

TEST_F(WebhookOperationsTest, AWebhookIsAddedWithASecretAndJournaledWithoutIt) {
  const auto added =
      add({WebhookEvent::kOrderPaid, WebhookEvent::kOrderHeld, WebhookEvent::kOrderPaid});
  EXPECT_TRUE(webhooks::secret_bytes(added.secret));
  EXPECT_THAT(added.events, ElementsAre(WebhookEvent::kOrderHeld, WebhookEvent::kOrderPaid));
  EXPECT_EQ(added.created_at, olga.now.wall);
  EXPECT_EQ(last_entry(), "console:olga webhook add webhook 1: https://shop.example");
  EXPECT_THAT(add({kWebhookEvents.begin(), kWebhookEvents.end()}).events, IsEmpty()) << "all";
}

TEST_F(WebhookOperationsTest, WhatIsWrongIsSaidAndLeavesNoTrace) {
  const auto plain = operations.add(olga, {.url = "http://shop.example/", .events = {}});
  ASSERT_FALSE(plain);
  EXPECT_THAT(plain.error(), HasSubstr("plain http"));
  EXPECT_FALSE(operations.add(olga, {.url = "https://10.0.0.1/", .events = {}}));
  WebhookOperations permissive({webhooks, history}, journal, true);
  EXPECT_TRUE(permissive.add(olga, {.url = "http://10.0.0.1/", .events = {}}));
  for (std::size_t i = 1; i < WebhookEndpoint::kMost; ++i) add();
  const auto many = operations.add(olga, {.url = "https://shop.example/", .events = {}});
  ASSERT_FALSE(many);
  EXPECT_THAT(many.error(), HasSubstr("32 webhooks already"));
  const auto entries = journal.list(0, 100).size();
  const WebhookId none{99};
  for (const std::string& error :
       {operations.remove(olga, none).error(), operations.rotate(olga, none).error(),
        operations.enable(olga, none).error(), operations.replay(olga, none, {}).error(),
        operations.log(none, 0, 10).error()}) {
    EXPECT_THAT(error, HasSubstr("there is no webhook 99; expected"));
  }
  EXPECT_EQ(journal.list(0, 100).size(), entries);
}

TEST_F(WebhookOperationsTest, ARotatedSecretSignsForADayToo) {
  const auto before = add();
  const auto after = operations.rotate(olga, before.id);
  ASSERT_TRUE(after);
  EXPECT_NE(after->secret, before.secret);
  EXPECT_EQ(after->previous_secret, before.secret);
  EXPECT_EQ(after->previous_until, olga.now.wall + std::chrono::hours{24});
  EXPECT_THAT(last_entry(), HasSubstr("webhook rotate webhook 1"));
}

TEST_F(WebhookOperationsTest, AReplayBeginsWithAnOrderOrWithEverything) {
  history.end = 20;
  const auto id = add().id;
  ASSERT_TRUE(operations.replay(olga, id, OrderNumber{15}));
  EXPECT_THAT(webhooks.progress(id)->cursors, ElementsAre(14));
  EXPECT_THAT(last_entry(), HasSubstr("from order 15 on"));
  ASSERT_TRUE(operations.replay(olga, id, OrderNumber{500}));
  EXPECT_THAT(webhooks.progress(id)->cursors, ElementsAre(14)) << "nothing is left out by it";
  ASSERT_TRUE(operations.replay(olga, id, {}));
  EXPECT_THAT(webhooks.progress(id)->cursors, ElementsAre(0));
  EXPECT_THAT(last_entry(), HasSubstr("from the beginning on"));
}

TEST_F(WebhookOperationsTest, IsEnabledAndRemoved) {
  const auto id = add().id;
  webhooks.endpoints[id].disabled_at = olga.now.wall;
  ASSERT_TRUE(operations.enable(olga, id));
  EXPECT_FALSE(operations.find(id)->disabled_at);
  ASSERT_TRUE(operations.remove(olga, id));
  EXPECT_THAT(operations.list(), IsEmpty());
  EXPECT_THAT(last_entry(), HasSubstr("webhook remove webhook 1"));
}

}  // namespace
}  // namespace stampede::services::operations

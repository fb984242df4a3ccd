#include "queue/inbox.h"

#include <gtest/gtest.h>

#include "queue/codec.h"

namespace stampede::queue {
namespace {

std::string body_of(std::int64_t lease, std::size_t markers = 1) {
  return encode(std::vector<Message>(markers, CloseMarker{LeaseId{lease}}));
}

class InboxTest : public testing::Test {
 protected:
  void deliver(DeliveryTag tag, std::size_t markers = 1) {
    inbox_.add(Inbox::read(1, tag, body_of(5, markers)));
  }
  std::size_t hand_out(std::size_t most = 100) {
    inbox_.hand_out(batch_, unreadable_, most);
    return batch_.size();
  }

  Inbox inbox_;
  std::vector<Message> batch_;
  std::vector<UnreadableMessage> unreadable_;
};

TEST_F(InboxTest, HandsOutWholeDeliveries) {
  for (const DeliveryTag tag : {1U, 2U, 3U}) deliver(tag, 2);
  EXPECT_EQ(hand_out(5), 4);
  EXPECT_EQ(hand_out(1), 2) << "one, however large";
  EXPECT_TRUE(inbox_.empty());
}

TEST_F(InboxTest, TellsOnceUpToWhereAllIsDone) {
  deliver(1);
  deliver(2);
  EXPECT_EQ(inbox_.take_done(), 0);
  hand_out();
  EXPECT_EQ(inbox_.take_done(), 0) << "it is not written yet";
  inbox_.done();
  EXPECT_EQ(inbox_.take_done(), 2);
  EXPECT_EQ(inbox_.take_done(), 0);
}

TEST_F(InboxTest, ALostConnectionsDeliveriesAreNotAcknowledgedOnTheNext) {
  deliver(7);
  deliver(8);
  hand_out(1);
  inbox_.connection_lost();
  EXPECT_TRUE(inbox_.empty()) << "it comes again";
  inbox_.done();
  EXPECT_EQ(inbox_.take_done(), 0);
  deliver(1);
  hand_out();
  inbox_.done();
  inbox_.connection_lost();
  EXPECT_EQ(inbox_.take_done(), 0);
}

TEST_F(InboxTest, WhatNobodyCanReadIsHandedOutBesideTheRest) {
  inbox_.add(Inbox::read(1, 1, "not of this shop"));
  inbox_.add(Inbox::read(2, 2, body_of(5)));
  EXPECT_EQ(hand_out(), 0);
  ASSERT_EQ(unreadable_.size(), 2);
  EXPECT_EQ(unreadable_[0].body, "not of this shop");
  EXPECT_EQ(unreadable_[1].reason, "lease 5 on the queue of shard 2: expected shard 1");
  inbox_.done();
  EXPECT_EQ(inbox_.take_done(), 2);
}

}  // namespace
}  // namespace stampede::queue

// Ends of the server, of the peer and of the one who should answer, in every order.

#include <gmock/gmock.h>

#include <future>
#include <optional>
#include <string>
#include <thread>
#include <vector>

#include "http/server/server.h"
#include "http/server/test_connection.h"
#include "http/server/test_server.h"

namespace stampede::http {
namespace {

using std::chrono::milliseconds;
using testing::body_of;
using testing::eventually;
using testing::get;
using ::testing::HasSubstr;
using testing::RawConnection;
using testing::status_of;
using testing::TestServer;

TEST(Drain, FinishesWhatRunsAndClosesTheRest) {
  TestServer test;
  test.server->start();
  RawConnection idle(test.port());
  EXPECT_EQ(status_of(idle.ask(get("/hello"))), 200);
  RawConnection running(test.port());
  running.send(get("/later"));
  Responder responder = test.next_responder();

  std::jthread draining([&] { test.server->drain(); });
  EXPECT_TRUE(idle.closed());  // drain() has begun on its thread
  ASSERT_TRUE(eventually([&] { return !RawConnection(test.port()).connected(); }));

  responder.reply_from_anywhere(html(200, "done"));
  const std::string response = running.response();
  EXPECT_EQ(body_of(response), "done");
  EXPECT_THAT(response, HasSubstr("Connection: close\r\n"));
  EXPECT_TRUE(running.closed());
  running.close();
  draining.join();
  EXPECT_EQ(test.server->statistics().connections_open, 0U);
}

TEST(Drain, ServesARequestThatCameJustBefore) {
  TestServer test({}, 1);
  std::promise<void> entered;
  std::promise<void> go_on;
  test.router.get("/block", [&](Request&, Responder respond) {  // holds the only thread
    entered.set_value();
    go_on.get_future().wait();
    respond(html(200, "blocked"));
  });
  test.server->start();
  RawConnection known(test.port());
  EXPECT_EQ(status_of(known.ask(get("/hello"))), 200);
  RawConnection blocking(test.port());
  blocking.send(get("/block"));
  entered.get_future().wait();

  known.send(get("/echo?text=known"));
  RawConnection waiting(test.port());  // in the kernel's queue
  waiting.send(get("/echo?text=waiting"));
  std::jthread draining([&] { test.server->drain(); });
  go_on.set_value();
  EXPECT_EQ(body_of(blocking.response()), "blocked");
  EXPECT_EQ(body_of(known.response()), "known");
  EXPECT_EQ(body_of(waiting.response()), "waiting");
  blocking.close();
  known.close();
  waiting.close();
}

TEST(Drain, CutsWhatDoesNotEndInTime) {
  TestServer test({.drain_time = milliseconds{50}});
  test.server->start();
  RawConnection connection(test.port());
  connection.send(get("/later"));
  Responder responder = test.next_responder();
  test.server->drain();
  EXPECT_TRUE(connection.closed());
  EXPECT_EQ(test.server->statistics().connections_open, 0U);
  responder.reply_from_anywhere(html(200, "too late"));  // hurts nobody
}

TEST(Drain, PostedTasksStillRunAfterwards) {
  TestServer test({.drain_time = milliseconds{50}});
  test.server->start();
  RawConnection connection(test.port());
  connection.send(get("/later"));
  Responder responder = test.next_responder();
  const Post post = responder.post();
  test.server->drain();
  std::promise<void> ran;
  post([&ran] { ran.set_value(); });
  ran.get_future().wait();
}

TEST(Drain, OfAServerThatNeverStartedReturns) {
  TestServer test;
  test.server->drain();
  EXPECT_EQ(test.server->statistics().requests, 0U);
}

TEST(Lifetime, ThePeerGoesBeforeTheAnswer) {
  TestServer test;
  test.server->start();
  {
    RawConnection connection(test.port());
    connection.send(get("/later"));
  }
  test.next_responder().reply_from_anywhere(html(200, "to nobody"));
  EXPECT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
}

class ServerGoesFirst : public ::testing::Test {
 protected:
  ServerGoesFirst() {
    test_.server->start();
    connection_.emplace(test_.port());
    connection_->send(get("/later"));
    responder_.emplace(test_.next_responder());
  }
  TestServer test_;
  std::optional<RawConnection> connection_;
  std::optional<Responder> responder_;
};

TEST_F(ServerGoesFirst, ThenTheResponderIsDropped) {
  test_.server.reset();
  EXPECT_TRUE(connection_->closed());
  responder_.reset();
}

TEST_F(ServerGoesFirst, ThenTheResponderAnswers) {
  test_.server.reset();
  responder_->reply_from_anywhere(html(200, "to nobody"));
  EXPECT_TRUE(connection_->closed());
}

TEST_F(ServerGoesFirst, ThenATaskIsPosted) {
  const Post post = responder_->post();
  test_.server.reset();
  auto held = std::make_shared<int>(1);
  post([held, responder = std::move(*responder_)] { ADD_FAILURE() << "ran without a thread"; });
  EXPECT_EQ(held.use_count(), 1);  // destroyed unrun
}

TEST(Lifetime, AnswersRaceWithTheEnd) {
  for (int round = 0; round < 30; ++round) {
    TestServer test;
    test.server->start();
    std::vector<RawConnection> connections;
    std::vector<Responder> responders;
    for (int i = 0; i < 8; ++i) {
      connections.emplace_back(test.port()).send(get("/later"));
      responders.push_back(test.next_responder());
    }
    std::jthread answering([&] {
      for (std::size_t i = 0; i < responders.size(); ++i) {
        if (i % 2 == 0) {
          responders[i].reply_from_anywhere(html(200, "x"));
        }
      }
      responders.clear();
    });
    test.server.reset();
  }
}

}  // namespace
}  // namespace stampede::http

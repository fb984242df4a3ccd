// Answers whose body comes by and by, over real connections.

#include "http/server/handlers/body_stream.h"

#include <gmock/gmock.h>

#include <algorithm>
#include <atomic>
#include <future>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "http/server/test_connection.h"
#include "http/server/test_server.h"

namespace stampede::http {
namespace {

using std::chrono::milliseconds;
using testing::eventually;
using testing::get;
using ::testing::HasSubstr;
using ::testing::Not;
using testing::RawConnection;
using testing::status_of;
using testing::TestServer;

Response event_head() {
  Response head;
  head.content_type = "text/event-stream";
  return head;
}

/// A server, a connection with GET /later under way, and the stream that answers it.
class Streaming : public ::testing::Test {
 protected:
  void open(Limits limits = {}, int receive_buffer = 0, const std::string& request = get("/later"),
            AtDrain at_drain = AtDrain::kEnd) {
    test_.emplace(limits);
    test_->server->start();
    peer_.emplace(test_->port(), receive_buffer);
    peer_->send(request);
    Responder responder = test_->next_responder();
    post_ = responder.post();
    stream_.emplace(responder.stream_from_anywhere(event_head(), at_drain));
  }
  /// Returns when the session has done all there was to do.
  void await_session() {
    std::promise<void> idle;
    post_([&idle] { idle.set_value(); });
    idle.get_future().wait();
  }
  bool no_connection_left() {
    return eventually([&] { return test_->server->statistics().connections_open == 0; });
  }

  std::optional<TestServer> test_;
  std::optional<RawConnection> peer_;
  Post post_;
  std::optional<BodyStream> stream_;
};

TEST_F(Streaming, SendsEachPartAsItIsWritten) {
  open();
  const std::string head = peer_->until("\r\n\r\n");
  EXPECT_EQ(status_of(head), 200);
  EXPECT_THAT(head, HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_THAT(head, HasSubstr("Transfer-Encoding: chunked\r\n"));
  EXPECT_THAT(head, HasSubstr("Connection: close\r\n"));
  EXPECT_THAT(head, Not(HasSubstr("Content-Length")));
  EXPECT_TRUE(stream_->write("hello, "));
  EXPECT_EQ(peer_->until("hello, \r\n"), "7\r\nhello, \r\n");
  EXPECT_TRUE(stream_->write(std::string(27, 'x')));
  EXPECT_EQ(peer_->until("x\r\n"), "1b\r\n" + std::string(27, 'x') + "\r\n");
  EXPECT_FALSE(stream_->closed());
  stream_->end();
  EXPECT_TRUE(stream_->closed());
  EXPECT_FALSE(stream_->write("late"));
  EXPECT_EQ(peer_->until("\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(peer_->closed());
}

TEST_F(Streaming, SendsWhatWasWrittenBeforeTheEnd) {
  open();
  stream_->write("all ");
  stream_->write("of it");
  stream_->end();
  stream_.reset();
  const std::string body = (peer_->until("\r\n\r\n"), peer_->until("0\r\n\r\n"));
  EXPECT_THAT(body, HasSubstr("of it\r\n0\r\n\r\n"));
  EXPECT_TRUE(peer_->closed());
}

TEST_F(Streaming, AWriterThatGivesUpCutsTheConnection) {
  open();
  stream_->write("part");
  EXPECT_THAT(peer_->until("part\r\n"), HasSubstr("4\r\npart\r\n"));
  stream_.reset();
  EXPECT_EQ(peer_->until("0\r\n\r\n"), "");
  EXPECT_TRUE(no_connection_left());
}

TEST_F(Streaming, NoticesThatThePeerIsGone) {
  open();
  peer_->until("\r\n\r\n");
  peer_.reset();
  EXPECT_TRUE(eventually([&] { return stream_->closed(); }));  // though nothing is written
  EXPECT_FALSE(stream_->write("to nobody"));
  EXPECT_TRUE(no_connection_left());
}

TEST_F(Streaming, CutsAReaderThatIsTooSlow) {
  open({}, 4096);
  const std::string part(8192, 'x');
  ASSERT_TRUE(eventually([&] { return !stream_->write(part); }));  // the kernel's buffers are full
  EXPECT_TRUE(stream_->closed());
  EXPECT_TRUE(no_connection_left());
}

TEST_F(Streaming, BuffersNoMoreThanItSays) {
  std::optional<BodyStream> stream;
  TestServer test({}, 1);
  test.router.get("/stream", [&](Request&, Responder respond) {
    stream.emplace(respond.stream_from_anywhere(event_head()));
    // The only thread is here, so nothing has been sent.
    EXPECT_TRUE(stream->write(std::string(BodyStream::kMostBuffered, 'x')));
    EXPECT_FALSE(stream->write("x"));
  });
  test.server->start();
  RawConnection peer(test.port());
  peer.send(get("/stream"));
  EXPECT_TRUE(eventually([&] { return test.server->statistics().requests == 1; }));
  EXPECT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
}

TEST_F(Streaming, WhatHasGoneOutMakesRoom) {
  open();
  const std::string part(40'000, 'x');
  peer_->until("\r\n\r\n");
  for (int i = 0; i < 10; ++i) {
    ASSERT_TRUE(stream_->write(part));
    peer_->until("x\r\n");
    await_session();
  }
  stream_->end();
}

TEST_F(Streaming, AQuietStreamHasNoDeadline) {
  const milliseconds brief{1};
  open({.header_time = brief, .body_time = brief, .idle_time = brief, .write_time = brief});
  peer_->until("\r\n\r\n");
  // A connection that is at rest instead is closed by its deadline, and this one is not.
  RawConnection other(test_->port());
  EXPECT_TRUE(other.closed());
  EXPECT_TRUE(stream_->write("still here"));
  EXPECT_THAT(peer_->until("\r\nstill here\r\n"), HasSubstr("still here"));
  EXPECT_EQ(test_->server->statistics().deadlines_missed, 0U);
  stream_->end();
}

TEST_F(Streaming, DrainEndsIt) {
  open();
  stream_->write("before");
  EXPECT_THAT(peer_->until("before\r\n"), HasSubstr("before"));
  std::jthread draining([&] { test_->server->drain(); });
  EXPECT_EQ(peer_->until("\r\n\r\n"), "0\r\n\r\n");
  EXPECT_TRUE(stream_->closed());
  EXPECT_TRUE(peer_->closed());
  peer_->close();
}

TEST_F(Streaming, OpenedWhileDrainingItEndsWithWhatIsWritten) {
  TestServer test;
  test.server->start();
  RawConnection idle(test.port());
  idle.ask(get("/hello"));
  RawConnection peer(test.port());
  peer.send(get("/later"));
  Responder responder = test.next_responder();
  std::jthread draining([&] { test.server->drain(); });
  EXPECT_TRUE(idle.closed());  // drain() has begun
  ASSERT_TRUE(eventually([&] { return !RawConnection(test.port()).connected(); }));
  BodyStream stream = responder.stream_from_anywhere(event_head());
  EXPECT_THAT(peer.until("0\r\n\r\n"), HasSubstr("text/event-stream"));
  EXPECT_TRUE(stream.closed());
  peer.close();
}

TEST_F(Streaming, HeadGetsTheHeadAlone) {
  open({}, 0, "HEAD /later HTTP/1.1\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer_->until("\r\n\r\n"), HasSubstr("Content-Type: text/event-stream\r\n"));
  EXPECT_TRUE(peer_->closed());
  EXPECT_TRUE(eventually([&] { return stream_->closed(); }));
}

TEST_F(Streaming, Http10GetsItWithoutChunks) {
  open({}, 0, "GET /later HTTP/1.0\r\nHost: a\r\n\r\n");
  EXPECT_THAT(peer_->until("\r\n\r\n"), Not(HasSubstr("Transfer-Encoding")));
  stream_->write("plain");
  stream_->end();
  EXPECT_EQ(peer_->until("plain"), "plain");
  EXPECT_TRUE(peer_->closed());
}

TEST_F(Streaming, CountsTowardsTheCaps) {
  open({.connections = 1});
  RawConnection other(test_->port());
  EXPECT_TRUE(other.closed());
  EXPECT_EQ(test_->server->statistics().connections_refused, 1U);
  stream_->end();
  EXPECT_THAT(peer_->until("0\r\n\r\n"), HasSubstr("chunked"));
}

TEST_F(Streaming, WhatThePeerSaysMeanwhileIsBounded) {
  open();
  peer_->send(get("/hello"));  // is not answered any more
  stream_->write("still here");
  EXPECT_THAT(peer_->until("still here\r\n"), Not(HasSubstr("hello")));
  const std::string flood(16UL * 1024, 'x');
  for (int i = 0; i < 64 && peer_->send(flood); ++i) {
  }
  EXPECT_TRUE(eventually([&] { return stream_->closed(); }));
}

TEST_F(Streaming, OutlivesTheServer) {
  open();
  peer_->until("\r\n\r\n");
  test_->server.reset();
  EXPECT_TRUE(stream_->closed());
  EXPECT_FALSE(stream_->write("to nobody"));
  stream_->end();
}

TEST_F(Streaming, OpenedAfterTheServerIsClosedAtOnce) {
  TestServer test;
  test.server->start();
  RawConnection peer(test.port());
  peer.send(get("/later"));
  Responder responder = test.next_responder();
  test.server.reset();
  const BodyStream stream = responder.stream_from_anywhere(event_head());
  EXPECT_TRUE(stream.closed());
}

/// Longer than any test.
constexpr std::chrono::minutes kPatient{5};

TEST(BodyStreamRoom, IsWhatTheOtherEndHasSent) {
  static constexpr std::size_t kWhole = 20'000'000;
  static constexpr std::size_t kPart = 99'991;  // more than fits at once
  auto [stream, source] = make_body_stream([](const std::move_only_function<void()>&) {});
  std::atomic<std::size_t> written = 0;
  std::jthread writing([&written, &out = stream] {
    while (written < kWhole) {
      const std::string part(std::min(kPart, kWhole - written),
                             static_cast<char>('a' + written % 26));
      EXPECT_TRUE(out.write_when_room(part, kPatient));
      written += part.size();
    }
    out.end();
  });
  std::size_t taken = 0;
  bool in_order = true;
  for (BodySource::State state = BodySource::State::kOpen; state == BodySource::State::kOpen;) {
    const BodySource::Part part = source.take();
    ASSERT_LE(part.bytes.size(), BodyStream::kMostBuffered);
    for (const char c : part.bytes) {
      in_order = in_order && c == static_cast<char>('a' + taken / kPart * kPart % 26);
      ++taken;
    }
    EXPECT_LE(written, taken + BodyStream::kMostBuffered - part.bytes.size());
    state = part.state;
    source.sent();
    std::this_thread::yield();
  }
  EXPECT_TRUE(in_order);
  EXPECT_EQ(taken, kWhole);
}

TEST_F(Streaming, ASlowReaderGetsEveryByte) {
  open({}, 4096, "GET /later HTTP/1.0\r\nHost: a\r\n\r\n");
  peer_->until("\r\n\r\n");
  constexpr int kLines = 2'500;
  const std::string line(8'000, 'x');
  std::atomic<int> written{0};
  std::jthread writing([&] {
    for (int i = 0; i < kLines; ++i) {
      EXPECT_TRUE(stream_->write_when_room(std::to_string(i) + line + '\n', kPatient));
      written = i + 1;
    }
    stream_->end();
  });
  for (int i = 0; i < kLines; ++i) {
    ASSERT_EQ(peer_->until("\n"), std::to_string(i) + line + '\n');
    if (i == 0) {
      EXPECT_LT(written, kLines);  // so the writer waits for the reader
    }
  }
  EXPECT_TRUE(peer_->closed());
}

TEST_F(Streaming, AReaderThatIsSlowButMovesIsNotCutAtItsDeadline) {
  constexpr std::size_t kSize = 16'000'000;  // more than any kernel takes at once
  // Silence lasts for two deadlines of an answer.
  open({.header_time = milliseconds{3000}, .write_time = milliseconds{1000}}, 16 * 1024,
       "GET /later HTTP/1.0\r\nHost: a\r\n\r\n");
  peer_->until("\r\n\r\n");
  RawConnection silent(test_->port());
  std::jthread writing([&] {
    EXPECT_TRUE(stream_->write_when_room(std::string(kSize, 'x') + "end", kPatient));
    stream_->end();
  });
  while (!silent.readable_within(milliseconds{10})) {
    ASSERT_TRUE(peer_->take(4096));
  }
  while (peer_->take()) {
  }
  EXPECT_EQ(peer_->until("end").size(), kSize + 3);
  EXPECT_EQ(test_->server->statistics().deadlines_missed, 0U);
}

TEST_F(Streaming, AReaderThatStopsCostsNoMoreThanTheWritersPatience) {
  open({.write_time = kPatient}, 4096);
  const std::string part(100'000, 'x');
  auto stopped = std::async(std::launch::async, [&] {
    while (stream_->write_when_room(part, milliseconds{50})) {
    }
  });
  // Long before the kernel takes the peer for dead.
  ASSERT_EQ(stopped.wait_for(std::chrono::seconds{20}), std::future_status::ready);
  EXPECT_TRUE(stream_->closed());
  EXPECT_FALSE(stream_->write_when_room("", milliseconds{50}));
  EXPECT_TRUE(no_connection_left());
}

TEST_F(Streaming, TheServersOwnDeadlineFreesAWriterToo) {
  open({.write_time = milliseconds{1}}, 4096);
  const std::string part(100'000, 'x');
  ASSERT_TRUE(eventually([&] { return !stream_->write_when_room(part, kPatient); }));
  EXPECT_TRUE(no_connection_left());
  EXPECT_EQ(test_->server->statistics().deadlines_missed, 1U);
}

TEST_F(Streaming, AReaderThatGoesAwayFreesAWaitingWriter) {
  open({}, 4096);
  peer_->until("\r\n\r\n");
  std::jthread writing([&] {
    while (stream_->write_when_room(std::string(100'000, 'x'), kPatient)) {
    }
  });
  peer_->until("xxx");
  peer_.reset();
  writing.join();
  EXPECT_TRUE(no_connection_left());
}

TEST_F(Streaming, DrainCutsAFileAndFreesItsWaitingWriter) {
  open({}, 4096, get("/later"), AtDrain::kCut);
  std::jthread writing([&] {
    while (stream_->write_when_room(std::string(100'000, 'x'), kPatient)) {
    }
    EXPECT_FALSE(stream_->write_when_room("late", kPatient));
  });
  peer_->until("xxx");
  test_->server->drain();  // though the peer has stopped reading
  writing.join();
  EXPECT_EQ(peer_->until("\r\n0\r\n\r\n"), "");
}

TEST_F(Streaming, TheEndOfTheServerFreesAWaitingWriter) {
  open({}, 4096);
  std::jthread writing([&] {
    while (stream_->write_when_room(std::string(100'000, 'x'), kPatient)) {
    }
  });
  peer_->until("xxx");
  test_->server.reset();
  writing.join();
  EXPECT_TRUE(stream_->closed());
}

TEST(StreamingRaces, WritersAndTheEndOfThePeerAndTheServer) {
  for (int round = 0; round < 20; ++round) {
    TestServer test;
    test.server->start();
    std::vector<RawConnection> peers;
    std::vector<BodyStream> streams;
    for (int i = 0; i < 6; ++i) {
      peers.emplace_back(test.port()).send(get("/later"));
      streams.push_back(test.next_responder().stream_from_anywhere(event_head()));
    }
    std::jthread writing([&] {
      for (int part = 0; part < 50; ++part) {
        for (BodyStream& stream : streams) {
          stream.write("event: x\n\n");
        }
      }
      streams.front().end();
      streams.clear();
    });
    peers.erase(peers.begin() + 2, peers.begin() + 4);
    test.server.reset();
  }
}

}  // namespace
}  // namespace stampede::http

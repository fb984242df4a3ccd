// Clients that mean harm, or are very slow: the server frees what they hold.

#include <fcntl.h>
#include <gmock/gmock.h>
#include <sys/resource.h>

#include <array>
#include <atomic>
#include <boost/system/error_code.hpp>
#include <cerrno>
#include <future>
#include <string>
#include <thread>
#include <vector>

#include "http/server/server.h"
#include "http/server/test_connection.h"
#include "http/server/test_server.h"
#include "telemetry/log.h"

namespace stampede::http {
namespace {

using std::chrono::milliseconds;
using testing::body_of;
using testing::eventually;
using testing::get;
using testing::RawConnection;
using testing::status_of;
using testing::TestServer;

constexpr const char* kTake = "POST /take HTTP/1.1\r\nHost: a\r\nContent-Length: 0\r\n\r\n";

/// A server of one thread that counts what it carries out.
struct CarryingOut {
  CarryingOut() {
    test.router.post("/take", [this](Request&, Responder respond) {
      ++carried_out;
      respond(html(200, "taken"));
    });
  }
  TestServer test{{}, 1};
  std::atomic<int> carried_out = 0;
};

TEST(ServerAbuse, WhatAPeerGaveUpWhileTheThreadStoodStillIsNotCarriedOut) {
  CarryingOut server;
  std::promise<void> stands;
  std::promise<void> goes_on;
  server.test.router.get("/stand-still", [&](Request&, Responder respond) {
    stands.set_value();
    goes_on.get_future().wait();
    respond(html(200, "moved"));
  });
  server.test.server->start();
  RawConnection blocking(server.test.port());
  RawConnection gone(server.test.port());
  RawConnection there(server.test.port());
  for (auto* connection : {&gone, &there}) {
    ASSERT_EQ(status_of(connection->ask(get("/hello"))), 200);
  }
  blocking.send(get("/stand-still"));
  stands.get_future().wait();
  gone.send(kTake);
  gone.close();
  there.send(kTake);
  std::this_thread::sleep_for(milliseconds{1'000});
  goes_on.set_value();
  EXPECT_EQ(status_of(there.response()), 200);
  EXPECT_EQ(status_of(blocking.response()), 200);
  EXPECT_TRUE(eventually([&] { return server.test.server->statistics().bad_requests == 1; }));
  EXPECT_EQ(server.carried_out, 1) << "of the peer that waited";
}

TEST(ServerAbuse, WhatAPeerGaveUpBehindAnotherRequestIsNotCarriedOut) {
  CarryingOut server;
  server.test.server->start();
  RawConnection gone(server.test.port());
  RawConnection there(server.test.port());
  for (auto* connection : {&gone, &there}) {
    connection->send(get("/later") + kTake);
    Responder later = server.test.next_responder();
    if (connection == &gone) gone.close();
    later.reply_from_anywhere(html(200, "late"));
  }
  EXPECT_EQ(status_of(there.response()), 200);
  EXPECT_EQ(status_of(there.response()), 200);
  EXPECT_EQ(server.carried_out, 1);
}

TEST(ServerAbuse, AHeaderSentByteByByteMeetsItsDeadline) {
  TestServer test({.header_time = milliseconds{50}});
  test.server->start();
  RawConnection connection(test.port());
  connection.send("GET / HTTP/1.1\r\nX: ");
  while (!connection.readable_within(milliseconds{10})) {
    connection.send("x");
  }
  EXPECT_EQ(status_of(connection.response()), 408);
  EXPECT_TRUE(connection.closed());
  EXPECT_EQ(test.server->statistics().deadlines_missed, 1U);
}

TEST(ServerAbuse, ABodySentByteByByteMeetsItsDeadline) {
  TestServer test({.body_time = milliseconds{500}});
  test.server->start();
  RawConnection connection(test.port());
  connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: 60000\r\n\r\n");
  while (!connection.readable_within(milliseconds{10})) {
    connection.send("x");
  }
  EXPECT_EQ(status_of(connection.response()), 408);
  EXPECT_TRUE(connection.closed());
}

TEST(ServerAbuse, ALongBodyMayComeSlowlyButMustCome) {
  constexpr std::size_t kSize = 4'000'000;
  // Silence lasts for two deadlines of a body.
  TestServer test(
      {.body_bytes = kSize, .header_time = milliseconds{3000}, .body_time = milliseconds{1000}});
  test.server->start();
  RawConnection silent(test.port());
  RawConnection connection(test.port());
  connection.send("POST /echo HTTP/1.1\r\nHost: a\r\nContent-Length: " + std::to_string(kSize) +
                  "\r\n\r\n");
  std::string left(kSize, 'x');
  while (!silent.readable_within(milliseconds{10})) {
    ASSERT_GT(left.size(), 4096U);
    ASSERT_TRUE(connection.send(left.substr(0, 4096)));
    left.resize(left.size() - 4096);
  }
  EXPECT_EQ(test.server->statistics().deadlines_missed, 0U);
  const std::string response = connection.ask(left);
  EXPECT_EQ(status_of(response), 200);
  EXPECT_EQ(body_of(response).size(), kSize);
}

TEST(ServerAbuse, AConnectionAtRestIsClosedWithoutAWord) {
  TestServer test({.idle_time = milliseconds{50}});
  test.server->start();
  RawConnection silent(test.port());
  RawConnection used(test.port());
  EXPECT_EQ(status_of(used.ask(get("/hello"))), 200);
  EXPECT_TRUE(silent.closed());
  EXPECT_TRUE(used.closed());
  EXPECT_EQ(test.server->statistics().deadlines_missed, 0U);
}

TEST(ServerAbuse, AConnectionThatNeverAsksIsNotKeptForTheIdleTime) {
  TestServer test({.header_time = milliseconds{50}});  // idle_time is a minute
  test.server->start();
  RawConnection silent(test.port());
  EXPECT_TRUE(silent.closed());
}

/// GET /large of 16 MB, more than any kernel takes at once.
struct LargeAnswer {
  static constexpr std::size_t kSize = 16'000'000;

  explicit LargeAnswer(Limits limits) : test(limits) {
    const auto body = std::make_shared<const std::string>(kSize, 'x');
    test.router.get("/large", [body](Request&, Responder respond) {
      Response response = html(200, "");
      response.shared_body = body;
      respond(std::move(response));
    });
    test.server->start();
  }
  std::uint64_t deadlines_missed() const { return test.server->statistics().deadlines_missed; }

  TestServer test;
};

TEST(ServerAbuse, AReaderThatDoesNotReadIsCutOff) {
  LargeAnswer large({.write_time = milliseconds{50}});
  RawConnection connection(large.test.port(), 4096);
  connection.send(get("/large"));
  EXPECT_TRUE(eventually([&] { return large.deadlines_missed() == 1; }));
  EXPECT_TRUE(eventually([&] { return large.test.server->statistics().connections_open == 0; }));
}

TEST(ServerAbuse, ASlowReaderOfALargeAnswerGetsAllOfIt) {
  // Silence lasts for two deadlines of an answer.
  LargeAnswer large({.header_time = milliseconds{3000}, .write_time = milliseconds{1000}});
  RawConnection silent(large.test.port());
  RawConnection slow(large.test.port(), 16 * 1024);
  slow.send(get("/large"));
  while (!silent.readable_within(milliseconds{10})) {
    ASSERT_TRUE(slow.take(4096));
  }
  EXPECT_EQ(body_of(slow.response()).size(), LargeAnswer::kSize);
  EXPECT_EQ(large.deadlines_missed(), 0U);
}

TEST(ServerAbuse, AReaderThatTakesTooLittleIsCutOff) {
  LargeAnswer large({.write_time = milliseconds{50}, .progress_bytes = LargeAnswer::kSize});
  RawConnection silent(large.test.port());
  RawConnection slow(large.test.port(), 16 * 1024);
  slow.send(get("/large"));
  EXPECT_TRUE(eventually([&] {
    return !silent.readable_within(milliseconds{10}) && slow.take(4096) &&
           large.deadlines_missed() == 1;
  }));
}

TEST(ServerAbuse, OneAddressHasItsCap) {
  TestServer test({.connections_per_address = 2});
  test.server->start();
  RawConnection first(test.port());
  RawConnection second(test.port());
  EXPECT_EQ(status_of(first.ask(get("/hello"))), 200);
  EXPECT_EQ(status_of(second.ask(get("/hello"))), 200);
  RawConnection third(test.port());
  EXPECT_TRUE(third.closed());
  EXPECT_EQ(test.server->statistics().connections_refused, 1U);

  first.close();
  ASSERT_TRUE(eventually([&] { return test.server->statistics().connections_open == 1; }));
  RawConnection fourth(test.port());
  EXPECT_EQ(status_of(fourth.ask(get("/hello"))), 200);
}

TEST(ServerAbuse, ATrustedProxyHasNoCapButTheOneInAll) {
  TestServer test({.connections = 3, .connections_per_address = 1}, 1, {"127.0.0.1"});
  test.server->start();
  std::vector<RawConnection> connections;
  for (int i = 0; i < 3; ++i) {
    EXPECT_EQ(status_of(connections.emplace_back(test.port()).ask(get("/hello"))), 200);
  }
  RawConnection over(test.port());
  EXPECT_TRUE(over.closed());
}

TEST(ServerAbuse, AResetInTheMiddleHurtsNobody) {
  TestServer test;
  test.server->start();
  for (int i = 0; i < 20; ++i) {
    RawConnection connection(test.port());
    connection.send(get("/hello") + "GET /la");
    connection.close();  // with the answer unread: a reset
  }
  RawConnection honest(test.port());
  EXPECT_EQ(status_of(honest.ask(get("/hello"))), 200);
  honest.close();
  EXPECT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
}

/// Lowers the soft limit on open files so that no new one can be opened; gives it back at its end.
class NoFilesLeft {
 public:
  NoFilesLeft() {
    ::getrlimit(RLIMIT_NOFILE, &before_);
    const int lowest_free = ::open("/dev/null", O_RDONLY | O_CLOEXEC);
    ::close(lowest_free);
    rlimit none = before_;
    none.rlim_cur = static_cast<rlim_t>(lowest_free);
    ::setrlimit(RLIMIT_NOFILE, &none);
  }
  ~NoFilesLeft() { ::setrlimit(RLIMIT_NOFILE, &before_); }
  NoFilesLeft(const NoFilesLeft&) = delete;
  NoFilesLeft& operator=(const NoFilesLeft&) = delete;

 private:
  rlimit before_{};
};

TEST(ServerAbuse, AcceptsAgainAfterItRanOutOfFiles) {
  // UBSan opens a pipe for each type it meets for the first time: let it meet the log's and the
  // error's now.
  const boost::system::error_code ran_out(EMFILE, boost::system::system_category());
  telemetry::log_info("about to run out of files", "error={}", ran_out.message());
  TestServer test({}, 1);
  RawConnection connection(test.port());  // the kernel takes it before the server starts
  ASSERT_TRUE(connection.connected());
  {
    // The loop's own files were opened with the server, so that only accept() fails.
    const NoFilesLeft none;
    test.server->start();
    ASSERT_TRUE(eventually([&] { return test.server->statistics().accept_errors >= 2; }));
  }
  EXPECT_EQ(body_of(connection.ask(get("/hello"))), "hello");
  RawConnection later(test.port());
  EXPECT_EQ(body_of(later.ask(get("/hello"))), "hello");
}

TEST(ServerAbuse, APipelineLeavesOthersTheirTurn) {
  TestServer test({}, 1);
  std::string asked;  // of the one thread of the server
  for (const char* name : {"a", "b"}) {
    test.router.get("/" + std::string(name), [&asked, name](Request&, Responder respond) {
      asked += name;
      respond(html(200, name));
    });
  }
  RawConnection pipeline(test.port());  // the kernel takes both before the server starts
  std::string requests;
  for (int i = 0; i < 400; ++i) requests += get("/a");
  ASSERT_TRUE(pipeline.send(requests));
  RawConnection other(test.port());
  ASSERT_TRUE(other.send(get("/b")));
  test.server->start();
  EXPECT_EQ(body_of(other.response()), "b");
  for (int i = 0; i < 400; ++i) ASSERT_EQ(body_of(pipeline.response()), "a");
  EXPECT_LT(asked.find('b'), 150U);
}

constexpr const char* kFlooder = "127.0.0.9";

/// A server with few connections, on one thread, that closes none by its own deadlines.
class NearTheCap : public ::testing::Test {
 protected:
  static constexpr Limits kLimits{.header_time = std::chrono::hours{1},
                                  .idle_time = std::chrono::hours{1},
                                  .write_time = std::chrono::hours{1},
                                  .connections = 32,
                                  .connections_per_address = 29,
                                  .kernel_memory = 64 * 1024};

  NearTheCap() {
    test_.router.get("/large", [](Request&, Responder respond) {
      respond(html(200, std::string(64UL * 1024, 'a')));
    });
    test_.router.get("/block", [this](Request&, Responder respond) {
      blocked_.set_value();
      unblock_.get_future().wait();
      respond(html(200, "unblocked"));
    });
    test_.server->start();
  }
  /// Up to `count` open connections there are.
  void connect(const char* from, std::size_t count) {
    while (connections_.size() < count) {
      connections_.emplace_back(test_.port(), from);
      ASSERT_TRUE(eventually([&] { return statistics().connections_open >= connections_.size(); }));
    }
  }
  ServerStatistics statistics() const { return test_.server->statistics(); }
  static bool answered(RawConnection& connection) {
    return status_of(connection.ask(get("/hello"))) == 200;
  }
  /// By a new connection, which ends again.
  bool newcomer_served() {
    RawConnection newcomer(test_.port());
    newcomer.send(get("/hello"));
    const auto answer = newcomer.read_until("hello");
    return answer && body_of(*answer) == "hello";
  }

  TestServer test_{kLimits, 1};
  std::vector<RawConnection> connections_;
  std::promise<void> blocked_;
  std::promise<void> unblock_;
};

TEST_F(NearTheCap, TheOneThatHasWaitedLongestMakesRoom) {
  connect("127.0.0.2", 16);
  connect("127.0.0.3", 32);
  ASSERT_TRUE(connections_.front().send("GET /hello HTTP/1.1\r\nX-Slow: "));
  EXPECT_TRUE(eventually([&] { return newcomer_served(); }));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(newcomer_served());
  EXPECT_EQ(connections_.front().read_to_end(), "") << "without a word";
  EXPECT_TRUE(answered(connections_.back()));
}

TEST_F(NearTheCap, OfThoseThatHaveWaitedLongestOneOfTheFullestNetworkGoes) {
  connect("127.0.0.2", 4);
  connect(kFlooder, 32);
  EXPECT_TRUE(eventually([&] { return newcomer_served(); }));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(newcomer_served());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(answered(connections_[i])) << i;
}

TEST_F(NearTheCap, OfThoseThatHaveAskedThePeersThatDoNotReadGoFirst) {
  connect("127.0.0.2", 4);
  for (RawConnection& honest : connections_) ASSERT_TRUE(answered(honest));
  std::string pipeline;
  for (int i = 0; i < 8; ++i) pipeline += get("/large");
  while (connections_.size() < 32) {
    connections_.emplace_back(test_.port(), "127.0.0.3", 4096);
    ASSERT_TRUE(connections_.back().send(pipeline));
  }
  EXPECT_TRUE(eventually([&] { return newcomer_served(); }));
  for (int i = 0; i < 5; ++i) EXPECT_TRUE(newcomer_served());
  for (std::size_t i = 0; i < 4; ++i) EXPECT_TRUE(answered(connections_[i])) << i;
}

/// An address that has all that it may have opens more, for longer than an idle connection is safe.
TEST_F(NearTheCap, WhatIsRefusedAnywayClosesNothing) {
  connect(kFlooder, 29);
  for (RawConnection& busy : connections_) ASSERT_TRUE(busy.send(get("/later")));
  ASSERT_TRUE(eventually([&] { return statistics().requests == 29; }));
  connect("127.0.0.2", 30);
  const auto until = std::chrono::steady_clock::now() + milliseconds{1'600};
  while (std::chrono::steady_clock::now() < until) {
    EXPECT_EQ(RawConnection(test_.port(), kFlooder).read_to_end(), "");
  }
  EXPECT_TRUE(answered(connections_.back()));
  EXPECT_EQ(statistics().connections_closed_idle, 0U);
}

TEST_F(NearTheCap, OneWhoseRequestIsHereStays) {
  connect("127.0.0.2", 29);
  connect("127.0.0.3", 32);
  EXPECT_TRUE(eventually([&] { return newcomer_served(); }));
  // The next one to go; it and the newcomer come while the thread is busy, the newcomer first.
  RawConnection& next = connections_[statistics().connections_closed_idle];
  ASSERT_TRUE(connections_.back().send(get("/block")));
  blocked_.get_future().wait();
  RawConnection newcomer(test_.port());
  ASSERT_TRUE(next.send(get("/hello")));
  unblock_.set_value();
  EXPECT_EQ(status_of(next.response()), 200);
  EXPECT_TRUE(answered(newcomer));
}

/// Else the kernel would go on to send for minutes, in memory that counts towards no cap.
TEST(ServerAbuse, NothingIsKeptForAPeerThatDidNotReadInTime) {
  TestServer test({.write_time = milliseconds{100}, .kernel_memory = 64 * 1024}, 1);
  test.router.get("/large", [](Request&, Responder respond) {
    respond(html(200, std::string(1UL << 20, 'a')));
  });
  test.server->start();
  RawConnection connection(test.port(), 4096);
  ASSERT_TRUE(connection.send(get("/large")));
  ASSERT_TRUE(eventually([&] { return test.server->statistics().deadlines_missed == 1; }));
  ASSERT_TRUE(eventually([&] { return test.server->statistics().connections_open == 0; }));
  std::array<char, 4096> bytes;
  ssize_t size = 0;
  while ((size = ::recv(connection.descriptor(), bytes.data(), bytes.size(), 0)) > 0) {
  }
  EXPECT_EQ(size, -1);
  EXPECT_EQ(errno, ECONNRESET);
}

TEST(ServerAbuse, ThoseThatNeverAskedMakeRoomBeforeThoseThatDid) {
  TestServer test({.connections = 64}, 1);
  test.server->start();
  std::vector<RawConnection> kept;
  for (int i = 0; i < 10; ++i) {
    kept.emplace_back(test.port());
    ASSERT_EQ(status_of(kept.back().ask(get("/hello"))), 200);
  }
  // A quarter of all may be such.
  std::vector<RawConnection> silent;
  for (int i = 0; i < 20; ++i) silent.emplace_back(test.port());
  ASSERT_TRUE(eventually([&] {
    const RawConnection another(test.port());
    return test.server->statistics().connections_closed_idle >= 1;
  })) << "there is room for all, and yet there are too many of them";
  EXPECT_TRUE(silent.front().read_to_end()) << "the longest of them was closed";
  for (RawConnection& connection : kept) {
    EXPECT_EQ(status_of(connection.ask(get("/hello"))), 200);
  }
}

}  // namespace
}  // namespace stampede::http

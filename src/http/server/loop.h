#pragma once

#include <atomic>
#include <boost/intrusive/list.hpp>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "http/asio_types.h"
#include "http/server/connections.h"
#include "http/server/handlers/responder.h"
#include "http/server/server.h"
#include "http/server/session.h"
#include "http/task_queue.h"

namespace stampede::http {

/// What the threads of a server share; constant but for the caps, which are thread-safe.
struct ServerShared {
  const Limits limits;
  const TransportLayer layer;  // thread-safe to call
  const bool secure;           // every request is
  const std::string headers;   // of every answer
  const Router& router;
  const TrustedProxies proxies;
  ConnectionCaps caps;
  /// Connections of one thread that have not sent a whole request yet, nor finished a handshake it
  /// may be: beyond so many the longest of them make room for others.
  const std::size_t most_arriving;
};

/// A count with one writing thread and any number of reading ones.
class LoopCount {
 public:
  void add() { value_.store(value() + 1, std::memory_order_relaxed); }
  std::uint64_t value() const { return value_.load(std::memory_order_relaxed); }

 private:
  std::atomic<std::uint64_t> value_{0};
};

struct LoopStatistics {
  LoopCount accepted;
  LoopCount refused;
  LoopCount made_room;
  LoopCount accept_errors;
  LoopCount bad_requests;
  LoopCount deadlines_missed;
  LoopCount requests;
};

/// One thread of a server: an io_context, an acceptor and the sessions of the connections it took.
class Loop {
 public:
  /// How often deadlines are checked.
  static constexpr std::chrono::milliseconds kTick{250};

  /// Listens already; throws boost::system::system_error.
  Loop(ServerShared& server, const asio::ip::tcp::endpoint& endpoint);
  /// After run() has returned, or was never called.
  ~Loop();
  Loop(const Loop&) = delete;
  Loop& operator=(const Loop&) = delete;

  asio::ip::tcp::endpoint endpoint() const { return acceptor_.local_endpoint(); }
  const LoopStatistics& statistics() const { return statistics_; }

  /// The thread's body; returns some time after stop().
  void run();

  // From any thread, carried out soon on the loop's own:
  void drain(std::function<void()> done);  // no new connection after `done`
  void close_sessions();
  void stop();

  // For the sessions, on the loop's thread:
  ServerShared& server() const { return server_; }
  LoopStatistics& statistics() { return statistics_; }
  Executor executor() { return context_.get_executor(); }
  const std::shared_ptr<const Post>& post() const { return post_; }
  /// The monotonic clock, read once a tick.
  Clock::time_point now() const { return now_; }
  /// True for a moment after this thread has stood still (its process or machine was suspended, or
  /// had no processor for it): what is read now may have waited in the kernel for as long.
  bool stood_still() const;
  /// The lines that every answer has: "Date: ...\r\n", written once a tick, and the listener's
  /// own.
  std::string_view common_headers() const { return common_headers_; }
  bool draining() const { return draining_; }
  void add(Session& session) { sessions_.push_back(session); }
  // Near the cap these are closed for others (make_room).
  /// It begins to wait for a request.
  void add_waiting(Session& session) { waiting_.push_back(session); }
  /// It begins to wait for a peer that does not read.
  void add_unread(Session& session) { unread_.push_back(session); }
  /// The same for its first request. Of these there are to be few: see ServerShared::most_arriving.
  void add_arriving(Session& session) {
    arriving_.push_back(session);
    ++arriving_count_;
  }
  void has_arrived() { --arriving_count_; }
  /// A turn of this thread that comes after whatever the callback under way posts. So an operation
  /// that this callback starts, and that ends at once, ends before turn() is so much.
  std::uint64_t later_turn();
  std::uint64_t turn() const { return turn_; }
  /// Runs `resume` when the task under way has ended. A handler may answer while it holds a lock,
  /// and the next handler must not run under that lock.
  void resume_soon(std::move_only_function<void()> resume);

 private:
  /// In the order that they began to wait in.
  using Waiting = boost::intrusive::list<
      Session, boost::intrusive::constant_time_size<false>,
      boost::intrusive::member_hook<Session, Session::WaitingHook, &Session::waiting>>;

  Awaitable<void> accept();
  void accept_waiting();
  Awaitable<void> tick();
  bool admit_safely(Socket socket);
  void admit(Socket socket);
  void make_room();
  Session* to_be_closed(Waiting& waiting) const;
  void read_clocks();
  void resume_all();
  void begin_turn();

  ServerShared& server_;
  asio::io_context context_;
  Acceptor acceptor_;
  Timer tick_timer_;
  Timer accept_pause_;
  const std::shared_ptr<TaskQueue> tasks_;
  const std::shared_ptr<const Post> post_;
  boost::intrusive::list<Session, boost::intrusive::constant_time_size<false>> sessions_;
  Waiting waiting_;   // for a request
  Waiting arriving_;  // for their first request
  Waiting unread_;    // for their peers to read
  std::size_t arriving_count_ = 0;
  std::vector<std::move_only_function<void()>> ready_;
  std::vector<std::move_only_function<void()>> resuming_;
  bool resume_is_due_ = false;  // resume_all() will run by itself
  std::uint64_t turn_ = 0;
  std::uint64_t last_turn_ = 0;  // begin_turn() is due until it has come
  bool draining_ = false;
  bool stopping_ = false;
  Clock::time_point now_;
  std::chrono::nanoseconds ticked_{};         // since the machine was started, suspended time too
  std::chrono::nanoseconds suspect_until_{};  // likewise; after the thread has stood still
  std::string common_headers_;
  LoopStatistics statistics_;
};

}  // namespace stampede::http

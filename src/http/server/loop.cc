#include "http/server/loop.h"

#include <fmt/chrono.h>
#include <fmt/format.h>
#include <sys/socket.h>

#include <array>
#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/post.hpp>
#include <ctime>

#include "http/tcp_transport.h"
#include "telemetry/log.h"

namespace stampede::http {
namespace {

constexpr int kBacklog = 4096;  // the kernel cuts it to net.core.somaxconn
/// Pause before the next accept() when there are no files or no memory for another connection.
constexpr std::chrono::milliseconds kAcceptPause{50};
/// A tick that comes later than that after the one before it means that the thread stood still.
constexpr std::chrono::milliseconds kStoodStill = 3 * Loop::kTick;
/// A connection that has waited for less may have a request on its way.
constexpr std::chrono::seconds kShortestWait{1};
/// So many of those that have waited longest are compared by their networks.
constexpr int kAskedToGo = 16;
/// In so long all is read that has come in meanwhile.
constexpr std::chrono::seconds kCatchingUp{1};

/// Other than the monotonic clock it counts while the machine is suspended.
std::chrono::nanoseconds since_boot() {
  timespec time{};
  ::clock_gettime(CLOCK_BOOTTIME, &time);
  return std::chrono::seconds{time.tv_sec} + std::chrono::nanoseconds{time.tv_nsec};
}

Acceptor listening(asio::io_context& context, const asio::ip::tcp::endpoint& endpoint,
                   int kernel_memory) {
  Acceptor acceptor(context.get_executor());
  acceptor.open(endpoint.protocol());
  acceptor.set_option(Acceptor::reuse_address(true));
  // What is accepted has the same.
  if (kernel_memory > 0) {
    // The kernel doubles each (socket(7), SO_SNDBUF): five eighths are for answers, a quarter for
    // requests, and the rest for the last segment, by which it goes beyond.
    acceptor.set_option(asio::socket_base::send_buffer_size(kernel_memory * 5 / 16));
    acceptor.set_option(asio::socket_base::receive_buffer_size(kernel_memory / 8));
  }
  // Every loop listens on the same port, and the kernel spreads the connections.
  const int on = 1;
  if (::setsockopt(acceptor.native_handle(), SOL_SOCKET, SO_REUSEPORT, &on, sizeof(on)) != 0) {
    throw boost::system::system_error(errno, boost::system::system_category(), "SO_REUSEPORT");
  }
  acceptor.bind(endpoint);
  acceptor.listen(kBacklog);
  return acceptor;
}

/// RFC 9110, 5.6.7; strftime would use the locale's names.
std::string date_line_of(std::time_t time) {
  constexpr std::array kDays{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
  constexpr std::array kMonths{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                               "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};
  const std::tm utc = fmt::gmtime(time);
  return fmt::format("Date: {}, {:02} {} {} {:02}:{:02}:{:02} GMT\r\n",
                     kDays[static_cast<std::size_t>(utc.tm_wday)], utc.tm_mday,
                     kMonths[static_cast<std::size_t>(utc.tm_mon)], utc.tm_year + 1900, utc.tm_hour,
                     utc.tm_min, utc.tm_sec);
}

}  // namespace

Loop::Loop(ServerShared& server, const asio::ip::tcp::endpoint& endpoint)
    : server_(server),
      // One thread runs the context, and only that thread touches its sockets and timers. Other
      // threads only post.
      context_(BOOST_ASIO_CONCURRENCY_HINT_UNSAFE_IO),
      acceptor_(listening(context_, endpoint, server.limits.kernel_memory)),
      tick_timer_(context_.get_executor()),
      accept_pause_(context_.get_executor()),
      tasks_(std::make_shared<TaskQueue>(context_,
                                         [this] {
                                           resume_is_due_ = true;
                                           tasks_->run_all();
                                           resume_all();
                                         })),
      // The task may hold the last Responder, and with it the last owner of this very function, so
      // the task queue is held for the length of the call.
      post_(std::make_shared<const Post>([tasks = tasks_](TaskQueue::Task task) {
        const auto held = tasks;
        held->push(std::move(task));
      })) {
  read_clocks();
}

Loop::~Loop() { tasks_->close(); }

void Loop::run() {
  asio::co_spawn(context_, accept(), asio::detached);
  asio::co_spawn(context_, tick(), asio::detached);
  context_.run();  // until tick(), accept() and every session have ended
}

void Loop::drain(std::function<void()> done) {
  asio::post(context_, [this, done = std::move(done)] {
    draining_ = true;
    accept_waiting();
    error_code ec;
    acceptor_.close(ec);
    accept_pause_.cancel();
    for (Session& session : sessions_) {
      session.drain();
    }
    done();
  });
}

/// Accepts the connections that the kernel has queued: closing the acceptor would reset them.
void Loop::accept_waiting() {
  error_code ec;
  acceptor_.non_blocking(true, ec);
  for (int i = 0; !ec && i < kBacklog; ++i) {
    Socket socket(context_.get_executor());
    acceptor_.accept(socket, ec);
    if (!ec) admit_safely(std::move(socket));
  }
}

void Loop::close_sessions() {
  asio::post(context_, [this] {
    for (Session& session : sessions_) {
      session.abort();
    }
  });
}

void Loop::stop() {
  drain([this] {
    stopping_ = true;
    tick_timer_.cancel();
  });
  close_sessions();
}

Awaitable<void> Loop::accept() {
  while (!draining_) {
    error_code ec;
    Socket socket = co_await acceptor_.async_accept(asio::redirect_error(kAwait, ec));
    if (draining_) {
      co_return;
    }
    if (!ec && admit_safely(std::move(socket))) continue;
    statistics_.accept_errors.add();
    if (ec == asio::error::no_descriptors || ec == asio::error::no_memory ||
        ec == asio::error::no_buffer_space || ec.value() == ENFILE) {
      telemetry::log_warning("cannot accept a connection", "error={}", ec.message());
      accept_pause_.expires_after(kAcceptPause);
      co_await accept_pause_.async_wait(asio::redirect_error(kAwait, ec));
    }
    // Any other error concerns that one connection only.
  }
}

/// False if it threw: that connection is lost, the next one is not.
bool Loop::admit_safely(Socket socket) {
  try {
    admit(std::move(socket));
    return true;
  } catch (const std::exception& error) {
    telemetry::log_warning("a connection was not admitted", "error={}", error.what());
    return false;
  }
}

void Loop::admit(Socket socket) {
  error_code ec;
  const auto peer = normalised(socket.remote_endpoint(ec).address());
  if (ec) {
    statistics_.accept_errors.add();  // gone again before it was served
    return;
  }
  auto slot = server_.caps.acquire(peer, server_.proxies.contains(peer));
  // A network that has all that it may have makes no room by asking for more.
  if (slot || slot.error() == ConnectionCaps::Reached::kInAll) make_room();
  if (!slot) {
    statistics_.refused.add();
    return;
  }
  std::unique_ptr<Transport> transport = std::make_unique<TcpTransport>(std::move(socket));
  if (server_.layer) transport = server_.layer(std::move(transport));
  statistics_.accepted.add();
  Session::start(*this, std::move(transport), std::move(*slot), peer);
}

/// For the next one: the connection that is closed ends a moment later. Those that have asked
/// before stay for longer than those that never did.
void Loop::make_room() {
  const bool is_scarce = server_.caps.scarce();
  if (!is_scarce && arriving_count_ < server_.most_arriving) return;
  Session* session = to_be_closed(arriving_);
  if (session == nullptr && is_scarce) session = to_be_closed(unread_);
  if (session == nullptr && is_scarce) session = to_be_closed(waiting_);
  if (session == nullptr) return;
  statistics_.made_room.add();
  session->make_room();
}

/// Of those that have waited longest, one of the network that holds the most.
Session* Loop::to_be_closed(Waiting& waiting) const {
  Session* chosen = nullptr;
  std::size_t most = 0;
  int asked = 0;
  for (Session& session : waiting) {
    if (asked++ == kAskedToGo) break;
    // A network that holds much could keep its connections by asking again and again.
    const bool keeps_asking = &waiting == &waiting_ && session.of_many();
    if (now_ - session.waiting_since() < kShortestWait && !keeps_asking) continue;
    const std::size_t held = session.held_by_its_network();
    if (held > most && !session.request_is_here()) {
      chosen = &session;
      most = held;
    }
  }
  return chosen;
}

Awaitable<void> Loop::tick() {
  while (!stopping_) {
    read_clocks();
    for (Session& session : sessions_) {
      if (session.deadline() < now_) {
        session.expire();
      }
    }
    error_code ec;
    tick_timer_.expires_after(kTick);
    co_await tick_timer_.async_wait(asio::redirect_error(kAwait, ec));
  }
}

void Loop::read_clocks() {
  now_ = Clock::now();
  const auto ticks = since_boot();
  if (ticked_.count() != 0 && ticks - ticked_ > kStoodStill) suspect_until_ = ticks + kCatchingUp;
  ticked_ = ticks;
  common_headers_ = date_line_of(std::time(nullptr)) + server_.headers;
}

bool Loop::stood_still() const {
  const auto now = since_boot();
  return now - ticked_ > kStoodStill || now < suspect_until_;
}

std::uint64_t Loop::later_turn() {
  if (turn_ == last_turn_) {
    asio::post(context_, [this] { begin_turn(); });
  }
  // The next turn may be due before what the callback under way is yet to post.
  last_turn_ = turn_ + 2;
  return last_turn_;
}

void Loop::begin_turn() {
  if (++turn_ < last_turn_) {
    asio::post(context_, [this] { begin_turn(); });
  }
}

void Loop::resume_soon(std::move_only_function<void()> resume) {
  ready_.push_back(std::move(resume));
  if (!resume_is_due_) {
    resume_is_due_ = true;
    asio::post(context_, [this] { resume_all(); });
  }
}

void Loop::resume_all() {
  while (!ready_.empty()) {  // resumed sessions may answer others
    std::swap(ready_, resuming_);
    for (auto& resume : resuming_) {
      resume();
    }
    resuming_.clear();
  }
  resume_is_due_ = false;
}

}  // namespace stampede::http

#include "http/server/session.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/post.hpp>
#include <span>

#include "http/server/loop.h"
#include "telemetry/log.h"

namespace stampede::http {
namespace {

// After the last answer: how long, and how much, is read and thrown away so that the peer gets to
// read that answer. A close with bytes unread would reset the connection (RFC 9112, 9.6).
constexpr std::chrono::seconds kLingerTime{2};
constexpr std::size_t kLingerBytes = 256UL * 1024;
/// Pipelined requests that are answered before other connections have their turn.
constexpr unsigned kMostInARow = 32;

asio::mutable_buffer as_buffer(std::span<char> space) { return {space.data(), space.size()}; }

/// As /check says it: nothing was done, and the request may be sent again.
constexpr Refusal kGivenUp{503, "unavailable", "The peer had closed before the request was read."};
constexpr Refusal kTooSlow{408, "request-timeout", "The request did not arrive in time."};

}  // namespace

Session::Session(Loop& loop, std::unique_ptr<Transport> transport, ConnectionCaps::Slot slot,
                 const asio::ip::address& peer)
    : loop_(loop),
      post_(loop.post()),
      transport_(std::move(transport)),
      slot_(std::move(slot)),
      sender_(peer, loop.server().proxies, loop.server().secure),
      reader_({loop.server().limits.header_bytes, loop.server().limits.body_bytes,
               loop.server().router.checks_heads()}),
      arrival_(loop.server().limits) {}

void Session::start(Loop& loop, std::unique_ptr<Transport> transport, ConnectionCaps::Slot slot,
                    const asio::ip::address& peer) {
  auto* const session = new Session(loop, std::move(transport), std::move(slot), peer);
  loop.add(*session);
  asio::co_spawn(loop.executor(), session->serve(), [session](const std::exception_ptr& failure) {
    if (failure) {
      telemetry::log_error("connection given up after an exception");
    }
    session->end();
  });
}

void Session::end() {
  end_waiting();
  unlink();
  transport_.reset();
  slot_.reset();
  if (awaiting_) {
    orphaned_ = true;  // the Responder ends it
  } else {
    delete this;
  }
}

Awaitable<void> Session::serve() {
  for (bool keep_alive = true; keep_alive;) {
    const auto progress = advance();
    if (!progress) {
      break;
    }
    if (*progress == RequestReader::Progress::kComplete) {
      if (given_up()) {
        refuse(kGivenUp);
        break;
      }
      dispatch();
      if (awaiting_) {
        maybe_older_ = behind_another_ = true;
        if (!co_await answered()) {
          co_return;
        }
      }
      if (body_) {
        co_await stream_body();  // the last answer of this connection
        co_return;
      }
      keep_alive = write_answer();
      reader_.finish();
      if (++in_a_row_ >= kMostInARow) {
        if (!co_await others_turn()) co_return;
      } else if (!writer_.full()) {
        continue;  // the next request may be here already; then their answers share a write
      }
    } else if (*progress == RequestReader::Progress::kSendContinue) {
      writer_.write_continue();
    }
    if (write_now() && !co_await write_rest()) {
      co_return;
    }
    if (*progress == RequestReader::Progress::kComplete) {
      continue;
    }
    const auto space = as_buffer(reader_.space());
    const bool is_idle = reader_.phase() == RequestReader::Phase::kIdle;
    error_code ec;
    std::size_t size = 0;
    if (loop_.draining() && is_idle) {
      size = transport_->read_some(space, ec);  // what is here already is still served
    } else {
      // Not a coroutine of its own, because every ordinary request waits here and nowhere else.
      begin_waiting();
      const std::uint64_t turn = maybe_older_ ? loop_.later_turn() : 0;
      reading_ = true;
      size = co_await transport_->async_read_some(space, asio::redirect_error(kAwait, ec));
      reading_ = false;
      maybe_older_ = loop_.turn() < turn;  // what came was here when the reading began
    }
    if (is_idle) behind_another_ = maybe_older_;
    if (!ec) {
      reader_.received(size);
    } else if (expired_ && !aborted_ && reader_.phase() != RequestReader::Phase::kIdle) {
      loop_.statistics().deadlines_missed.add();
      refuse(kTooSlow);
      break;
    } else if (ec != asio::error::operation_aborted || expired_ || aborted_) {
      co_return;  // the peer is gone, nothing came in time, or there was nothing left to drain
    }
  }
  if (!write_now() || co_await write_rest()) {
    co_await linger();
  }
}

/// As the reader's; nullopt once a refusal is written, after which the connection ends.
std::optional<RequestReader::Progress> Session::advance() {
  auto progress = reader_.advance();
  if (progress && *progress == RequestReader::Progress::kHead) {
    if (refused_by_head()) return std::nullopt;
    progress = reader_.advance();
  }
  if (progress) return *progress;
  refuse(progress.error());
  return std::nullopt;
}

/// Waits for the answer of the request under way; false if the connection ends before.
Awaitable<bool> Session::answered() {
  // Answers to earlier pipelined requests do not wait for this one.
  if (write_now() && !co_await write_rest()) {
    co_return false;
  }
  if (awaiting_) {
    // As resumed(), but in place: GCC 12.2 at -O2 makes a broken frame of this coroutine otherwise.
    co_await asio::async_initiate<const asio::use_awaitable_t<Executor>&, void()>(
        [this](auto&& handler) { resume_ = std::forward<decltype(handler)>(handler); }, kAwait);
  }
  co_return !aborted_;
}

void Session::wake() {
  if (resume_) {
    loop_.resume_soon(std::exchange(resume_, {}));
  }
}

void Session::answer(Response&& response) {
  awaiting_ = false;
  if (orphaned_) {
    delete this;
    return;
  }
  response_ = std::move(response);
  wake();
}

/// Asks only about a request that may have waited: it costs a system call. A peer that only ended
/// its own side counts as gone too; it reads that nothing was done.
bool Session::given_up() {
  if (!behind_another_ && !loop_.stood_still()) {
    return false;
  }
  return transport_->peer_has_closed();
}

/// True if the request was answered by its head; then its body is not read.
bool Session::refused_by_head() {
  Request& request = reader_.request();
  sender_.identify(request, transport_->encrypted());
  auto refusal = loop_.server().router.refuse_head(request);
  if (!refusal) return false;
  loop_.statistics().requests.add();
  writer_.write(*std::move(refusal), {.head_only = request.method == Method::kHead,
                                      .close = true,
                                      .common = loop_.common_headers()});
  return true;
}

void Session::dispatch() {
  end_waiting();
  Request& request = reader_.request();
  sender_.identify(request, transport_->encrypted());
  arrival_.arrived();
  deadline_ = Clock::time_point::max();  // a handler has no deadline
  loop_.statistics().requests.add();
  awaiting_ = true;
  try {
    loop_.server().router.route(request, Responder(*this));
  } catch (const std::exception& error) {
    // The exception destroyed the Responder, which answers 500.
    telemetry::log_error("handler failed", "path={} error={}", request.path, error.what());
  }
}

/// Whether it ends with this answer, so that others find room: one that keeps asking never waits
/// for long enough to be closed while it waits.
bool Session::gives_way() const {
  if (!loop_.server().caps.scarce() || !of_many()) return false;
  loop_.statistics().made_room.add();
  return true;
}

/// False if the connection closes after this answer.
bool Session::write_answer() {
  const bool keep_alive = reader_.keep_alive() && !loop_.draining() && !gives_way();
  writer_.write(std::exchange(response_, {}),
                {.head_only = reader_.request().method == Method::kHead,
                 .close = !keep_alive,
                 .common = loop_.common_headers()});
  return keep_alive;
}

void Session::refuse(const Refusal& refusal) {
  loop_.statistics().bad_requests.add();
  writer_.write(problem(refusal.status, refusal.type, refusal.detail),
                {.head_only = false, .close = true, .common = loop_.common_headers()});
}

/// Sends as much as the transport takes without waiting; an error if that is not all.
error_code Session::write_now() {
  error_code ec;
  while (!writer_.empty() && !ec) {
    writer_.sent(transport_->write_some(asio::buffer(writer_.head_left()),
                                        asio::buffer(writer_.body_left()), ec));
  }
  return ec;
}

/// Bytes that the peer has not acknowledged. Those in the kernel's buffer count too: the kernel
/// takes megabytes at once and then nothing for longer than a slow peer's deadline.
std::size_t Session::not_taken() const { return writer_.left() + transport_->unacknowledged(); }

/// After write_now() did not get everything out. False if the peer is gone or reads too slowly.
Awaitable<bool> Session::write_rest() {
  const Limits& limits = loop_.server().limits;
  arm(limits.write_time);
  arrival_.interrupted();
  // What is read next may have come meanwhile.
  maybe_older_ = behind_another_ = true;
  begin_waiting_for_reader();
  std::size_t not_taken_before = not_taken();
  for (;;) {
    error_code ec = write_now();
    if (ec != asio::error::would_block) {
      deadline_ = Clock::time_point::max();
      end_waiting();
      co_return !ec;
    }
    co_await transport_->async_wait_writable(asio::redirect_error(kAwait, ec));
    if (expired_ && !aborted_) {
      const std::size_t not_taken_now = not_taken();
      if (not_taken_before - not_taken_now < limits.progress_bytes) {
        loop_.statistics().deadlines_missed.add();
        transport_->reset();
        co_return false;
      }
      not_taken_before = not_taken_now;
      arm(limits.write_time);
    } else if (ec) {
      co_return false;
    }
  }
}

Awaitable<void> Session::linger() {
  error_code ec;
  transport_->end_sending(ec);
  arm(kLingerTime);
  begin_waiting_for_reader();
  for (std::size_t thrown_away = 0; !ec && thrown_away < kLingerBytes;) {
    thrown_away += co_await transport_->async_read_some(as_buffer(reader_.space()),
                                                        asio::redirect_error(kAwait, ec));
  }
}

/// Other connections of this thread are served. False if this one was closed meanwhile.
Awaitable<bool> Session::others_turn() {
  in_a_row_ = 0;
  maybe_older_ = behind_another_ = true;
  co_await asio::post(loop_.executor(), kAwait);
  co_return !aborted_;
}

/// For the rest of a request, or for the next one.
void Session::begin_waiting() {
  in_a_row_ = 0;
  const auto phase = reader_.phase();
  const std::size_t body = phase == RequestReader::Phase::kBody ? reader_.body_received() : 0;
  if (const auto limit = arrival_.next(phase, body)) arm(*limit);
  if (waiting.is_linked() || sender_.behind_trusted_proxy()) {
    return;
  }
  waiting_since_ = loop_.now();
  arriving_ = arrival_.first_request();
  arriving_ ? loop_.add_arriving(*this) : loop_.add_waiting(*this);
}

void Session::end_waiting() {
  waiting.unlink();
  if (std::exchange(arriving_, false)) loop_.has_arrived();
}

void Session::begin_waiting_for_reader() {
  end_waiting();
  if (sender_.behind_trusted_proxy()) return;
  waiting_since_ = loop_.now();
  loop_.add_unread(*this);
}

void Session::arm(Clock::duration limit) {
  // The loop's clock may be a tick behind: a deadline is late rather than early.
  deadline_ = loop_.now() + Loop::kTick + limit;
  expired_ = false;
}

void Session::expire() {
  expired_ = true;  // called again at each tick, in case this cancel() comes between two operations
  transport_->cancel();
}

void Session::make_room() {
  end_waiting();
  if (reading_ && reader_.phase() == RequestReader::Phase::kIdle) {
    expire();  // without a reset: the peer may have an answer to read
  } else {
    transport_->reset();
    abort();
  }
}

void Session::drain() {
  if (reading_ && reader_.phase() == RequestReader::Phase::kIdle) {
    transport_->cancel();
  } else if (body_) {
    body_->drain();
  }
}

void Session::abort() {
  aborted_ = true;
  transport_->close();
  wake();
}

}  // namespace stampede::http

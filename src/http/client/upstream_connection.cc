#include "http/client/upstream_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <vector>

#include "http/client/client_message.h"
#include "http/client/upstream_pool.h"
#include "telemetry/log.h"

namespace stampede::http {
namespace {

using asio::ip::tcp;
using Resolver = asio::ip::basic_resolver<tcp, Executor>;

constexpr std::uint32_t kHeaderBytes = 16 * 1024;

}  // namespace

UpstreamConnection::UpstreamConnection(UpstreamPool& pool)
    : pool_(pool), socket_(pool.context().get_executor()) {}

void UpstreamConnection::start(std::unique_ptr<UpstreamCall> call) {
  call_ = std::move(call);
  asio::co_spawn(pool_.context(), run(), [this](const std::exception_ptr& failure) {
    if (failure) {
      telemetry::log_error("connection given up after an exception");
    }
    pool_.ended(*this);
  });
}

void UpstreamConnection::go_on(std::unique_ptr<UpstreamCall> call) {
  call_ = std::move(call);
  error_code ec;
  socket_.cancel(ec);
}

Clock::time_point UpstreamConnection::deadline() const {
  if (closing_) {
    return Clock::time_point::max();
  }
  return call_ ? call_->deadline() : idle_until_;
}

void UpstreamConnection::close(std::string_view why) {
  closing_ = true;
  pool_.remove_idle(*this);
  if (call_) {
    call_->fail("ask", why);
  }
  error_code ec;
  socket_.close(ec);
}

Awaitable<void> UpstreamConnection::run() {
  bool fresh = co_await connect();
  if (!fresh) {
    co_return;
  }
  while (!given_up()) {
    Sent sent = Sent::kNothing;
    if (fresh || !closed_by_peer()) {
      sent = co_await send();
    }
    if (sent == Sent::kNothing && !fresh) {
      // The peer closed the connection while it was idle, so it has received nothing of this
      // request.
      fresh = co_await connect();
      if (!fresh) {
        co_return;
      }
      continue;
    }
    if (sent != Sent::kWhole) {
      co_return;
    }
    const bool kept = co_await receive();
    if (!kept) {
      co_return;
    }
    fresh = false;
    call_ = pool_.next();
    if (!call_) {
      co_await idle();
    }
  }
}

/// False if there is no connection, and the call has failed.
Awaitable<bool> UpstreamConnection::connect() {
  error_code ec;
  socket_.close(ec);
  buffer_.clear();
  ec = co_await connect_to_any();
  if (ec) {
    call_->fail("connect", ec.message());
  }
  co_return !ec && !given_up();
}

Awaitable<error_code> UpstreamConnection::connect_to_any() {
  error_code ec;
  std::vector<tcp::endpoint> endpoints;
  const auto address = asio::ip::make_address(pool_.host(), ec);
  if (!ec) {
    endpoints.emplace_back(address, static_cast<std::uint16_t>(std::stoul(pool_.port())));
  } else {
    Resolver resolver(pool_.context().get_executor());
    const auto found = co_await resolver.async_resolve(pool_.host(), pool_.port(),
                                                       asio::redirect_error(kAwait, ec));
    endpoints.assign(found.begin(), found.end());
  }
  for (const tcp::endpoint& endpoint : endpoints) {
    if (given_up()) {
      co_return asio::error::operation_aborted;
    }
    error_code ignored;
    socket_.close(ignored);
    co_await socket_.async_connect(endpoint, asio::redirect_error(kAwait, ec));
    if (!ec) {
      socket_.set_option(tcp::no_delay(true), ignored);
      socket_.non_blocking(true, ec);
      break;
    }
  }
  co_return ec;
}

/// kFailed: the call has failed. kNothing: nothing was sent, and on a fresh connection the caller
/// fails the call.
Awaitable<UpstreamConnection::Sent> UpstreamConnection::send() {
  error_code ec;
  call_->set_sent(true);
  const std::size_t written = co_await asio::async_write(socket_, asio::buffer(call_->bytes()),
                                                         asio::redirect_error(kAwait, ec));
  if (given_up()) {
    co_return Sent::kFailed;
  }
  if (!ec) {
    co_return Sent::kWhole;
  }
  call_->set_sent(written > 0);
  if (written == 0) {
    co_return Sent::kNothing;
  }
  call_->fail("send to", ec.message());
  co_return Sent::kFailed;
}

/// Answers the call; false if the connection cannot be used again.
Awaitable<bool> UpstreamConnection::receive() {
  boost::beast::http::response_parser<boost::beast::http::string_body> parser;
  parser.header_limit(kHeaderBytes);
  parser.body_limit(pool_.limits().response_bytes);
  parser.skip(call_->is_head());
  error_code ec;
  co_await boost::beast::http::async_read(socket_, buffer_, parser,
                                          asio::redirect_error(kAwait, ec));
  if (ec) {
    call_->fail("receive from", ec.message());
    co_return false;
  }
  const bool kept = parser.keep_alive() && buffer_.size() == 0 && !closing_;
  call_->answer(response_of(parser.release()));
  call_.reset();
  co_return kept;
}

/// Waits until there is another call, the peer closes, or the idle time is over.
Awaitable<void> UpstreamConnection::idle() {
  idle_until_ = Clock::now() + pool_.limits().idle_time;
  pool_.add_idle(*this);
  error_code ec;
  co_await socket_.async_wait(Socket::wait_read, asio::redirect_error(kAwait, ec));
  pool_.remove_idle(*this);
}

bool UpstreamConnection::closed_by_peer() {
  char byte = 0;
  error_code ec;
  socket_.receive(asio::buffer(&byte, 1), Socket::message_peek, ec);
  return ec !=
         asio::error::would_block;  // the end of the stream, or bytes that no request asked for
}

}  // namespace stampede::http

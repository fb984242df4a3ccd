#include "http/client/upstream_connection.h"

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/ip/basic_resolver.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <vector>

#include "http/client/client_message.h"
#include "http/client/upstream_pool.h"
#include "http/tcp_transport.h"
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
      if (call_) call_->fail("ask", "the connection was given up");
    }
    pool_.ended(*this);
  });
}

void UpstreamConnection::go_on(std::unique_ptr<UpstreamCall> call) {
  call_ = std::move(call);
  transport_->cancel();
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
  if (transport_) transport_->close();
}

Awaitable<void> UpstreamConnection::run() {
  bool fresh = co_await connect();
  if (!fresh) {
    co_return;
  }
  bool silent = true;  // the peer said nothing while the connection was idle
  while (!given_up()) {
    Sent sent = Sent::kNothing;
    if (fresh || (silent && !closed_by_peer())) {
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
    silent = true;
    call_ = pool_.next();
    if (!call_) {
      silent = co_await idle();
    }
  }
}

/// False if there is no connection, and the call has failed.
Awaitable<bool> UpstreamConnection::connect() {
  transport_.reset();
  buffer_.clear();
  const error_code ec = co_await connect_to_any();
  if (ec) {
    call_->fail("connect", ec.message());
  }
  co_return !ec && !given_up();
}

Awaitable<error_code> UpstreamConnection::connect_to_any() {
  error_code ec;
  std::vector<tcp::endpoint> endpoints;
  const net::HostPort& target = pool_.target();
  const auto address = asio::ip::make_address(target.host, ec);
  if (!ec) {
    endpoints.emplace_back(address, target.port);
  } else {
    Resolver resolver(pool_.context().get_executor());
    const auto found = co_await resolver.async_resolve(target.host, std::to_string(target.port),
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
    if (given_up()) {
      co_return asio::error::operation_aborted;  // the socket may be closed, though it connected
    }
    if (!ec) {
      transport_ = std::make_unique<TcpTransport>(std::move(socket_));
      if (pool_.layer()) transport_ = pool_.layer()(std::move(transport_));
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
  std::string_view left = call_->bytes();
  while (!left.empty() && !ec) {
    left.remove_prefix(transport_->write_some(asio::buffer(left), {}, ec));
    if (ec == asio::error::would_block) {
      co_await transport_->async_wait_writable(asio::redirect_error(kAwait, ec));
    }
  }
  if (given_up()) {
    co_return Sent::kFailed;
  }
  if (!ec) {
    co_return Sent::kWhole;
  }
  const bool something = left.size() < call_->bytes().size();
  call_->set_sent(something);
  if (!something) {
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
  co_await boost::beast::http::async_read(*transport_, buffer_, parser,
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

/// Waits until there is another call, the peer closes, or the idle time is over. False if the peer
/// closed or sent something.
Awaitable<bool> UpstreamConnection::idle() {
  idle_until_ = Clock::now() + pool_.limits().idle_time;
  pool_.add_idle(*this);
  error_code ec;
  co_await transport_->async_read_some(buffer_.prepare(1), asio::redirect_error(kAwait, ec));
  pool_.remove_idle(*this);
  co_return ec == asio::error::operation_aborted;
}

/// The end of the stream is here, or bytes that no request asked for.
bool UpstreamConnection::closed_by_peer() {
  char byte = 0;
  error_code ec;
  transport_->read_some(asio::buffer(&byte, 1), ec);
  return ec != asio::error::would_block;
}

}  // namespace stampede::http

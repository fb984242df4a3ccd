#include "tests/crowd/connection.h"

#include <sys/socket.h>

#include <boost/asio/any_io_executor.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/json.hpp>
#include <cerrno>
#include <optional>

#include "http/message.h"

namespace stampede::crowd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using Message = beast::http::response<beast::http::string_body>;

std::string text_member(const boost::json::object& body, std::string_view name) {
  const auto* value = body.if_contains(name);
  return value != nullptr && value->is_string() ? std::string(value->as_string()) : std::string();
}

/// The outcome of a followed purchase, as /check would have said it.
void read_outcome(Reply& reply) {
  if (reply.result == "success") {
    reply.result = "sold";
  } else if (reply.result == "failed") {
    reply.status = 409;
    reply.result = "purchase-failed";
  } else if (reply.result == "pending") {
    reply.status = 202;
  }
}

Reply read_reply(const Message& message, const Shopper& shopper) {
  Reply reply;
  reply.status = static_cast<int>(message.result_int());
  reply.close = !message.keep_alive();
  reply.location = std::string(message[beast::http::field::location]);
  const auto wait = message[beast::http::field::retry_after];
  if (!wait.empty()) reply.retry_after = std::chrono::seconds{std::stol(std::string(wait))};
  error_code not_json;
  const auto value = boost::json::parse(message.body(), not_json);
  const auto* body = not_json ? nullptr : value.if_object();
  if (body == nullptr) {
    reply.result = "no-json";
    return reply;
  }
  reply.result = http::slug_of(text_member(*body, reply.status < 300 ? "result" : "type"));
  if (const auto* order = body->if_contains("order"); order != nullptr && order->is_int64()) {
    reply.order = order->as_int64();
  }
  if (!shopper.location.empty() && reply.status == 200) {
    read_outcome(reply);
    if (reply.status == 202) reply.location = shopper.location;
  }
  return reply;
}

/// A keep-alive connection to one server at a time.
class Connection {
 public:
  Connection(asio::any_io_executor executor, std::chrono::milliseconds patience)
      : executor_(std::move(executor)), patience_(patience) {}

  /// False if `server` cannot be connected to.
  asio::awaitable<bool> connect(Endpoint server) {
    answered_before_ = stream_ && connected_to_ == server && !closed_by_server();
    if (answered_before_) co_return true;
    stream_.emplace(executor_);
    buffer_.clear();
    stream_->expires_after(patience_);
    error_code error;
    co_await stream_->async_connect(server, asio::redirect_error(asio::use_awaitable, error));
    if (error) stream_.reset();
    connected_to_ = server;
    co_return !error;
  }

  /// Sends one request and reads its answer; a Reply with status 0 if the connection broke.
  asio::awaitable<Reply> exchange(const Shopper& shopper, const std::string& request) {
    error_code error;
    stream_->expires_after(patience_);
    co_await asio::async_write(*stream_, asio::buffer(request),
                               asio::redirect_error(asio::use_awaitable, error));
    Reply reply{.status = 0, .result = "lost", .location = {}, .close = true};
    beast::http::response_parser<beast::http::string_body> parser;
    if (!error) {
      co_await beast::http::async_read(*stream_, buffer_, parser,
                                       asio::redirect_error(asio::use_awaitable, error));
    }
    if (!error) {
      reply = read_reply(parser.get(), shopper);
    } else {
      reply.may_have_been_idle = answered_before_ && was_closed(error) && !parser.got_some();
    }
    if (reply.close) stream_.reset();
    co_return reply;
  }

 private:
  static bool was_closed(error_code error) {
    return error == beast::http::error::end_of_stream || error == asio::error::eof ||
           error == asio::error::connection_reset || error == asio::error::broken_pipe;
  }
  /// A server that ends says so on its idle connections; no client would use one of those again.
  bool closed_by_server() {
    char byte = 0;
    const ssize_t size =
        ::recv(stream_->socket().native_handle(), &byte, 1, MSG_PEEK | MSG_DONTWAIT);
    return size >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
  }

  asio::any_io_executor executor_;
  std::chrono::milliseconds patience_;
  std::optional<beast::tcp_stream> stream_;
  bool answered_before_ = false;
  Endpoint connected_to_;
  beast::flat_buffer buffer_;
};

}  // namespace

asio::awaitable<void> serve_buyers(Crowd& crowd, Servers servers, std::size_t number,
                                   Clock::time_point give_up) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  Connection check(executor, servers.patience);
  Connection web(executor, servers.patience);
  while (!crowd.finished() && Clock::now() < give_up) {
    Shopper* shopper = crowd.next(Clock::now());
    if (shopper == nullptr) {
      timer.expires_at(crowd.next_due(Clock::now()));
      co_await timer.async_wait(asio::use_awaitable);
      continue;
    }
    const bool looks = !shopper->location.empty() && servers.web;
    Connection& connection = looks ? web : check;
    const Endpoint server = looks ? *servers.web : servers.check[number % servers.check.size()];
    if (!co_await connection.connect(server)) {
      if (!looks) ++number;
      crowd.unreachable(*shopper, Clock::now());
      continue;
    }
    const std::string request = crowd.request_of(*shopper);
    const auto begin = Clock::now();
    const Reply reply = co_await connection.exchange(*shopper, request);
    if (reply.status == 0 && !looks) ++number;
    const auto now = Clock::now();
    crowd.heard(*shopper, reply, now - begin, now);
  }
}

}  // namespace stampede::crowd

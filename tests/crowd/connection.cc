#include "tests/crowd/connection.h"

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
#include <optional>

namespace stampede::crowd {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using boost::system::error_code;
using namespace std::chrono_literals;

constexpr auto kPatience = 10s;  // for one answer; then it counts as lost

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
  reply.result = text_member(*body, reply.status < 300 ? "result" : "type");
  if (const auto* order = body->if_contains("order"); order != nullptr && order->is_int64()) {
    reply.order = order->as_int64();
  }
  if (!shopper.location.empty() && reply.status == 200) {
    read_outcome(reply);
    if (reply.status == 202) reply.location = shopper.location;
  }
  return reply;
}

/// Sends one request and reads its answer; a Reply with status 0 if the connection broke.
asio::awaitable<Reply> exchange(beast::tcp_stream& stream, beast::flat_buffer& buffer,
                                const Shopper& shopper, const std::string& request) {
  error_code error;
  stream.expires_after(kPatience);
  co_await asio::async_write(stream, asio::buffer(request),
                             asio::redirect_error(asio::use_awaitable, error));
  if (!error) {
    beast::http::response_parser<beast::http::string_body> parser;
    co_await beast::http::async_read(stream, buffer, parser,
                                     asio::redirect_error(asio::use_awaitable, error));
    if (!error) co_return read_reply(parser.get(), shopper);
  }
  Reply lost;
  lost.result = "lost";
  lost.close = true;
  co_return lost;
}

}  // namespace

asio::awaitable<void> serve_buyers(Crowd& crowd, asio::ip::tcp::endpoint server,
                                   Clock::time_point give_up) {
  const auto executor = co_await asio::this_coro::executor;
  asio::steady_timer timer(executor);
  std::optional<beast::tcp_stream> stream;
  beast::flat_buffer buffer;
  error_code error;
  while (!crowd.finished() && Clock::now() < give_up) {
    Shopper* shopper = crowd.next(Clock::now());
    if (shopper == nullptr) {
      timer.expires_at(crowd.next_due(Clock::now()));
      co_await timer.async_wait(asio::use_awaitable);
      continue;
    }
    if (!stream) {
      stream.emplace(executor);
      buffer.clear();
      stream->expires_after(kPatience);
      co_await stream->async_connect(server, asio::redirect_error(asio::use_awaitable, error));
      if (error) {
        stream.reset();
        crowd.unreachable(*shopper, Clock::now());
        continue;
      }
    }
    const std::string request = crowd.request_of(*shopper);
    const auto begin = Clock::now();
    const Reply reply = co_await exchange(*stream, buffer, *shopper, request);
    if (reply.close) stream.reset();
    const auto now = Clock::now();
    crowd.heard(*shopper, reply, now - begin, now);
  }
}

}  // namespace stampede::crowd

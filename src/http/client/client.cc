#include "http/client/client.h"

#include <fmt/format.h>

#include <boost/asio/connect.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <optional>

#include "http/asio_types.h"
#include "http/client/client_message.h"
#include "http/tcp_transport.h"
#include "http/text.h"
#include "net/host_port.h"

namespace stampede::http {
namespace {

constexpr std::uint64_t kBodyLimit = 256 * 1024 * 1024;

}  // namespace

std::string_view ClientResponse::header(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (same_name(key, name)) {
      return value;
    }
  }
  return {};
}

std::string ClientResponse::cookie(std::string_view name) const {
  for (const auto& [key, value] : headers) {
    if (!same_name(key, "set-cookie") || !value.starts_with(name)) {
      continue;
    }
    std::string_view rest = std::string_view(value).substr(name.size());
    if (rest.starts_with('=')) {
      rest.remove_prefix(1);
      return std::string(trimmed(cut_front(rest, ';')));
    }
  }
  return {};
}

class Client::Implementation {
 public:
  Implementation(std::string host, std::uint16_t port, std::chrono::milliseconds timeout)
      : host_(std::move(host)), port_(port), timeout_(timeout) {}

  std::expected<ClientResponse, std::string> send(const ClientRequest& request) {
    deadline_ = Clock::now() + timeout_;
    // Bytes that came before this request cannot be its answer.
    if (transport_ && (buffer_.size() > 0 || closed_by_server())) {
      transport_.reset();
    }
    if (!transport_) {
      if (const error_code ec = connect()) {
        return failed("connect", ec);
      }
    }
    const std::string text = serialised(request, net::HostPort{host_, port_}.text());
    if (const error_code ec = write(text)) {
      return failed("send to", ec);
    }
    boost::beast::http::response_parser<boost::beast::http::string_body> parser;
    parser.body_limit(kBodyLimit);
    parser.skip(request.method == "HEAD");
    const error_code read = wait([&](auto done) {
      boost::beast::http::async_read(*transport_, buffer_, parser,
                                     [done](error_code ec, std::size_t) { done(ec); });
    });
    if (read) {
      return failed("receive from", read);
    }
    if (!parser.keep_alive()) {
      transport_.reset();
    }
    return response_of(parser.release());
  }

 private:
  /// True if the server closed the idle connection: the end of the stream can then be read.
  bool closed_by_server() {
    char byte = 0;
    error_code ec;
    transport_->read_some(asio::buffer(&byte, 1), ec);
    return ec != asio::error::would_block;
  }

  error_code connect() {
    error_code ec;
    buffer_.clear();
    asio::ip::tcp::resolver resolver(context_);
    const auto found = resolver.resolve(host_, std::to_string(port_), ec);
    if (ec) {
      return ec;
    }
    ec = wait([&](auto done) {
      asio::async_connect(socket_, found,
                          [done](error_code failure, const auto&) { done(failure); });
    });
    if (!ec) {
      transport_ = std::make_unique<TcpTransport>(std::move(socket_));
    }
    return ec;
  }

  error_code write(std::string_view left) {
    error_code ec;
    while (!left.empty() && !ec) {
      left.remove_prefix(transport_->write_some(asio::buffer(left), {}, ec));
      if (ec == asio::error::would_block) {
        ec = wait([&](auto done) { transport_->start_wait_writable(done); });
      }
    }
    return ec;
  }

  /// Runs one operation until its end or the deadline.
  template <class Start>
  error_code wait(Start start) {
    std::optional<error_code> result;
    start([&result](error_code ec) { result = ec; });
    context_.restart();
    context_.run_until(deadline_);
    if (!result) {
      error_code ignored;
      socket_.close(ignored);  // ends the operation
      if (transport_) transport_->close();
      context_.restart();
      context_.run();
      return asio::error::timed_out;
    }
    return *result;
  }

  std::unexpected<std::string> failed(std::string_view what, const error_code& ec) {
    transport_.reset();
    return std::unexpected(fmt::format("{} {}:{}: {}", what, host_, port_, ec.message()));
  }

  const std::string host_;
  const std::uint16_t port_;
  const std::chrono::milliseconds timeout_;
  asio::io_context context_{1};
  Socket socket_{context_.get_executor()};  // while it is being connected
  std::unique_ptr<Transport> transport_;    // from then on
  boost::beast::flat_buffer buffer_;
  Clock::time_point deadline_;
};

Client::Client(std::string host, std::uint16_t port, std::chrono::milliseconds timeout)
    : implementation_(std::make_unique<Implementation>(std::move(host), port, timeout)) {}
Client::~Client() = default;
Client::Client(Client&&) noexcept = default;
Client& Client::operator=(Client&&) noexcept = default;

std::expected<ClientResponse, std::string> Client::send(const ClientRequest& request) {
  return implementation_->send(request);
}

}  // namespace stampede::http
